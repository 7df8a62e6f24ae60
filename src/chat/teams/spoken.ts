/** What a card says to people who hear it. */
import type { Card } from '../../messages/card.ts';
import { spokenCard } from '../../messages/spoken-card.ts';
import type { AdaptiveCard } from './elements.ts';
import { LIMITS } from './limits.ts';
import { inertPlain } from './spans.ts';

/**
 * The fields of a card that say all of it in words. `speak`: Teams' Immersive Reader reads it in place of the card, and
 * Microsoft's renderer gives it to screen readers as the card's name
 * (https://github.com/MicrosoftDocs/msteams-docs/issues/8957). `fallbackText`: what a client shows that knows no cards of
 * this version; the ones of today all do, so it is short. `bytes`: of the card without them.
 */
export function spokenFields(card: Card, bytes: number): Pick<AdaptiveCard, 'speak' | 'fallbackText'> {
  const room = Math.min(LIMITS.spoken, LIMITS.spokenCard - LIMITS.fallback - bytes);
  const speak = words(card, Math.max(room, LIMITS.fallback));
  const fallbackText = words(card, LIMITS.fallback);
  return { speak, fallbackText };
}

function words(card: Card, budget: number): string {
  const lines = spokenCard(card, {
    budget,
    sizeOf: (text) => Buffer.byteLength(inertPlain(text, Number.POSITIVE_INFINITY)),
    prefix: '@m0',
  });
  // A line break makes no pause in the name of an element, a full stop does.
  const text = lines
    .map((line) => inertPlain(line, Number.POSITIVE_INFINITY))
    .map((line, i, { length }) => (i === length - 1 || /[.?!:…]$/.test(line) ? line : `${line}.`))
    .join('\n')
    .trim();
  return text === '' ? 'm0' : text;
}
