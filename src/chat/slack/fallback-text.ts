/** The text of a message beside its blocks. */
import type { Card } from '../../messages/card.ts';
import { spokenCard } from '../../messages/spoken-card.ts';
import { inertLine } from './inert.ts';
import { LIMITS } from './limits.ts';

/**
 * The whole card in words. Slack's screen readers read this text and nothing of the blocks, and a phone's notification
 * begins with it: https://docs.slack.dev/reference/methods/chat.postMessage#accessibility. Slack parses nothing in it.
 * Never empty, because Slack refuses empty text.
 */
export function fallbackText(card: Card): string {
  const lines = spokenCard(card, {
    budget: LIMITS.fallbackText,
    sizeOf: (text) => inertLine(text).length,
    prefix: '/m0',
  });
  const text = lines.map(inertLine).join('\n').trim();
  return text === '' ? 'm0' : text;
}
