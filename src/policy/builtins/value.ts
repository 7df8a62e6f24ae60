import { compareNumberTexts } from './number.ts';

/**
 * Rego values as host builtins see them. JSON would lose what Rego tells apart (sets from arrays, 1 from 1.0,
 * integers past 2^53), so arguments cross as Rego text: `opa_value_dump` out, `opa_value_parse` back.
 */

/** A number by its own digits. */
export class RegoNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A set; its members in no particular order. */
export class RegoSet {
  readonly items: readonly RegoValue[];
  constructor(items: readonly RegoValue[]) {
    this.items = items;
  }
}

/** An object; keys may be any value. */
export class RegoObject {
  readonly entries: readonly (readonly [RegoValue, RegoValue])[];
  constructor(entries: readonly (readonly [RegoValue, RegoValue])[]) {
    this.entries = entries;
  }
}

export type RegoValue = null | boolean | string | RegoNumber | readonly RegoValue[] | RegoSet | RegoObject;

/** A whole number as Rego writes it. */
export function integer(value: number | bigint): RegoNumber {
  return new RegoNumber(String(value));
}

/** True where the number is written as an integer. */
export function isInteger(value: RegoNumber): boolean {
  return /^-?\d+$/.test(value.text);
}

/** Order of Rego's types, as OPA sorts them. */
function rank(value: RegoValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (value instanceof RegoNumber) return 2;
  if (typeof value === 'string') return 3;
  if (Array.isArray(value)) return 4;
  if (value instanceof RegoObject) return 5;
  return 6;
}

/** Go compares strings by bytes of UTF-8, which is the order of code points (not of UTF-16 units). */
function compareStrings(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i] as RegoValue, b[i] as RegoValue);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** OPA's own order over all values: negative, zero or positive. */
export function compare(a: RegoValue, b: RegoValue): number {
  const types = rank(a) - rank(b);
  if (types !== 0) return types;
  if (a === null || b === null) return 0;
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (a instanceof RegoNumber) return compareNumberTexts(a.text, (b as RegoNumber).text);
  if (typeof a === 'string') return compareStrings(a, b as string);
  if (a instanceof RegoSet) return compareLists(sorted(a.items), sorted((b as RegoSet).items));
  if (a instanceof RegoObject) {
    // Key, its value, the next key: a difference in a value counts before one in a later key.
    return compareLists(byKey(a).flat(), byKey(b as RegoObject).flat());
  }
  return compareLists(a as readonly RegoValue[], b as readonly RegoValue[]);
}

/** The members in OPA's order. */
export function sorted(items: readonly RegoValue[]): readonly RegoValue[] {
  return [...items].sort(compare);
}

function byKey(object: RegoObject): readonly (readonly [RegoValue, RegoValue])[] {
  return [...object.entries].sort((a, b) => compare(a[0], b[0]));
}

/** The value as OPA prints it; strings by `quote`, members and keys in OPA's order. */
export function print(value: RegoValue, quote: (text: string) => string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof RegoNumber) return value.text;
  if (typeof value === 'string') return quote(value);
  if (value instanceof RegoSet) {
    if (value.items.length === 0) return 'set()';
    return `{${sorted(value.items)
      .map((v) => print(v, quote))
      .join(', ')}}`;
  }
  if (value instanceof RegoObject) {
    return `{${byKey(value)
      .map(([k, v]) => `${print(k, quote)}: ${print(v, quote)}`)
      .join(', ')}}`;
  }
  return `[${(value as readonly RegoValue[]).map((v) => print(v, quote)).join(', ')}]`;
}

/** The value as text that `opa_value_parse` reads back. */
export function encode(value: RegoValue): string {
  return print(value, (text) => JSON.stringify(text));
}

/** Reads what `opa_value_dump` wrote. Throws where the text is not a Rego value. */
export function decode(text: string): RegoValue {
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): void {
    this.#skip();
    if (this.#at !== this.#text.length) this.#fail();
  }

  value(): RegoValue {
    this.#skip();
    const rest = this.#text[this.#at];
    if (rest === '"') return this.#string();
    if (rest === '[') return this.#list('[', ']');
    if (rest === '{') return this.#braces();
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text)?.[0];
    if (number === undefined) return this.#fail();
    this.#at += number.length;
    return new RegoNumber(number);
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #take(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    STRING.lastIndex = this.#at;
    const raw = STRING.exec(this.#text)?.[0];
    if (raw === undefined) return this.#fail();
    this.#at += raw.length;
    return JSON.parse(raw.replace(/[\u0000-\u001f]/g, escapeControl)) as string;
  }

  #list(open: string, close: string): RegoValue[] {
    const items: RegoValue[] = [];
    this.#take(open);
    if (this.#take(close)) return items;
    do items.push(this.value());
    while (this.#take(','));
    if (!this.#take(close)) this.#fail();
    return items;
  }

  /** `{` opens an object or a set: the first separator tells which. */
  #braces(): RegoValue {
    this.#take('{');
    if (this.#take('}')) return new RegoObject([]);
    const first = this.value();
    if (!this.#take(':')) {
      const items = [first];
      while (this.#take(',')) items.push(this.value());
      if (!this.#take('}')) this.#fail();
      return new RegoSet(items);
    }
    const entries: [RegoValue, RegoValue][] = [[first, this.value()]];
    while (this.#take(',')) {
      const key = this.value();
      if (!this.#take(':')) this.#fail();
      entries.push([key, this.value()]);
    }
    if (!this.#take('}')) this.#fail();
    return new RegoObject(entries);
  }

  #fail(): never {
    throw new Error(`reading a Rego value: unexpected text at ${this.#at}`);
  }
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A policy may write `.5` and `5.` too. */
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
/** Control characters may stand raw in a dump, so JSON.parse gets them escaped. */
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const WORDS: readonly (readonly [string, RegoValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['set()', new RegoSet([])],
];
