/** Two values of one place as people read them: so that the difference is visible, and named where it is small. */
import { cutChange } from '../text/inert.ts';
import { certificateText } from './certificates.ts';
import type { Json, ShownValue } from './finding.ts';
import { describeValue, oneLine } from './value-text.ts';

/** What a reader sees of a change. */
export interface ChangeText {
  readonly before: string;
  readonly after: string;
  /** How the two differ, if that is less than it looks: `differs only in case`. */
  readonly hint: string | null;
}

/** Longer values are cut while they are described; no value of a plan is longer. */
const WHOLE = Number.MAX_SAFE_INTEGER;

/**
 * Both values on one line each, at most about `max` characters, cut around the part in which they differ. Texts are
 * quoted where the other value is no text, or where blanks make the difference.
 */
export function describeChange(from: ShownValue, to: ShownValue, max: number): ChangeText {
  const hint = hintOf(from as Json, to as Json);
  const [before, after] = texts(from, to, hint);
  const [was, is] = cutChange(before, after, max);
  return { before: was, after: is, hint };
}

function texts(from: ShownValue, to: ShownValue, hint: string | null): readonly [string, string] {
  const quote = hint !== null && QUOTED.has(hint);
  const [before, after] = [from, to].map((value) =>
    quote && typeof value === 'string' ? `"${oneLine(value)}"` : describeValue(value, WHOLE),
  ) as [string, string];
  if (before !== after || typeof from !== 'string' || typeof to !== 'string') return [before, after];
  // Two certificates for the same name that end on the same day.
  return [certificateText(from, true) ?? before, certificateText(to, true) ?? after];
}

const TYPE = 'differs only in its type';
const BLANKS = 'differs only in blanks';
const QUOTED: ReadonlySet<string> = new Set([TYPE, BLANKS]);

/**
 * How two values differ, if they differ only in type, case, line ends, blanks, the spelling of a time, or the
 * composition of characters; else null.
 */
export function hintOf(from: Json, to: Json): string | null {
  if (from === to || from === null || to === null) return null;
  if (typeof from === 'object' || typeof to === 'object') return null;
  if (typeof from !== typeof to) return String(from) === String(to) ? TYPE : null;
  if (typeof from !== 'string' || typeof to !== 'string') return null;
  const same = (form: (text: string) => string): boolean => form(from) === form(to);
  if (same((text) => text.replace(/\r\n?/g, '\n'))) return 'differs only in line ends';
  if (same((text) => text.trim().replace(/\s+/g, ' '))) return BLANKS;
  if (same((text) => text.toLowerCase())) return 'differs only in case';
  if (same((text) => text.normalize('NFC'))) return 'differs only in how characters are composed';
  const [was, is] = [instantOf(from), instantOf(to)];
  return was !== undefined && was === is ? 'the same time, spelled differently' : null;
}

/** Not finer than milliseconds, because `Date.parse` would cut the rest off. */
const TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,3}0*)?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;

/** The point in time (ms since epoch) that a text with a date, a time and a zone means. */
function instantOf(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const zoned = text
    .replace(' ', 'T')
    .toUpperCase()
    .replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const at = Date.parse(zoned);
  return Number.isNaN(at) ? undefined : at;
}
