/** A JSON parser for big plans, which keeps little in memory at a time. */
import { isRounded, parseAllExact } from '../base/exact-json.ts';
import type { Json } from './finding.ts';

/**
 * Values up to this many bytes are parsed in one call: small enough for the garbage collector's young generation,
 * big enough that the number of calls does not matter.
 */
const PIECE = 64 * 1024;
/** The deepest level that is read piece by piece. Anything nested deeper is parsed in one call, whatever its size. */
const MAX_DEPTH = 24;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [DOT, SMALL_E, BIG_E] = [0x2e, 0x65, 0x45];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The meaning of a byte outside strings. */
const [OPENS, CLOSES, QUOTES, DIGIT] = [1, 2, 3, 4];
const MEANING = new Uint8Array(256);
for (const byte of [OPEN_LIST, OPEN_OBJECT]) MEANING[byte] = OPENS;
for (const byte of [CLOSE_LIST, CLOSE_OBJECT]) MEANING[byte] = CLOSES;
MEANING[QUOTE] = QUOTES;
for (let byte = 0x30; byte <= 0x39; byte++) MEANING[byte] = DIGIT;
/** Numbers of at least this many bytes may be rounded. */
const LONG_NUMBER = 16;

/**
 * Parses a JSON text in UTF-8, like `JSON.parse`, but in pieces: the whole text is never in memory as one string.
 * `tidy` gets each element of a long list before the next one is read, and may replace its parts.
 *
 * @throws SyntaxError if the text is not JSON, TypeError if it is not UTF-8.
 */
export function parseInPieces(bytes: Uint8Array, tidy: (element: Json) => void): Json {
  const reader = new Reader(bytes, tidy);
  return reader.document();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #tidy: (element: Json) => void;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #at = 0;
  /** True if `#end` stepped over a number that a JavaScript number rounds, since the last call of `#parse`. */
  #rounded = false;

  constructor(bytes: Uint8Array, tidy: (element: Json) => void) {
    this.#bytes = bytes;
    this.#tidy = tidy;
  }

  document(): Json {
    const value = this.#value(0);
    if (this.#next() !== undefined) throw new SyntaxError(`unexpected text at byte ${this.#at}`);
    return value;
  }

  #value(depth: number): Json {
    const first = this.#next();
    const end = this.#end(this.#at, depth < MAX_DEPTH ? PIECE : Number.POSITIVE_INFINITY);
    if (end !== undefined) return this.#take(end);
    return first === OPEN_LIST ? this.#list(depth) : this.#object(depth);
  }

  #list(depth: number): Json {
    const list: Json[] = [];
    this.#at += 1;
    if (this.#next() === CLOSE_LIST) this.#at += 1;
    else this.#elements(list, depth);
    return list;
  }

  #elements(list: Json[], depth: number): void {
    for (;;) {
      // Parses as many whole elements together as fit into one piece.
      this.#next();
      const from = this.#at;
      let to: number | undefined;
      for (;;) {
        const end = this.#end(this.#at, from + PIECE - this.#at);
        if (end === undefined) break;
        this.#at = to = end;
        if (this.#next() !== COMMA) break;
        this.#at += 1;
        this.#next();
      }
      if (to === undefined) {
        const element = this.#value(depth + 1);
        this.#tidy(element);
        list.push(element);
      } else {
        for (const element of this.#parse(`[${this.#text(from, to)}]`) as Json[]) {
          this.#tidy(element);
          list.push(element);
        }
        this.#at = to;
      }
      if (this.#separator(CLOSE_LIST)) return;
    }
  }

  #object(depth: number): Json {
    const object: Record<string, Json> = {};
    this.#at += 1;
    if (this.#next() === CLOSE_OBJECT) {
      this.#at += 1;
      return object;
    }
    for (;;) {
      if (this.#next() !== QUOTE) throw new SyntaxError(`a key is missing at byte ${this.#at}`);
      const key = this.#take(this.#endOfString(this.#at)) as string;
      if (this.#next() !== COLON) throw new SyntaxError(`a colon is missing at byte ${this.#at}`);
      this.#at += 1;
      const value = this.#value(depth + 1);
      if (key !== '__proto__') object[key] = value;
      else
        Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
      if (this.#separator(CLOSE_OBJECT)) return object;
    }
  }

  /** Steps over a comma (returns false) or over the end of the container (returns true). */
  #separator(close: number): boolean {
    const byte = this.#next();
    if (byte !== COMMA && byte !== close) throw new SyntaxError(`unexpected text at byte ${this.#at}`);
    this.#at += 1;
    return byte === close;
  }

  /** Steps over white space and returns the next byte; undefined at the end. */
  #next(): number | undefined {
    let byte = this.#bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#at += 1;
      byte = this.#bytes[this.#at];
    }
    return byte;
  }

  #take(end: number): Json {
    const value = this.#parse(this.#text(this.#at, end));
    this.#at = end;
    return value;
  }

  #parse(text: string): Json {
    if (!this.#rounded) return JSON.parse(text) as Json;
    this.#rounded = false;
    return parseAllExact(text) as Json;
  }

  #text(from: number, to: number): string {
    return this.#decoder.decode(this.#bytes.subarray(from, to));
  }

  /**
   * Index after the value that starts at `from`; undefined if that value is a container of more than `limit` bytes.
   * The content is not checked here: the parser checks it.
   */
  #end(from: number, limit: number): number | undefined {
    const bytes = this.#bytes;
    const first = bytes[from];
    if (first === QUOTE) return this.#endOfString(from);
    if (first !== OPEN_LIST && first !== OPEN_OBJECT) return this.#endOfWord(from);
    const last = Math.min(bytes.length, from + limit);
    let depth = 0;
    for (let i = from; i < last; i++) {
      const meaning = MEANING[bytes[i] ?? 0];
      if (meaning === QUOTES) i = this.#endOfString(i) - 1;
      else if (meaning === OPENS) depth += 1;
      else if (meaning === CLOSES && --depth === 0) return i + 1;
      else if (meaning === DIGIT) i = this.#endOfDigits(i) - 1;
    }
    if (last === bytes.length) throw new SyntaxError('the text ends too early');
    return undefined;
  }

  #endOfString(from: number): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    for (let i = from + 1; i < length; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i + 1;
      if (byte === BACKSLASH) i += 1;
    }
    throw new SyntaxError('the text ends inside a string');
  }

  /** Index after these digits, or after the whole number if it may be rounded. Nearly all numbers are short. */
  #endOfDigits(from: number): number {
    const bytes = this.#bytes;
    let at = from + 1;
    while (MEANING[bytes[at] ?? 0] === DIGIT) at += 1;
    const next = bytes[at];
    const short = at - from < LONG_NUMBER && next !== DOT && next !== SMALL_E && next !== BIG_E;
    return short ? at : this.#endOfWord(from);
  }

  #endOfWord(from: number): number {
    let at = from;
    for (let byte = this.#bytes[at]; byte !== undefined && isWord(byte); byte = this.#bytes[at]) at += 1;
    if (at === from) throw new SyntaxError(`unexpected text at byte ${from}`);
    if (!this.#rounded && isNumber(this.#bytes[from])) this.#rounded = isRounded(this.#text(from, at));
    return at;
  }
}

/** True for the first byte of a number. */
function isNumber(byte: number | undefined): boolean {
  return byte === 0x2d || MEANING[byte ?? 0] === DIGIT;
}

/** Letters, digits and the signs in numbers: `true`, `null`, `-1.5e+3`. */
function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x45 ||
    byte === 0x2e ||
    byte === 0x2b ||
    byte === 0x2d
  );
}
