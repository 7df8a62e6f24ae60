/** Symbols for cards and findings. */
import type { Card, FindingTone } from './card.ts';

/** The symbol before the headline. The words repeat it for readers who can't see the symbol. */
export const CARD_SYMBOL: Record<Card['tone'], string> = {
  drift: '◆ ',
  waits: '● ',
  good: '✓ ',
  bad: '✕ ',
  plain: '',
};

/** The symbol before a finding's status. */
export const FINDING_SYMBOL: Record<FindingTone, string> = {
  heals: '↻ ',
  waits: '● ',
  denied: '✕ ',
  kept: '‖ ',
  done: '✓ ',
  info: '',
};
