/** Finds texts that are written as base64. */
import type { Json } from './finding.ts';
import { isEmpty, UNKNOWN } from './json-value.ts';

/** Shorter values are names and ids that are base64 by chance only. */
const MIN_LENGTH = 24;
const ALPHABET = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;
/** Control and format characters, private and unassigned ones: a text for people has none but line breaks and tabs. */
const UNPRINTABLE = /[^\P{C}\t\n\r]/u;

/** The printable UTF-8 text that a value holds as base64; undefined if it holds none. */
export function base64Text(value: Json): string | undefined {
  if (typeof value !== 'string' || value.length < MIN_LENGTH || !ALPHABET.test(value)) return undefined;
  const packed = value.replace(/\s+/g, '');
  const bytes = Buffer.from(packed, 'base64');
  // Buffer skips what it can't read, so only what it writes the same way was base64.
  if (bytes.toString('base64') !== packed) return undefined;
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') || UNPRINTABLE.test(text) ? undefined : text;
}

/** The texts of all values that are neither empty nor unknown, if all of them are base64 of a text; else undefined. */
export function base64Texts(values: readonly Json[]): readonly (string | null)[] | undefined {
  const texts = values.map((value) => (isEmpty(value) || value === UNKNOWN ? null : base64Text(value)));
  return texts.includes(undefined) || texts.every((text) => text === null)
    ? undefined
    : texts.map((text) => text ?? null);
}
