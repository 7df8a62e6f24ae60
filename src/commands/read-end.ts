/** Reads until when something is left as it is: as typed before a reason, and as a form's answer. */
import type { SnoozeEnd } from './command.ts';
import { parseUntil, type Until } from './until.ts';

/** How many words a time can have. */
const WORDS = 8;

/** The end that was read from the first `used` words; `until` is null if there is none. */
export type End = { readonly until: SnoozeEnd | null; readonly used: number } | { readonly problem: string };

function endOf(read: Until): End {
  switch (read.type) {
    case 'at':
      return { until: read.at, used: read.used };
    case 'changes':
      return { until: 'changes', used: read.used };
    case 'none':
      return { until: null, used: 0 };
    case 'problem':
      return { problem: read.problem };
  }
}

/**
 * Reads `until 2026-12-31` before a reason, from words in lower case. A reason may itself begin with `until`: what is no
 * day and no time belongs to the reason.
 */
export function readEnd(words: readonly string[], now: number, zone: string, longest: number): End {
  if (!/^(until|till|til)$/.test(words[0] ?? '')) return { until: null, used: 0 };
  const read = parseUntil(words.slice(0, WORDS), now, zone, longest);
  return read.type === 'problem' && read.vague === true ? { until: null, used: 0 } : endOf(read);
}

/** Reads the answer of a form: `2h`, `2026-12-31`, `until it changes`. In a form, people leave out the word `until`. */
export function readEndAnswer(answer: string, now: number, zone: string, longest?: number): End {
  const words = answer.toLowerCase().split(/\s+/).slice(0, WORDS);
  const plain = parseUntil(words, now, zone, longest);
  return endOf(plain.type === 'none' ? parseUntil(['until', ...words], now, zone, longest) : plain);
}
