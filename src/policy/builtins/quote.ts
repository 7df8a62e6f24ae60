/** Text as Go's strconv.Quote and QuoteToASCII write it. */

const SHORT: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Letters, marks, numbers, punctuation, symbols and the plain space are printable to Go; nothing else is. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** True where Go would print the rune as it is. */
export function isPrintable(rune: string): boolean {
  return PRINTABLE.test(rune);
}

function escapeRune(rune: string, quote: string, ascii: boolean): string {
  if (rune === quote) return `\\${rune}`;
  const short = SHORT[rune];
  if (short !== undefined) return short;
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x7f ? code >= 0x20 : !ascii && PRINTABLE.test(rune)) return rune;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** `"…"` with everything unprintable escaped; `ascii` escapes all beyond ASCII too. */
export function quote(text: string, ascii = false): string {
  let out = '"';
  for (const rune of text) out += escapeRune(rune, '"', ascii);
  return `${out}"`;
}

/** `'x'`, one rune by its code point. */
export function quoteRune(code: bigint, ascii = false): string {
  const valid = code >= 0n && code <= 0x10ffffn && !(code >= 0xd800n && code <= 0xdfffn);
  return `'${escapeRune(String.fromCodePoint(valid ? Number(code) : 0xfffd), "'", ascii)}'`;
}
