/** What a narrow screen asks of both renderers, of everything that m0 says. */
import { describe, expect, test } from 'vitest';
import { renderCard as forSlack } from '../../../src/chat/slack/render.ts';
import { renderCard as forTeams, renderPage } from '../../../src/chat/teams/render.ts';
import type { Block, Card } from '../../../src/messages/card.ts';
import { timeText } from '../../../src/messages/span-text.ts';
import { ago, command, line, text } from '../../../src/messages/spans.ts';
import { exhibits } from '../../support/gallery/gallery.ts';
import { HOUR, NOW, ZONE } from '../../support/views.ts';

const nobody = () => null;
const plain = (...blocks: readonly Block[]): Card => ({ headline: 'h', tone: 'plain', blocks });
type Json = Readonly<Record<string, unknown>>;

/** Every element with a text, but for those in which a space is a space: code and diffs. */
function prose(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(prose);
  if (typeof value !== 'object' || value === null) return [];
  const element = value as Json;
  const code = element.fontType === 'monospace' || (element.style as Json | undefined)?.code === true;
  if (code || element.type === 'rich_text_preformatted' || element.type === 'actions') return [];
  const own = typeof element.text === 'string' ? [element] : [];
  return [...own, ...Object.values(element).flatMap(prose)];
}

const cards = exhibits.flatMap(({ name, shown }) =>
  shown.kind === 'card' ? [[name, shown.card] as const] : [],
);

describe.each(cards)('no line of %s begins with the dot between two parts', (_name, card) => {
  test('in Slack', () => {
    const { blocks } = forSlack(card, nobody);
    expect(prose(blocks).filter((e) => String(e.text).includes(' · '))).toEqual([]);
    // Each of a context block may begin a line.
    const elements = blocks.flatMap((block) => (block.type === 'context' ? block.elements : []));
    expect(prose(elements).filter((e) => /^\s*·/.test(String(e.text)))).toEqual([]);
  });

  test('in Teams', () => {
    expect(prose(forTeams(card, nobody)).filter((run) => String(run.text).includes(' · '))).toEqual([]);
  });
});

test('a command is told as one types it on each platform', () => {
  const card = plain(line(text('More: '), command('help snooze')));
  expect(JSON.stringify(forSlack(card, nobody).blocks)).toContain('/m0 help snooze');
  const inTeams = JSON.stringify(forTeams(card, nobody));
  expect(inTeams).toContain('@m0 help snooze');
  expect(inTeams).not.toContain('/m0');
});

describe('in Teams', () => {
  const [first, second] = [line(text('one')), line(text('two'))];

  test('a divider is a line over what follows, and a line of nothing a gap', () => {
    expect(forTeams(plain(first, { type: 'divider' }, second), nobody).body.at(-1)).toMatchObject({
      inlines: [{ text: 'two' }],
      ...{ separator: true, spacing: 'medium' },
    });
    const [, , apart] = forTeams(plain(first, line(), second), nobody).body;
    expect(apart).toMatchObject({ inlines: [{ text: 'two' }], spacing: 'medium' });
    const [, , together] = forTeams(plain(first, second), nobody).body;
    expect(together).toMatchObject({ inlines: [{ text: 'two' }], spacing: 'small' });
  });

  test('a single page says no number', () => {
    const at = { index: 0, total: 1, command: 'show #42', file: false };
    expect(JSON.stringify(renderPage(plain(first), at, nobody))).not.toContain('Page 1');
    expect(JSON.stringify(renderPage(plain(first), { ...at, total: 2 }, nobody))).toContain('Page 1 of 2');
  });

  test('colour is behind the headline, and never in what is to be read', () => {
    const { body } = forTeams({ ...plain(), headline: 'tags are back', tone: 'good' }, nobody);
    expect(body[0]).toMatchObject({ style: 'good', items: [{ inlines: [{ text: '✓ ' }, {}] }] });
    expect(JSON.stringify(body[0])).not.toContain('color');
  });

  test('how long ago something of today is, is told by the clock alone', () => {
    const utc = (at: number) => new Date(at).toISOString().replace('.000', '');
    const moment = { now: NOW, zone: ZONE };
    const shown = (at: number) => prose(forTeams(plain(line(ago(at, moment))), nobody)).at(-1)?.text;
    expect(shown(NOW - HOUR)).toBe(`{{TIME(${utc(NOW - HOUR)})}}`);
    const before = utc(NOW - 30 * HOUR);
    expect(shown(NOW - 30 * HOUR)).toBe(`{{DATE(${before}, SHORT)}} {{TIME(${before})}}`);
  });
});

test('in plain text a time of today is told by the clock alone', () => {
  const span = ago(NOW - HOUR, { now: NOW, zone: ZONE });
  if (span.type !== 'time') throw new Error('no time');
  expect(timeText(span)).toBe('13:12');
});
