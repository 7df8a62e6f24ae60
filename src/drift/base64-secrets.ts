/** Finds secrets inside base64 text: anywhere in the encoded bytes, and in base64 that was encoded again. */

/** Where in a text something stands: from the first character to behind the last. */
type Range = readonly [from: number, to: number];

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const [STANDARD, URL_SAFE] = [Buffer.from(`${LETTERS}+/`), Buffer.from(`${LETTERS}-_`)];
/** The value of each base64 character of both alphabets; 64 for all others. */
const SEXTET = new Uint8Array(128).fill(64);
for (const alphabet of [STANDARD, URL_SAFE])
  for (const [value, code] of alphabet.entries()) SEXTET[code] = value;

/** How often base64 of base64 is followed. */
const MAX_DEPTH = 3;
/** The shortest secret in bytes, long enough that no other text contains it by chance. */
const MIN_BYTES = 6;
/** The bytes that decide five base64 characters, wherever the bytes begin in a group of three. */
const WINDOW_BYTES = 5;
const WINDOW_MASK = 2 ** 30 - 1;
/** A filter in front of the set of windows: one byte for each digest of 18 bits. */
const FILTER_SIZE = 2 ** 18;

/**
 * Returns a function that replaces, in a text, the base64 characters that hold any of these secrets. `hidden` is the
 * replacement. Secrets shorter than six bytes are not looked for.
 */
export function base64Hider(secrets: readonly string[], hidden: string): (text: string) => string {
  let finder: Finder | undefined;
  return (text) => {
    if (text.length <= MIN_BYTES) return text;
    finder ??= new Finder(secrets);
    const ranges = finder.inRuns(text, 0);
    if (ranges.length === 0) return text;
    let out = '';
    let at = 0;
    for (const [from, to] of merged(ranges)) {
      out += text.slice(at, from) + hidden;
      at = to;
    }
    return out + text.slice(at);
  };
}

/** The text in base64, if all of the value is base64 of readable text; else undefined. */
export function decodedText(value: string): string | undefined {
  if (value.length < 8 || !/^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(value)) return undefined;
  const text = Buffer.from(value, 'base64').toString('utf8');
  return /^[^\p{Cc}\ufffd]*$/u.test(text.replace(/[\t\r\n]/g, '')) ? text : undefined;
}

/** A run of base64 characters in a text, without the line breaks in it. */
interface Run {
  readonly sextets: readonly number[];
  /** Where each of them stands in the text. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

class Finder {
  /** Matches every form of a secret in text whose characters are bytes. */
  readonly #bytes: RegExp;
  /** Five base64 characters that a secret gives, as a number of 30 bits: some for every secret and alignment. */
  readonly #windows = new Set<number>();
  readonly #filter = new Uint8Array(FILTER_SIZE);

  constructor(secrets: readonly string[]) {
    const forms = new Set<string>();
    for (const secret of secrets) {
      const utf8 = Buffer.from(secret);
      if (utf8.length < MIN_BYTES) continue;
      // PowerShell's encoded commands are UTF-16.
      const utf16 = Buffer.from(secret, 'utf16le');
      forms.add(utf8.toString('latin1')).add(utf16.toString('latin1'));
      this.#addWindows(utf16.readInt32BE(0), utf16[4] ?? 0, 1);
      this.#addWindows(utf8.readInt32BE(0), utf8[4] ?? 0, MAX_DEPTH);
      // A line break of the inner base64 may stand in the first window, and then not in the last.
      const last = utf8.length - WINDOW_BYTES;
      if (last >= WINDOW_BYTES) this.#addWindows(utf8.readInt32BE(last), utf8.at(-1) ?? 0, MAX_DEPTH);
    }
    const longestFirst = [...forms].sort((a, b) => b.length - a.length);
    const sources = longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
    this.#bytes = new RegExp(sources.length === 0 ? '(?!)' : sources.join('|'), 'g');
  }

