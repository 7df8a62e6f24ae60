/** Splits a command into words and recognises resource addresses. */

/** A word of a typed command, and where it starts and ends in the text. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

// Phones replace straight quotes by these characters.
const DOUBLE = '"“”„‟«»＂';
const SINGLE = "'‘’‚‛＇";
/** `[0]`, `["a b"]`, `['a b']`, `[“a b”]`; groups: number, double-quoted, single-quoted. */
const INDEX = new RegExp(
  `\\[(?:(\\d+)|[${DOUBLE}]((?:[^${DOUBLE}\\\\]|\\\\.)*)[${DOUBLE}]|[${SINGLE}]((?:[^${SINGLE}\\\\]|\\\\.)*)[${SINGLE}])\\]`,
  'y',
);
const NAME = '[\\p{L}_][\\p{L}\\p{N}_-]*';
const STEP = '(?:\\[(?:\\d+|"(?:[^"\\\\]|\\\\.)*")\\])?';
const ADDRESS = new RegExp(`^(?:module\\.${NAME}${STEP}\\.)*(?:data\\.)?${NAME}\\.${NAME}${STEP}$`, 'u');

/** Splits the text at blanks. An index in brackets is part of its word, even with blanks in it. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    while (at < text.length && !/\s/.test(text.charAt(at))) {
      INDEX.lastIndex = at;
      at = text.charAt(at) === '[' && INDEX.test(text) ? INDEX.lastIndex : at + 1;
    }
    tokens.push({ text: text.slice(start, at), start, end: at });
  }
  return tokens;
}

const FAMILIES = [DOUBLE, SINGLE, '`'];

/** The words without the pair of quotes or backticks around them. */
export function unquote(words: string): string {
  const family = FAMILIES.find((f) => words.length >= 2 && f.includes(words.charAt(0)));
  const inside = words.slice(1, -1);
  if (family === undefined || !family.includes(words.charAt(words.length - 1))) return words;
  return [...inside].some((c) => family.includes(c)) ? words : inside;
}

/**
 * The word as a resource address with straight double quotes (`module.a["x"].aws_y.z[0]`); null if it can't be an
 * address.
 */
export function addressOf(word: string): string | null {
  const bare = word.replace(/^`(.*)`$/s, '$1');
  let out = '';
  let at = 0;
  while (at < bare.length) {
    INDEX.lastIndex = at;
    const match = bare.charAt(at) === '[' ? INDEX.exec(bare) : null;
    if (match === null) {
      out += bare.charAt(at);
      at += 1;
      continue;
    }
    const [whole, number, double, single] = match;
    out += `[${number ?? `"${double ?? (single ?? '').replaceAll(/(?<!\\)"/g, '\\"')}"`}]`;
    at += whole.length;
  }
  return ADDRESS.test(out) ? out : null;
}
