/**
 * Makes foreign text harmless and honest: nothing in it is parsed, and what can't be seen is written out.
 */

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

/** Visible, and with `&`, `<`, `>` escaped: for the few places where Slack parses mrkdwn. */
export function escapeMrkdwn(text: string): string {
  return visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * What a notification shows, of at most `max` characters before escaping: escaped, and with addresses broken
 * so that no client makes a link of them. Never empty, which Slack would refuse.
 */
export function notification(text: string, max: number): string {
  // Cut before escaping, so that no entity is cut in two.
  const shown = escapeMrkdwn(cutEnd(visible(text), max).replaceAll('://', ': //'));
  return shown.trim() === '' ? 'm0' : shown;
}

/** At most `max` UTF-16 units, no character split; what is cut shows as `…` at the end. */
export function cutEnd(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${withoutHalf(text.slice(0, Math.max(0, max - 1)))}…`;
}

/** At most `max` UTF-16 units, no character split; what is cut shows as `…` in the middle. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const head = Math.ceil((max - 1) / 2);
  const tail = max - 1 - head;
  const end = tail > 0 ? text.slice(-tail) : '';
  return `${withoutHalf(text.slice(0, head))}…${/^[\udc00-\udfff]/.test(end) ? end.slice(1) : end}`;
}

/** Drops a high surrogate at the end, left there by a cut. */
function withoutHalf(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}
