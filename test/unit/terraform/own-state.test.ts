import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepsStateHere, stacksWithoutBackend } from '../../../src/terraform/own-state.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-own-state-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The folders of the stack `one`, after an `init` that stored this backend. */
function initialised(backend: object | null) {
  const folder = join(dir, 'one');
  const place = {
    root: join(folder, 'tree'),
    cwd: join(folder, 'tree/a'),
    dataDir: join(folder, 'terraform'),
  };
  for (const path of Object.values(place)) mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, 'init.json'), '{}');
  if (backend !== null) writeFileSync(join(place.dataDir, 'terraform.tfstate'), JSON.stringify({ backend }));
  return place;
}

it.each([
  ['no backend block', null, true],
  ['local, without a path', { type: 'local', config: { path: null } }, true],
  ['local, in the repository', { type: 'local', config: { path: '../states/one.tfstate' } }, true],
  ['local, elsewhere on the machine', { type: 'local', config: { path: '/srv/states/one' } }, false],
  ['local, above the repository', { type: 'local', config: { path: '../../outside' } }, false],
  ['s3', { type: 's3', config: { bucket: 'b', key: 'k' } }, false],
  ['cloud', { type: 'cloud', config: {} }, false],
])('with %s', async (_, backend, expected) => {
  expect(await keepsStateHere(initialised(backend))).toBe(expected);
});

it('names the stacks that were checked and have none', async () => {
  initialised(null);
  const stacks = ['one', 'never'].map((name) => ({ name, source: { path: 'a' } }));
  expect(await stacksWithoutBackend(dir, stacks)).toEqual(['one']);
});
