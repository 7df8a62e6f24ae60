import { BuiltinFailure } from './failure.ts';
import { integer, isInteger, RegoNumber, type RegoValue } from './value.ts';

/** RE2's classes, which know ASCII only, as members of a JavaScript class. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
};
const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
const SAME_ESCAPES = new Set(['t', 'n', 'f', 'r', 'v']);
const SYNTAX = new Set('^$\\.*+?()[]{}|/');
/** Go refuses more repetitions than this. */
const MOST_REPEATS = 1000;

/**
 * An RE2 pattern as the JavaScript pattern that matches the same. Both pick the leftmost match and prefer
 * alternatives in their order. What would not mean the same is a BuiltinFailure, never a guess.
 */
class Translator {
  readonly #source: readonly string[];
  readonly #text: string;
  #at = 0;

  constructor(pattern: string) {
    this.#text = pattern;
    this.#source = Array.from(pattern);
  }

  run(): string {
    let out = '';
    // Only whole-pattern flags in front are taken: `(?i)abc`.
    const lead = /^\(\?([ims]+)\)/.exec(this.#text);
    let close = '';
    if (lead !== null) {
      this.#at = Array.from(lead[0]).length;
      out += `(?${[...new Set(lead[1])].join('')}:`;
      close = ')';
      if (lead[1]?.includes('s')) this.#dotAll = true;
      if (lead[1]?.includes('m')) this.#multiline = true;
      if (lead[1]?.includes('i') && /[^\u0000-\u007f]/.test(this.#text)) {
        this.#refuse('letters beyond ASCII under (?i)');
      }
    }
    while (this.#at < this.#source.length) out += this.#next();
    return out + close;
  }

  #dotAll = false;
  #multiline = false;

  #refuse(what: string): never {
    throw new BuiltinFailure(`regex: ${what} in ${JSON.stringify(this.#text)}`);
  }

  #next(): string {
    const rune = this.#source[this.#at++] as string;
    switch (rune) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#class();
      case '.':
        return this.#dotAll ? '[^]' : '[^\\n]';
      case '$':
        // Go's $ is the very end, or before each \n under (?m); JavaScript's lines end at more characters.
        return this.#multiline ? '(?=\\n|(?![^]))' : '(?![^])';
      case '^':
        return this.#multiline ? '(?<=\\n|(?<![^]))' : '(?<![^])';
      case '(':
        return this.#group();
      case '{':
        return this.#repeat();
      case '}':
        return '\\}';
      case ']':
        return '\\]';
      case '/':
        return '\\/';
      default:
        return rune;
    }
  }

  #group(): string {
    if (this.#source[this.#at] !== '?') return '(';
    const rest = this.#source.slice(this.#at).join('');
    if (rest.startsWith('?:')) {
      this.#at += 2;
      return '(?:';
    }
    const name = /^\?P?<([A-Za-z_]\w*)>/.exec(rest);
    if (name === null) return this.#refuse('a group of this kind');
    this.#at += name[0].length;
    return '(';
  }

  #repeat(): string {
    const rest = this.#source.slice(this.#at).join('');
    const counts = /^(\d+)(?:,(\d*))?\}/.exec(rest);
    // Go takes a brace that counts nothing as itself.
    if (counts === null) return '\\{';
    if (Number(counts[1]) > MOST_REPEATS || Number(counts[2] ?? 0) > MOST_REPEATS) {
      this.#refuse('more than 1000 repetitions');
    }
    this.#at += counts[0].length;
    return `{${counts[0]}`;
  }

  #escape(): string {
    const rune = this.#source[this.#at++];
    if (rune === undefined) return this.#refuse('a backslash at the end');
    const members = CLASSES[rune];
    if (members !== undefined) return `[${members}]`;
    const negated = CLASSES[rune.toLowerCase()];
    if (negated !== undefined) return `[^${negated}]`;
    if (rune === 'b') return WORD_BOUNDARY;
    if (rune === 'B') return NO_WORD_BOUNDARY;
    if (rune === 'A') return '(?<![^])';
    if (rune === 'z') return '(?![^])';
    return this.#character(rune);
  }

  /** An escaped single character, inside a class or out of it. */
  #character(rune: string): string {
    if (SAME_ESCAPES.has(rune)) return `\\${rune}`;
    if (rune === 'a') return '\\x07';
    if (rune === 'x') {
      const hex = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#source.slice(this.#at).join(''));
      if (hex === null) return this.#refuse('a \\x that names no character');
      this.#at += hex[0].length;
      return `\\u{${hex[1] ?? hex[2]}}`;
    }
    if (SYNTAX.has(rune)) return `\\${rune}`;
    if (/^[\x21-\x7e]$/.test(rune) && !/^[0-9A-Za-z]$/.test(rune)) {
      return rune === '-' ? '\\x2d' : rune;
    }
    return this.#refuse(`\\${rune}`);
  }

  #class(): string {
    let out = '[';
    if (this.#source[this.#at] === '^') {
      out += '^';
      this.#at++;
    }
    let first = true;
    for (;;) {
      const rune = this.#source[this.#at++];
      if (rune === undefined) return this.#refuse('a class without an end');
      if (rune === ']' && !first) return `${out}]`;
      first = false;
      if (rune === '[' && this.#source[this.#at] === ':') {
        const name = /^:(\w+):\]/.exec(this.#source.slice(this.#at).join(''));
        const members = POSIX[name?.[1] ?? ''];
        if (name === null || members === undefined) return this.#refuse('a class of this name');
        this.#at += name[0].length;
        out += members;
      } else if (rune === '\\') {
        const escaped = this.#source[this.#at++];
        if (escaped === undefined) return this.#refuse('a backslash at the end');
        const members = CLASSES[escaped];
        if (members !== undefined) out += members;
        else if (/^[DWSbBAz]$/.test(escaped)) this.#refuse(`\\${escaped} in a class`);
        else out += this.#character(escaped);
      } else if (rune === '[' || rune === ']' || rune === '^') {
        out += `\\${rune}`;
      } else {
        out += rune;
      }
    }
  }
}

