/** The sample cards for tests of what is said of a card, and what such words must have. */
import { expect } from 'vitest';
import type { Block, Card } from '../../src/messages/card.ts';
import { exhibits } from './gallery/gallery.ts';
import { rendererOnly } from './gallery/renderer-only.ts';

/** A card of every kind, by name. */
export const sampleCards: readonly (readonly [string, Card])[] = [...rendererOnly, ...exhibits].flatMap(
  ({ name, shown }) => (shown.kind === 'card' ? [[name, shown.card] as const] : []),
);

/** Those whose words are neither hostile nor more than a text may be. */
export const ordinaryCards = sampleCards.filter(([name]) => name !== 'hostile' && name !== 'thousand');

export const findingsOf = (card: Card) =>
  card.blocks.filter((block): block is Extract<Block, { type: 'finding' }> => block.type === 'finding');

/**
 * Fails unless the text names each resource of the card, each changed attribute after its resource, and the buttons.
 * `spelled`: how this chat spells a text.
 */
export function expectTellsAll(text: string, card: Card, spelled: (text: string) => string): void {
  let from = 0;
  const next = (words: string): void => {
    const at = text.indexOf(spelled(words), from);
    expect([words, at]).not.toEqual([words, -1]);
    from = at;
  };
  for (const { address, rows } of findingsOf(card)) {
    next(address);
    for (const { label } of rows.slice(0, 12)) next(label);
  }
  const buttons = card.blocks.flatMap((block) => (block.type === 'buttons' ? block.buttons : []));
  expect(text.includes('Buttons in the message')).toBe(buttons.length > 0);
  for (const { label } of buttons.slice(0, 5)) expect(text).toContain(spelled(label));
  expect(text).not.toContain('left out here');
}
