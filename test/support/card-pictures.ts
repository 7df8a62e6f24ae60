/** Stand-ins for the drawn pictures of a card. */
import type { Card, Picture } from '../../src/messages/card.ts';

/** Each picture of the card with the same `image`: what a chat would show in its place. */
export function imagesOf(card: Card, image: string): ReadonlyMap<Picture, string> {
  return new Map(card.blocks.flatMap((b) => (b.type === 'picture' ? [[b.picture, image] as const] : [])));
}

/** A data URI of this many characters. */
export function dataUri(length: number): string {
  const start = 'data:image/png;base64,';
  return `${start}${'A'.repeat(length - start.length)}`;
}
