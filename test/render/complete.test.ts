/** Every kind of message has an exhibit, and test/render has a golden file of each for every platform. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RUN_STATES } from '../../src/model/run.ts';
import { picturesOf } from '../cards/names.ts';
import { readme } from '../cards/readme.ts';
import { driftDecided } from '../support/gallery/drift-decided.ts';
import { driftOpen } from '../support/gallery/drift-open.ts';
import { exhibits, gallery } from '../support/gallery/gallery.ts';
import { intoCode } from '../support/gallery/into-code.ts';
import { makers } from '../support/gallery/makers.ts';

const CHAT = new URL('../../src/chat/', import.meta.url);
const PICTURES = new URL('../../docs/cards/', import.meta.url);
const RENDER = new URL('./', import.meta.url);

test('every function that makes a card, a form or pages has an exhibit', () => {
  const all = makers();
  expect(all).toContain('driftCard');
  const shown = new Set(exhibits.map((one) => one.maker));
  expect(all.filter((name) => !shown.has(name))).toEqual([]);
});

test('drift is shown in every state of a run, and with every status of a finding', () => {
  const views = [...driftOpen, ...driftDecided, ...intoCode].map((one) => one.view);
  expect(new Set(views.map((view) => view.state))).toEqual(new Set(Object.keys(RUN_STATES)));
  const statuses = {
    heals: 0,
    waits: 0,
    denied: 0,
    approved: 0,
    applying: 0,
    realigned: 0,
    snoozed: 0,
    accepted: 0,
    codified: 0,
    rejected: 0,
    unknown: 0,
  };
  for (const { status } of views.flatMap((view) => view.findings)) statuses[status.type] += 1;
  expect(Object.entries(statuses).filter(([, times]) => times === 0)).toEqual([]);
});

test('every platform has its golden files', () => {
  const foldersIn = (dir: URL): readonly string[] =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((folder) => folder.name)
      .sort();
  expect(foldersIn(RENDER)).toEqual(foldersIn(CHAT));
});

test('docs/cards shows every exhibit and nothing else; `npm run cards` updates it', () => {
  expect(readFileSync(new URL('README.md', PICTURES), 'utf8')).toBe(readme(gallery));
  const files = readdirSync(PICTURES).filter((file) => file.endsWith('.png') && file !== 'first-story.png');
  expect(files.sort()).toEqual(exhibits.flatMap(picturesOf).sort());
});

test('the pictures are few and small enough for a clone', () => {
  const bytes = readdirSync(PICTURES).map((file) => statSync(new URL(file, PICTURES)).size);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(7_000_000);
  expect(Math.max(...bytes)).toBeLessThan(120_000);
});