  /** Where in the base64 runs of the text a secret stands. */
  inRuns(text: string, depth: number): Range[] {
    const ranges: Range[] = [];
    const end = text.length;
    let [start, length, window, hit] = [0, 0, 0, false];
    for (let i = 0; i <= end; ) {
      // Nearly all characters are handled by these two lines.
      const code = i < end ? text.charCodeAt(i) : 0;
      let value = code < 128 ? (SEXTET[code] ?? 64) : 64;
      let width = 1;
      if (value === 64 && (code === 0x25 || code === 0x5c || code === 0x0a || code === 0x0d)) {
        [value, width] = escapedAt(text, i);
      }
      if (value < 64) {
        if (length === 0) start = i;
        window = ((window << 6) | value) & WINDOW_MASK;
        length += 1;
        if (length >= 5 && this.#filter[digest(window)] === 1) hit ||= this.#windows.has(window);
      } else if (value === END) {
        if (hit) for (const range of this.#inRun(runOf(text, start, i), text, depth)) ranges.push(range);
        [length, window, hit] = [0, 0, false];
      }
      i += width;
    }
    return ranges;
  }

  #inRun(run: Run, text: string, depth: number): Range[] {
    const ranges: Range[] = [];
    // Characters in front that only look like base64 shift the bytes, so all four places of a group are tried.
    for (let shift = 0; shift < 4; shift++) {
      const decoded = decode(run.sextets, shift);
      const inside: Range[] = [...decoded.matchAll(this.#bytes)].map((m) => [m.index, m.index + m[0].length]);
      if (depth < MAX_DEPTH) for (const range of this.inRuns(decoded, depth + 1)) inside.push(range);
      for (const [from, to] of inside) {
        const first = shift + Math.floor((from * 8) / 6);
        const last = shift + Math.ceil((to * 8) / 6) - 1;
        const end = run.to[last] ?? text.length;
        ranges.push([run.from[first] ?? 0, last === run.sextets.length - 1 ? behindPadding(text, end) : end]);
      }
    }
    return ranges;
  }

  /**
   * Adds the five base64 characters that five bytes of a secret give at each alignment. `word`: the first four bytes.
   * `fifth`: the last one. `depth`: how often these bytes may be encoded, 1 for plain base64.
   */
  #addWindows(word: number, fifth: number, depth: number): void {
    // Base64 characters begin at every sixth bit, so after 0, 1 or 2 other bytes at bit 0, 4 or 2 of these bytes.
    this.#addWindow(word >>> 2, depth);
    this.#addWindow(word & WINDOW_MASK, depth);
    this.#addWindow(((word << 2) | (fifth >>> 6)) & WINDOW_MASK, depth);
  }

  #addWindow(window: number, depth: number): void {
    this.#windows.add(window);
    this.#filter[digest(window)] = 1;
    if (depth <= 1) return;
    this.#addInner(window, STANDARD, depth - 1);
    // The alphabets differ in their last two characters.
    const differs = [24, 18, 12, 6, 0].some((bits) => ((window >>> bits) & 63) >= 62);
    if (differs) this.#addInner(window, URL_SAFE, depth - 1);
  }

  /** Adds the windows of the window's five characters. */
  #addInner(window: number, alphabet: Uint8Array, depth: number): void {
    const character = (bits: number): number => alphabet[(window >>> bits) & 63] ?? 0;
    const word = (character(24) << 24) | (character(18) << 16) | (character(12) << 8) | character(6);
    this.#addWindows(word, character(0), depth);
  }
}

function digest(window: number): number {
  return (window ^ (window >>> 12)) & (FILTER_SIZE - 1);
}

/** What `escapedAt` gives for a place that ends a run, and for one that does not count. */
const [END, SKIP] = [64, 65];

/**
 * The value of the base64 character at this place, and its length in the text: `%2B`, `%2F` and `\/` are one
 * character. `SKIP` for line breaks, also escaped ones, with the indent after them; `END` for everything else.
 */
function escapedAt(text: string, at: number): readonly [value: number, width: number] {
  const code = text.charCodeAt(at);
  if (code === 0x0a || code === 0x0d) return [SKIP, indentAfter(text, at + 1) - at];
  if (code === 0x25) {
    const escaped = /^%2(?:([bB])|[fF])/.exec(text.slice(at, at + 3));
    return escaped === null ? [END, 1] : [escaped[1] === undefined ? 63 : 62, 3];
  }
  if (code !== 0x5c) return [END, 1];
  let to = at + 1;
  while (text.charCodeAt(to) === 0x5c) to += 1;
  const escaped = text[to];
  if (escaped === '/') return [63, to + 1 - at];
  return escaped === 'n' || escaped === 'r' ? [SKIP, indentAfter(text, to + 1) - at] : [END, 1];
}

function indentAfter(text: string, at: number): number {
  let to = at;
  while (text.charCodeAt(to) === 0x20 || text.charCodeAt(to) === 0x09) to += 1;
  return to;
}

function runOf(text: string, start: number, end: number): Run {
  const run = { sextets: [] as number[], from: [] as number[], to: [] as number[] };
  for (let at = start; at < end; ) {
    const code = text.charCodeAt(at);
    const plain = code < 128 ? (SEXTET[code] ?? 64) : 64;
    const [value, width] = plain < 64 ? [plain, 1] : escapedAt(text, at);
    if (value < 64) {
      run.sextets.push(value);
      run.from.push(at);
      run.to.push(at + width);
    }
    at += width;
  }
  return run;
}

/** The bytes of the run from this character on, one character of the result for each byte. */
function decode(sextets: readonly number[], shift: number): string {
  const bytes = Buffer.alloc(Math.max(0, Math.floor(((sextets.length - shift) * 6) / 8)));
  let [bits, held, at] = [0, 0, 0];
  for (let i = shift; i < sextets.length; i++) {
    bits = ((bits << 6) | (sextets[i] ?? 0)) & 0xfff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return bytes.toString('latin1');
}

/** The padding at the end of base64 belongs to it. */
function behindPadding(text: string, at: number): number {
  const padding = /^(?:=|%3[dD]){0,2}/.exec(text.slice(at, at + 6));
  return at + (padding?.[0].length ?? 0);
}

function merged(ranges: readonly Range[]): Range[] {
  const out: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}
