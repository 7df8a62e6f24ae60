import { describe, expect, it } from 'vitest';
import { buttonsOf, buttonsText, buttonWords, cardText } from '../../../../src/cli/check/card-text.ts';
import { asTry } from '../../../../src/cli/check/post.ts';
import type { Button } from '../../../../src/messages/card.ts';
import { cards, driftMixed, HOSTILE_TEXTS, hostile } from '../../../support/sample-cards.ts';

const PLAIN = { width: 80, color: false };
// What a terminal would act on, but for the line breaks between lines.
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
// The colours that the command itself adds.
const COLOUR = /\u001b\[\d+m/g;

describe('a card in the terminal', () => {
  it.each(Object.entries(cards))('%s fits into the columns, with and without colour', (_, card) => {
    for (const width of [40, 80]) {
      const plain = cardText(card, { width, color: false });
      const coloured = cardText(card, { width, color: true });
      for (const line of plain.split('\n')) expect([...line].length).toBeLessThanOrEqual(width);
      expect(coloured.replaceAll(COLOUR, '')).toBe(plain);
    }
  });

  it('nothing in it controls the terminal', () => {
    expect(HOSTILE_TEXTS.some((text) => CONTROL.test(text))).toBe(true);
    expect(cardText(hostile, PLAIN)).not.toMatch(CONTROL);
    expect(cardText(hostile, { width: 80, color: true }).replaceAll(COLOUR, '')).not.toMatch(CONTROL);
  });

  it('breaks lines between words, and a long word within itself', () => {
    const text = cardText(
      { headline: `one two ${'x'.repeat(50)} three`, tone: 'plain', blocks: [] },
      { width: 40, color: false },
    );
    expect(text.split('\n')).toEqual(['one two', `  ${'x'.repeat(38)}`, `  ${'x'.repeat(12)} three`]);
  });

  it('tells what each button would do: its dialog, else what the help says', () => {
    const approve: Button = {
      ...{ label: 'Approve: close SSH again', command: 'approve #42 abc' },
      confirm: { title: 'Close it?', body: 'Closes port 22.', confirm: 'Close' },
    };
    expect(buttonWords(approve)).toBe('Closes port 22.');
    expect(buttonWords({ label: 'Full diff', command: 'show #42' })).toBe('The full diff of a run.');
    expect(buttonsText([approve], PLAIN)).toBe('  [Approve: close SSH again]\n    Closes port 22.');
  });
});

it('what --post shows has no button, says that it is a try, and keeps the rest', () => {
  expect(buttonsOf(driftMixed).length).toBeGreaterThan(0);
  const shown = asTry(driftMixed);
  expect(buttonsOf(shown)).toEqual([]);
  expect(shown.headline).toMatch(/^Try: /);
  const text = cardText(shown, PLAIN).replace(/\s+/g, ' ');
  expect(text).toContain('A try with m0 check. Nothing was stored and nothing is applied');
  for (const block of driftMixed.blocks.filter((b) => b.type !== 'buttons'))
    expect(shown.blocks).toContain(block);
});
