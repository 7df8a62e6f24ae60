/** Finds texts that are written as base64. */
import type { Json } from './finding.ts';
import { HIDDEN } from './secrets.ts';

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

/**
 * The text that a value holds as base64, without what is hidden in `scrubbed`, the same value with `HIDDEN` in place of
 * each secret: the secret may be the encoded form, so that its decoded one is known to nobody. Undefined if the value
 * holds no text, if it is hidden as a whole, or if it is not clear which part is hidden.
 */
export function visibleBase64Text(value: string, scrubbed: string): string | undefined {
  const text = base64Text(value);
  if (text === undefined || value === scrubbed) return text;
  const parts = scrubbed.split(HIDDEN);
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  // The place of one gap is certain. Line breaks would move the bytes.
  if (parts.length !== 2 || first + last === '' || /\s/.test(value)) return undefined;
  if (!value.startsWith(first) || !value.endsWith(last)) return undefined;
  const bytes = Buffer.from(value, 'base64');
  // Base64 writes three bytes as four characters. A group of three bytes is left out if one of its characters is hidden.
  const before = bytes.subarray(0, Math.floor(first.length / 4) * 3).toString('utf8');
  const after = bytes.subarray(Math.ceil((value.length - last.length) / 4) * 3).toString('utf8');
  return `${before.replace(/\ufffd+$/, '')}${HIDDEN}${after.replace(/^\ufffd+/, '')}`;
}
