/** Reads what people meant through what phones, chats and copying add: prefixes, quotes, punctuation, wide characters. */
import { unquote } from './tokens.ts';

/** Characters that show nothing, which copying brings along. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u3000\ufeff]/g;
/** The full-width forms of ASCII, as East Asian keyboards type them. */
const WIDE = /[\uff01-\uff5e]/g;
const WIDE_OFFSET = 0xfee0;

/** The text with full-width characters as ASCII and invisible ones as blanks. It has the same length. */
export function narrow(text: string): string {
  return text
    .replace(INVISIBLE, ' ')
    .replace(WIDE, (wide) => String.fromCharCode(wide.charCodeAt(0) - WIDE_OFFSET));
}

/** `/m0`, `@m0:`, `m0,`; a quotation's `>`; a shell's `$`. */
const BEFORE = /^\s*(?:[/@]?m0(?:[:,]|(?=\s|$))|[>$](?=\s))\s*/i;
const EMPHASIS = /^([*_~])(.+)\1$/s;
const FENCE = /^```\s*(.*?)\s*```$/s;
/** Nobody wraps a command more often. */
const MOST_WRAPPERS = 6;

/**
 * The part of the text that is the command, from start to end: without m0's prefix, and without quotes, code ticks or
 * emphasis around all of it. `text` is as `narrow` returns it.
 */
export function commandPart(text: string): readonly [number, number] {
  let [start, end] = [0, text.length];
  for (let i = 0; i < MOST_WRAPPERS; i += 1) {
    const part = text.slice(start, end);
    const trimmed = part.trim();
    start += part.length - part.trimStart().length;
    end = start + trimmed.length;
    const before = BEFORE.exec(trimmed)?.[0].length ?? 0;
    if (before > 0) {
      start += before;
      continue;
    }
    const inside = insideOf(trimmed);
    if (inside === null) break;
    start += trimmed.indexOf(inside, 1);
    end = start + inside.length;
  }
  return [start, end];
}

/** What is between the marks around the whole text; null if there are none. */
function insideOf(trimmed: string): string | null {
  const fenced = FENCE.exec(trimmed)?.[1];
  if (fenced !== undefined && fenced !== '') return fenced;
  const emphasised = EMPHASIS.exec(trimmed)?.[2];
  if (emphasised !== undefined) return emphasised;
  // The full stop of the sentence around a quotation.
  for (const quoted of [trimmed, trimmed.replace(/[.,;:!]$/, '')]) {
    const inside = unquote(quoted);
    if (inside !== quoted && inside.trim() !== '') return inside;
  }
  return null;
}

/** The word without quotes, code ticks, emphasis or brackets around it, and without punctuation at its end. */
export function bareWord(word: string): string {
  const open = word.replace(/[.,;:!]+$/, '');
  const inside = unquote(open.replace(/^\((.*)\)$/s, '$1')).replace(EMPHASIS, '$2');
  return inside.replace(/[.,;:!]+$/, '');
}

/** The word without question marks at its end, and whether there were any. */
export function asked(word: string): { readonly word: string; readonly isQuestion: boolean } {
  const without = word.replace(/[?\s.,;:!]*\?[?.,;:!]*$/, '');
  return { word: without, isQuestion: without !== word };
}