/** Go's words are ASCII; JavaScript's are too, but for two letters under the flags u and i together. */
const WORD = '[0-9A-Za-z_]';
const WORD_BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
const NO_WORD_BOUNDARY = `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`;

function compile(pattern: string): RegExp {
  const translated = new Translator(pattern).run();
  try {
    return new RegExp(translated, 'gu');
  } catch {
    throw new BuiltinFailure(`regex: ${JSON.stringify(pattern)} does not compile`);
  }
}

/** V8 finds empty matches between the halves of a surrogate pair, where no character begins. */
function isInsidePair(text: string, at: number): boolean {
  return at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** All matches as Go finds them: an empty one right after another match does not count. */
function matches(pattern: string, text: string): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  let end = -1;
  for (const match of text.matchAll(compile(pattern))) {
    if (match[0] === '' && (match.index === end || isInsidePair(text, match.index))) continue;
    end = match.index + match[0].length;
    found.push(match);
  }
  return found;
}

/** `regex.find_n(pattern, text, n)`: the first n matches, all where n is negative. */
export function findN([pattern, text, n]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof pattern !== 'string' || typeof text !== 'string') return undefined;
  if (!(n instanceof RegoNumber) || !isInteger(n)) return undefined;
  const all = matches(pattern, text).map((m) => m[0]);
  const limit = Number(n.text);
  return limit < 0 ? all : all.slice(0, limit);
}

/** `regex.split(pattern, text)`. */
export function split([pattern, text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof pattern !== 'string' || typeof text !== 'string') return undefined;
  if (pattern !== '' && text === '') return [''];
  const parts: string[] = [];
  let from = 0;
  let end = 0;
  for (const match of matches(pattern, text)) {
    // An empty match in front splits nothing off.
    if (match.index + match[0].length === 0) continue;
    end = match.index;
    parts.push(text.slice(from, end));
    from = match.index + match[0].length;
  }
  if (end !== text.length) parts.push(text.slice(from));
  return parts;
}

/** `regex.replace(text, pattern, value)`, with Go's `$1` and `${1}`. */
export function replace([text, pattern, value]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof value !== 'string') return undefined;
  let out = '';
  let from = 0;
  for (const match of matches(pattern, text)) {
    out += text.slice(from, match.index) + expand(value, match);
    from = match.index + match[0].length;
  }
  return out + text.slice(from);
}

function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    if (!/^\d+$/.test(name)) throw new BuiltinFailure(`regex.replace: a group by its name, ${whole}`);
    return match[Number(name)] ?? '';
  });
}

/** How often a text stands in another without overlap: `strings.count`. */
export function countText([text, part]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string' || typeof part !== 'string') return undefined;
  return integer(part === '' ? Array.from(text).length + 1 : text.split(part).length - 1);
}

/** `glob.quote_meta`. */
export function quoteGlob([text]: readonly RegoValue[]): RegoValue | undefined {
  return typeof text === 'string' ? text.replace(/[*?\\[\]{}]/g, '\\$&') : undefined;
}
