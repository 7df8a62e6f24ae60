import { describe, expect, test } from 'vitest';
import { renderCard } from '../../../../src/chat/slack/render.ts';
import type { Button, Card } from '../../../../src/messages/card.ts';
import { PLAIN_PARSING, parseMessage } from '../../../../src/sandbox/workspace/text.ts';
import { refuseMessage } from '../../../../src/sandbox/workspace/validation/message.ts';
import { seeded } from '../../../support/random.ts';
import { cards, fullDiff, hostile, randomCard, thousand } from '../../../support/sample-cards.ts';

const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);
const render = (card: Card) => renderCard(card, slackId);
const plain = (...blocks: Card['blocks']): Card => ({ headline: 'h', tone: 'plain', blocks });

/** All that is shown, as one string. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, entry]) => (typeof entry === 'string' && key === 'text' ? entry : shown(entry)))
    .join('\n');
}

describe('the fixtures', () => {
  test.each(Object.entries(cards))('"%s" is taken by Slack', (_name, card) => {
    const { text, blocks } = render(card);
    expect(refuseMessage(text, blocks, PLAIN_PARSING, false)).toBeNull();
  });
});

test('any card is within the limits, and nothing in it but a person of m0.yaml and a web address is live', () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const { text, blocks } = render(randomCard(seeded(seed)));
    expect(refuseMessage(text, blocks, PLAIN_PARSING, false), `seed ${seed}`).toBeNull();
    expect(JSON.stringify(blocks).length, `seed ${seed}`).toBeLessThanOrEqual(10_000);
    const { mentions, links } = parseMessage(text, blocks, PLAIN_PARSING);
    expect(
      mentions.filter((m) => m !== 'U0DANA'),
      `seed ${seed}`,
    ).toEqual([]);
    expect(
      links.filter((l) => !l.startsWith('https://git.acme.dev/')),
      `seed ${seed}`,
    ).toEqual([]);
    expect(shown(blocks), `seed ${seed}`).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B-\u200F\0\uFEFF]/);
  }
});

test('the hostile card mentions nobody and links only what m0 linked', () => {
  const { text, blocks } = render(hostile);
  expect(parseMessage(text, blocks, PLAIN_PARSING)).toEqual({
    mentions: [],
    links: ['https://git.acme.dev/a%7Cb%3Ec'],
  });
});

describe('persons', () => {
  const line = (mention: boolean, person: string): Card =>
    plain({ type: 'line', spans: [{ type: 'person', person, name: 'Dana', mention }] });

  test('are mentioned only where the card asks and m0.yaml knows them', () => {
    expect(parseMessage('', render(line(true, 'dana')).blocks, PLAIN_PARSING).mentions).toEqual(['U0DANA']);
    for (const card of [line(false, 'dana'), line(true, 'nobody')]) {
      const { blocks } = render(card);
      expect(parseMessage('', blocks, PLAIN_PARSING).mentions).toEqual([]);
      expect(shown(blocks)).toContain('Dana');
    }
  });
});

describe('folding', () => {
  test('a thousand findings show the first ones, how many more there are, and the command for all', () => {
    const { blocks, overflow } = render(thousand);
    const text = shown(blocks);
    expect(text).toContain('web[0]');
    expect(text).toMatch(/and 980 more: \n*/);
    expect(text).toContain('/m0 show #42');
    expect(overflow?.split('\n')).toHaveLength(980);
    expect(overflow).toContain('web[999]');
  });

  test('keeps buttons and outcome, whatever the size', () => {
    const { blocks } = render({
      ...thousand,
      blocks: [...thousand.blocks, { type: 'outcome', spans: [{ type: 'text', text: 'Approved by Dana' }] }],
    });
    expect(shown(blocks)).toContain('Full diff');
    expect(shown(blocks)).toContain('Approved by Dana');
  });

  test('a list of fifty lines is shown whole', () => {
    const blocks = Array.from(
      { length: 50 },
      (_, i) => ({ type: 'line', spans: [{ type: 'text', text: `stack-${i}` }] }) as const,
    );
    const rendered = render(plain(...blocks));
    expect(rendered.overflow).toBeNull();
    expect(shown(rendered.blocks)).toContain('stack-49');
  });

  test('lines of one list stand together; one of nothing parts them', () => {
    const line = (text: string) => ({ type: 'line', spans: [{ type: 'text', text }] }) as const;
    const lines = Array.from({ length: 25 }, (_, i) => line(`stack-${i}`));
    const { blocks } = render(plain(...lines, { type: 'line', spans: [] }, line('below')));
    // The headline, the list, and what stands below it.
    expect(blocks).toHaveLength(3);
    expect(shown(blocks[1]).replaceAll(/\n+/g, ' ')).toMatch(/stack-0 stack-1 .* stack-24$/);
    expect(shown(blocks[2]).trim()).toBe('below');
  });

  test('nothing is said to be missing where nothing is', () => {
    const { blocks, overflow } = render(plain({ type: 'buttons', buttons: [fullDiff] }));
    expect(overflow).toBeNull();
    expect(shown(blocks)).not.toContain('more');
  });
});

describe('buttons', () => {
  const actionsOf = (...buttons: Button[]) =>
    render(plain({ type: 'buttons', buttons }, { type: 'buttons', buttons })).blocks.flatMap((b) =>
      b.type === 'actions' ? b.elements : [],
    );

  test('carry the command, and ids that are unique in the message', () => {
    const elements = actionsOf(fullDiff, { label: 'Snooze…', command: 'snooze #42' });
    expect(elements.map((e) => e.type === 'button' && e.value)).toEqual([
      'show #42',
      'snooze #42',
      'show #42',
      'snooze #42',
    ]);
    expect(new Set(elements.map((e) => e.action_id)).size).toBe(4);
  });

  test('a command that Slack could not carry whole makes no button', () => {
    expect(actionsOf({ label: 'x', command: `reject #42 ${'x'.repeat(2_000)}` })).toEqual([]);
  });

  test('ask before they act where the card says so', () => {
    const confirm = { title: 'Revert?', body: 'b'.repeat(400), confirm: 'Revert' };
    const [element] = actionsOf({ label: 'Revert', style: 'danger', command: 'approve #42', confirm });
    expect(element).toMatchObject({
      style: 'danger',
      confirm: { title: { text: 'Revert?' }, confirm: { text: 'Revert' }, style: 'danger' },
    });
  });
});

test('an empty card still tells its headline', () => {
  const { text, blocks } = render({ headline: '', tone: 'plain', blocks: [{ type: 'line', spans: [] }] });
  expect(text).toBe('m0');
  expect(blocks).toHaveLength(1);
});
