/**
 * Rewrites a module that `opa build` made, so that m0 answers functions of OPA's own Wasm library. That library
 * is another program than `opa eval`: it adds decimally where Go adds in 64 bits of mantissa, walks sets and
 * objects in the order of their hashes, cuts format_int to 20 characters. A policy tested with `opa` must say
 * here what it said there.
 */

import { assertNever } from '../base/assert-never.ts';

/** A function of the library, by its name in the module's name section, that the host answers instead. */
export interface Mend {
  readonly symbol: string;
  /** Parameters, each of them 32 bits, as is the result. */
  readonly params: number;
  /** What the host is called with. */
  readonly id: number;
  /**
   * When the host is asked: always; where the library found nothing for a second argument that is a number; or
   * where the first argument is an object or a set.
   */
  readonly when: 'always' | 'numberMissed' | 'unordered';
}

/** The library's own function stays reachable under this name. */
export function keptName(symbol: string): string {
  return `m0_kept_${symbol}`;
}

const SECTION = { custom: 0, type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const I32 = 0x7f;
/** `unsigned char type` of values in OPA's library. */
const OPA_NUMBER = 3;
const OPA_OBJECT = 6;
const OPA_SET = 7;

const OP = {
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load8: 0x2d,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Or: 0x72,
  void: 0x40,
} as const;

/** A module that is not laid out as m0 knows it. */
export class UnknownModule extends Error {
  override readonly name = 'UnknownModule';
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a number that is not negative. */
function constant(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [OP.i32Const, ...bytes, rest];
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new UnknownModule('a module that is cut off');
    return value;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new UnknownModule('a number of more than 32 bits');
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new UnknownModule('a module that is cut off');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }
}

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

function sectionsOf(wasm: Uint8Array): Section[] {
  const reader = new Reader(wasm, 8);
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.unsigned()) });
  }
  return sections;
}

function bodyOf(sections: readonly Section[], id: number): Reader {
  const section = sections.find((s) => s.id === id);
  if (section === undefined) throw new UnknownModule(`a module without section ${id}`);
  return new Reader(section.body);
}

/** Parameters of every type; -1 for one that is not of 32-bit integers alone with one of them as its result. */
function arities(reader: Reader): number[] {
  return reader.list(() => {
    reader.byte();
    const params = reader.list(() => reader.byte());
    const results = reader.list(() => reader.byte());
    const plain = params.every((t) => t === I32) && results.length === 1 && results[0] === I32;
    return plain ? params.length : -1;
  });
}

/** Indices of the functions imported, by name. */
function importedFunctions(reader: Reader): { byName: Map<string, number>; count: number } {
  const byName = new Map<string, number>();
  let count = 0;
  reader.list(() => {
    reader.text();
    const name = reader.text();
    const kind = reader.byte();
    if (kind === 0) {
      reader.unsigned();
      byName.set(name, count++);
    } else if (kind === 2) {
      const limits = reader.byte();
      reader.unsigned();
      if ((limits & 1) === 1) reader.unsigned();
    } else {
      throw new UnknownModule('an import of another kind than functions and memory');
    }
  });
  return { byName, count };
}

/** Indices of functions by the name section; two functions of one name are none. */
function namedFunctions(sections: readonly Section[]): Map<string, number | null> {
  const named = new Map<string, number | null>();
  for (const section of sections) {
    if (section.id !== SECTION.custom) continue;
    const reader = new Reader(section.body);
    if (reader.text() !== 'name') continue;
    while (!reader.done) {
      const kind = reader.byte();
      const part = new Reader(reader.take(reader.unsigned()));
      if (kind !== 1) continue;
      part.list(() => {
        const index = part.unsigned();
        const name = part.text();
        named.set(name, named.has(name) ? null : index);
      });
    }
  }
  return named;
}

function hostCall(mend: Mend, dispatcher: number): number[] {
  const args = Array.from({ length: mend.params }, (_, i) => [OP.localGet, ...unsigned(i)]).flat();
  return [...constant(mend.id), ...constant(0), ...args, OP.call, ...unsigned(dispatcher)];
}

function typeOf(local: number): number[] {
  return [OP.localGet, local, OP.i32Load8, 0, 0];
}

