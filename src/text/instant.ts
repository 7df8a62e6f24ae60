/**
 * Points in time inside plain texts. A text that is stored, or that is told in several places, names a time as
 * `2026-03-02T12:00:00.000Z`: cards show it in the reader's own zone, plain texts in a zone that is known.
 */
import { whenText } from './when.ts';

const INSTANT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z/;

/** A point in time (ms since epoch) as a text names it. */
export function instant(at: number): string {
  return new Date(at).toISOString();
}

/** The text in pieces: words, and the times (ms since epoch) between them. */
export function splitInstants(text: string): readonly (string | number)[] {
  const words = text.split(new RegExp(INSTANT, 'g'));
  const times = text.match(new RegExp(INSTANT, 'g')) ?? [];
  return words.flatMap((word, i): readonly (string | number)[] => {
    const time = times[i];
    const before = word === '' ? [] : [word];
    if (time === undefined) return before;
    const at = Date.parse(time);
    // The 31st of February stays as it was written.
    return [...before, Number.isNaN(at) ? time : at];
  });
}

/** The text with its times as the clock in `zone` shows them, relative to `now` (ms since epoch). */
export function withPlainTimes(text: string, now: number, zone: string): string {
  return splitInstants(text)
    .map((piece) => (typeof piece === 'string' ? piece : whenText(piece, now, zone)))
    .join('');
}
