import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderCard, renderForm, renderPage } from '../../../../src/chat/teams/render.ts';
import { summaryOf } from '../../../../src/chat/teams/spans.ts';
import type { Block, Card, Form } from '../../../../src/messages/card.ts';
import { refuseCard } from '../../../../src/sandbox/teams/card.ts';
import { seeded } from '../../../support/random.ts';
import {
  cards,
  driftMixed,
  HOSTILE_TEXTS,
  hostile,
  longValue,
  randomCard,
  snoozeForm,
  thousand,
} from '../../../support/sample-cards.ts';

const DANA = '00000000-0000-4000-8000-00000000da4a';
const teamsId = (person: string): string | null => (person === 'dana' ? DANA : null);
const render = (card: Card) => renderCard(card, teamsId);
const plain = (...blocks: readonly Block[]): Card => ({ headline: 'h', tone: 'plain', blocks });

type Json = Readonly<Record<string, unknown>>;
/** Every object of a card of that type. */
function all(value: unknown, type: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((entry) => all(entry, type));
  if (typeof value !== 'object' || value === null) return [];
  const own = 'type' in value && value.type === type ? [value as Json] : [];
  return [...own, ...Object.values(value).flatMap((entry) => all(entry, type))];
}
/** All that is shown as text, a line a block. */
const shown = (value: unknown): string =>
  all(value, 'RichTextBlock')
    .map((block) =>
      all(block, 'TextRun')
        .map((r) => r.text)
        .join(''),
    )
    .join('\n');

describe('the fixtures', () => {
  test.each(Object.entries(cards))('"%s" is taken by Teams', (_name, card) => {
    expect(refuseCard(render(card))).toEqual([]);
  });
});

test('any card is taken by Teams, and nothing in it but a person of m0.yaml and a web address is live', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const card = render(randomCard(seeded(seed)));
      expect(refuseCard(card)).toEqual([]);
      expect(all(card, 'mention').map((m) => m.mentioned)).toEqual(
        all(card, 'mention').map(() => expect.objectContaining({ id: DANA })),
      );
      const links = all(card, 'Action.OpenUrl').map((a) => String(a.url));
      expect(links.filter((l) => !l.startsWith('https://git.acme.dev/'))).toEqual([]);
      expect(JSON.stringify(all(card, 'TextRun'))).not.toMatch(
        /[\u202A-\u202E\u2066-\u2069\u200B-\u200F\uFEFF]|<\s*\/?\s*at\b/i,
      );
    }),
    { numRuns: 300 },
  );
});

