/** Makes untrusted text safe to show in any chat: invisible characters are written out, and a cut is marked. */
import { withoutHalf } from './words.ts';

/**
 * Control, format (bidi, zero-width) and private characters, lone surrogates, line separators and other invisible
 * characters.
 */
const INVISIBLE = /(?!\u{FE0F})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function writeOut(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** The text on one line, with every invisible or direction-changing character written as an escape, e.g. `\u202e`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, writeOut);
}

/** Puts a no-break space before each ` · `, so that a line which wraps never begins with a dot. */
export function breakable(text: string): string {
  return text.replaceAll(' · ', '\u00a0· ');
}

/** At most `max` UTF-16 units. A cut shows as `…` in the middle and never splits a character. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  const tail = max - 1 - head;
  const end = tail > 0 ? text.slice(-tail) : '';
  return `${withoutHalf(text.slice(0, head))}…${/^[\udc00-\udfff]/.test(end) ? end.slice(1) : end}`;
}

/** How many unchanged characters are shown on each side of the changed part of a value that is cut. */
const AROUND = 10;

/**
 * Cuts both values to `max` characters around the part in which they differ, with some unchanged characters on each
 * side.
 */
export function cutChange(before: string, after: string, max: number): readonly [string, string] {
  if (before.length <= max && after.length <= max) return [before, after];
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before[prefix] === after[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1;
  const from = Math.max(0, prefix - AROUND);
  const cut = (text: string): string => {
    const to = Math.min(text.length, text.length - suffix + AROUND);
    const core = text.slice(from, to).toWellFormed();
    return `${from > 0 ? '…' : ''}${cutMiddle(core, max - 2)}${to < text.length ? '…' : ''}`;
  };
  return [cut(before), cut(after)];
}
