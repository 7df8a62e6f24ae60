/** Symbols for cards and findings. Their shapes differ, so that they read without colour. */
import type { Card, FindingTone } from './card.ts';

/** The symbol before the headline. The words repeat it for readers who can't see the symbol. */
export const CARD_SYMBOL: Record<Card['tone'], string> = {
  drift: '◆ ',
  waits: '◔ ',
  good: '✓ ',
  bad: '✕ ',
  plain: '',
};

/** The symbol before a finding's status. */
export const FINDING_SYMBOL: Record<FindingTone, string> = {
  heals: '↻ ',
  waits: '◔ ',
  denied: '⊘ ',
  rejected: '✗ ',
  snoozed: '☾ ',
  accepted: '= ',
  busy: '» ',
  done: '✓ ',
  failed: '✕ ',
  info: '',
};
