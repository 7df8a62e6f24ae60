/**
 * Makes foreign text honest, whatever chat shows it: what can't be seen is written out, what is cut is marked.
 */

import { withoutHalf } from './words.ts';

/** Control, format (bidi, zero-width), lone surrogates, line separators and other characters nobody sees. */
const UNSEEN = /(?!\u{FE0F})[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function writeOut(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** The text with every invisible or direction-changing character written out, e.g. `\u202e`. One line. */
export function visible(text: string): string {
  return text.replace(UNSEEN, writeOut);
}

/** The text with each dot between two parts tied to the first: where a phone breaks a line, none begins with a dot. */
export function breakable(text: string): string {
  return text.replaceAll(' · ', '\u00a0· ');
}

/** At most `max` UTF-16 units, no character split; what is cut shows as `…` in the middle. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  const tail = max - 1 - head;
  const end = tail > 0 ? text.slice(-tail) : '';
  return `${withoutHalf(text.slice(0, head))}…${/^[\udc00-\udfff]/.test(end) ? end.slice(1) : end}`;
}

/** Unchanged characters shown on either side of what changed, where a value is cut. */
const AROUND = 10;

/**
 * Both values cut to `max` characters so that the part in which they differ stays, with a little of what is
 * equal on either side.
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