/** The function's new code. */
function replacement(mend: Mend, dispatcher: number, kept: number): number[] {
  const host = hostCall(mend, dispatcher);
  const [node, key, found] = [0, 1, 2];
  const library = [OP.localGet, node, OP.localGet, key, OP.call, ...unsigned(kept)];
  switch (mend.when) {
    case 'always':
      return [0, ...host, OP.end];
    case 'numberMissed':
      return [
        ...[1, 1, I32, ...library, OP.localTee, found, OP.i32Eqz, OP.if, OP.void],
        ...[OP.localGet, key, OP.if, OP.void],
        ...[...typeOf(key), ...constant(OPA_NUMBER), OP.i32Eq, OP.if, OP.void],
        ...[...host, OP.localSet, found],
        ...[OP.end, OP.end, OP.end, OP.localGet, found, OP.end],
      ];
    case 'unordered':
      return [
        ...[0, OP.localGet, node, OP.if, OP.void],
        ...[...typeOf(node), ...constant(OPA_OBJECT), OP.i32Eq],
        ...[...typeOf(node), ...constant(OPA_SET), OP.i32Eq, OP.i32Or, OP.if, OP.void],
        ...[...host, OP.return, OP.end, OP.end, ...library, OP.end],
      ];
    default:
      return assertNever(mend.when);
  }
}

function withSize(bytes: readonly number[] | Uint8Array): Uint8Array {
  return Uint8Array.from([...unsigned(bytes.length), ...bytes]);
}

function vector(items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.from(unsigned(items.length)), ...items]);
}

/** Adds entries to the end of a section that is a vector. */
function append(section: Uint8Array, entries: readonly Uint8Array[]): Uint8Array {
  const reader = new Reader(section);
  const count = reader.unsigned();
  return Buffer.concat([
    Uint8Array.from(unsigned(count + entries.length)),
    section.subarray(reader.at),
    ...entries,
  ]);
}

function exportOf(name: string, index: number): Uint8Array {
  return Uint8Array.from([...withSize(new TextEncoder().encode(name)), 0, ...unsigned(index)]);
}

/**
 * The module with every function of `mends` that is in it answered by the host through `opa_builtinN`, its own
 * code kept under `keptName`, and the functions of `needed` exported. Throws UnknownModule where one of `always`
 * or `needed` is missing, or where anything is of another shape than expected: then nothing is proven.
 */
export function mend(
  wasm: Uint8Array,
  mends: readonly Mend[],
  always: ReadonlySet<string>,
  needed: readonly string[],
): Uint8Array {
  const sections = sectionsOf(wasm);
  const types = arities(bodyOf(sections, SECTION.type));
  const imports = importedFunctions(bodyOf(sections, SECTION.import));
  const functions = bodyOf(sections, SECTION.function);
  const typeOf = functions.list(() => functions.unsigned());
  const code = bodyOf(sections, SECTION.code);
  const bodies = code.list(() => code.take(code.unsigned()));
  const names = namedFunctions(sections);
  const find = (symbol: string): number | null => {
    const index = names.get(symbol);
    if (index === null) throw new UnknownModule(`two functions ${symbol}`);
    return index ?? null;
  };

  const newTypes: Uint8Array[] = [];
  const newExports: Uint8Array[] = [];
  const newBodies = bodies.map((b) => withSize(b));
  for (const one of mends) {
    const index = find(one.symbol);
    if (index === null) {
      if (always.has(one.symbol)) throw new UnknownModule(`no function ${one.symbol}`);
      continue;
    }
    const own = index - imports.count;
    const type = typeOf[own];
    const body = bodies[own];
    const dispatcher = imports.byName.get(`opa_builtin${one.params}`);
    if (type === undefined || body === undefined || dispatcher === undefined || types[type] !== one.params) {
      throw new UnknownModule(`${one.symbol} is of another type`);
    }
    const kept = imports.count + newBodies.length;
    newBodies[own] = withSize(replacement(one, dispatcher, kept));
    newBodies.push(withSize(body));
    newTypes.push(Uint8Array.from(unsigned(type)));
    newExports.push(exportOf(keptName(one.symbol), kept));
  }
  for (const symbol of needed) {
    const index = find(symbol);
    if (index === null) throw new UnknownModule(`no function ${symbol}`);
    newExports.push(exportOf(`m0_${symbol}`, index));
  }
  const changed: Readonly<Record<number, (body: Uint8Array) => Uint8Array>> = {
    [SECTION.function]: (body) => append(body, newTypes),
    [SECTION.export]: (body) => append(body, newExports),
    [SECTION.code]: () => vector(newBodies),
  };
  const out = sections.map(({ id, body }) => {
    const now = changed[id]?.(body) ?? body;
    return Buffer.concat([Uint8Array.from([id, ...unsigned(now.length)]), now]);
  });
  return Buffer.concat([wasm.subarray(0, 8), ...out]);
}