test('any form and any page is taken by Teams', () => {
  const string = fc.oneof(
    fc.string(),
    fc.constantFrom(...HOSTILE_TEXTS),
    fc.string({ minLength: 400, maxLength: 900 }),
  );
  const form = fc.record({
    title: string,
    submit: string,
    intro: fc.array(
      string.map((t) => ({ type: 'text' as const, text: t })),
      { maxLength: 5 },
    ),
    command: string,
    options: fc.array(fc.record({ label: string, value: string }), { minLength: 1, maxLength: 120 }),
  });
  fc.assert(
    fc.property(form, fc.integer({ min: 0, max: 2 ** 31 }), ({ options, ...rest }, seed) => {
      const usable = [{ label: 'all', value: 'all' }, ...options];
      const whole: Form = {
        ...rest,
        fields: [
          { kind: 'choice', name: 'address', label: 'What', options: usable },
          { kind: 'text', name: 'reason', label: 'Why', required: true, maxLength: 500 },
        ],
      };
      expect(refuseCard(renderForm(whole))).toEqual([]);
      const button = { label: 'Snooze…', command: 'snooze #42', form: whole };
      expect(refuseCard(render(plain({ type: 'buttons', buttons: [button, button] })))).toEqual([]);
      const page = randomCard(seeded(seed));
      const at = { index: 1, total: 3, command: 'show #42', file: true };
      expect(refuseCard(renderPage(page, at, teamsId))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

describe('the story', () => {
  test('is told in the order of the card, with colours that the signs tell too', () => {
    const text = shown(render(driftMixed));
    expect(text.split('\n').slice(0, 5)).toEqual([
      '◔ prod-network drifted by hand: 1 heals itself, 1 waits for you',
      'prod\u00a0· HIGH\u00a0· 2 resources\u00a0· first seen {{TIME(2026-03-02T13:02:00Z)}}\u00a0· run #42\u00a0· infra@9f8e7d6',
      '~\u00a0aws_s3_bucket.logs',
      '↻ changed in the cloud\u00a0· heals itself',
      '- tags.Owner  platform',
    ]);
    expect(text).toContain('~ revoke_rules_on_delete  false → true');
    const colours = all(render(driftMixed), 'TextRun').map((r) => [r.text, r.color]);
    expect(colours).toContainEqual(['  platform', 'attention']);
    // What was added is not good by itself, and an opened port is red.
    expect(colours).toContainEqual(['+ tags.Team', 'accent']);
    expect(colours).toContainEqual(['+ ingress[*]', 'attention']);
    expect(colours).toContainEqual(['  22/tcp from 203.0.113.7/32 "emergency hotfix"', 'attention']);
    expect(colours.map(([, colour]) => colour)).not.toContain('good');
    expect(colours).toContainEqual(['false', 'attention']);
    expect(colours).toContainEqual(['true', undefined]);
  });

  test('of a long value keeps what changed', () => {
    const text = shown(render(longValue));
    expect(text).toContain('s3:ListBucket');
    expect(text).toContain('s3:*');
  });

  test('of a thousand findings is folded, with the way to all of it', () => {
    const card = render(thousand);
    expect(shown(card)).toContain('and 980 more: see the full diff, or type @m0 show #42');
    expect(all(card, 'Action.Execute').map((a) => a.title)).toContain('Full diff');
  });

  test('of what is too large for one card leaves the buttons', () => {
    const row = { kind: 'add' as const, label: 'description', value: 'ü'.repeat(110) };
    const finding: Block = {
      type: 'finding',
      mark: '~',
      address: 'aws_x.y',
      status: 'waits',
      tone: 'waits',
      rows: Array.from({ length: 12 }, () => row),
    };
    const card = render(
      plain(...Array.from({ length: 20 }, () => finding), {
        type: 'buttons',
        buttons: [{ label: 'Revert', command: 'approve #42' }],
      }),
    );
    expect(refuseCard(card)).toEqual([]);
    expect(shown(card)).toMatch(/and \d+ more/);
    expect(all(card, 'Action.Execute')).toHaveLength(1);
  });
});

describe('buttons', () => {
  const revert = driftMixed.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons : []))[0];

  test('that ask back open the list of changes, and only the one inside acts', () => {
    if (!revert) throw new Error('no button');
    const [opens] = all(render(plain({ type: 'buttons', buttons: [revert] })), 'Action.ShowCard');
    expect(shown(opens)).toContain('Removes: ingress 22/tcp from 203.0.113.7/32');
    expect(all(opens, 'Action.Execute')).toEqual([
      expect.objectContaining({
        title: 'Revert',
        style: 'positive',
        data: { command: 'approve #42 seen:1a2b3c4d' },
      }),
    ]);
    expect(all(render(plain({ type: 'buttons', buttons: [revert] })), 'Action.Execute')).toHaveLength(1);
  });

  test('that need words open their form, each with names of its own', () => {
    const snooze = { label: 'Snooze…', command: 'snooze #42', form: snoozeForm };
    const card = render(plain({ type: 'buttons', buttons: [snooze, snooze] }));
    expect(refuseCard(card)).toEqual([]);
    expect(all(card, 'Input.ChoiceSet').map((i) => i.id)).toEqual(['f0.FOR', 'f1.FOR']);
    expect(all(card, 'Action.Execute').map((a) => a.data)).toEqual([
      { command: 'snooze #42', form: 'f0' },
      { command: 'snooze #42', form: 'f1' },
    ]);
  });

  test('with a command too long to carry whole are left out', () => {
    const button = { label: 'x', command: `approve ${'x'.repeat(2_000)}` };
    expect(all(render(plain({ type: 'buttons', buttons: [button] })), 'Action.Execute')).toEqual([]);
  });
});

describe('persons', () => {
  const line = (person: string, name: string, mention: boolean): Card =>
    plain({ type: 'line', spans: [{ type: 'person', person, name, mention }] });

  test('are mentioned only where the card asks and m0.yaml knows them', () => {
    expect(all(render(line('dana', 'Dana', true)), 'mention')).toEqual([
      { type: 'mention', text: '<at>Dana</at>', mentioned: { id: DANA, name: 'Dana' } },
    ]);
    expect(all(render(line('dana', 'Dana', false)), 'mention')).toEqual([]);
    expect(all(render(line('nobody', 'Dana', true)), 'mention')).toEqual([]);
  });

  test('whose name is Markdown are mentioned in plain letters', () => {
    const card = render(line('dana', '[Dana](https://evil.example) </at>*', true));
    expect(refuseCard(card)).toEqual([]);
    expect(all(card, 'mention')).toMatchObject([{ text: '<at>Danahttpsevil.example at</at>' }]);
  });
});

test('text of others can’t pass for a mention of the card', () => {
  const card = render({
    ...plain(
      { type: 'line', spans: [{ type: 'person', person: 'dana', name: 'Dana', mention: true }] },
      { type: 'line', spans: [{ type: 'text', text: '<at>Dana</at> approved' }] },
    ),
  });
  expect(shown(card)).toContain('‹at>Dana‹/at> approved');
});

test('a notification tells the headline, inert', () => {
  expect(summaryOf(driftMixed.headline)).toBe(driftMixed.headline);
  expect(summaryOf(hostile.headline)).not.toMatch(/<|:\/\/|\u202E/);
  expect(summaryOf('  ')).toBe('m0');
});
