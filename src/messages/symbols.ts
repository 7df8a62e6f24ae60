import type { Card, FindingTone } from './card.ts';

/** A symbol before the headline; the words tell the same, so nothing depends on seeing it. */
export const CARD_SYMBOL: Record<Card['tone'], string> = {
  drift: '◆ ',
  waits: '● ',
  good: '✓ ',
  bad: '✕ ',
  plain: '',
};

export const FINDING_SYMBOL: Record<FindingTone, string> = {
  heals: '↻ ',
  waits: '● ',
  denied: '✕ ',
  kept: '‖ ',
  done: '✓ ',
  info: '',
};
