import { BuiltinFailure } from './builtins/failure.ts';
import type { Machine } from './builtins/host.ts';
import { TYPE } from './builtins/structure.ts';
import { decode, encode, RegoNumber, RegoObject, RegoSet, type RegoValue } from './builtins/value.ts';
import { keptName, UnknownModule } from './mend.ts';

type Exports = Readonly<Record<string, ((...args: (number | bigint)[]) => number) | undefined>>;

/** Where OPA's library keeps what, in bytes from a value's address; the first byte is the type. */
const AT = {
  boolean: 1,
  numberKind: 1,
  numberValue: 8,
  numberTextLength: 12,
  textLength: 4,
  text: 8,
  /** Arrays: pairs of index and element. Objects and sets: heads of lists, by hash. */
  items: 4,
  count: 8,
} as const;
const NUMBER_KIND = { int: 1, text: 2 } as const;
const WORD = 4;

/** Every kind of value there is: a module that is laid out otherwise reads it otherwise. */
const SAMPLE =
  '[null, true, false, 1234567890123, -7, -1.50, "", "é\\"\\u0001", {"a": {1, 2}, "b": [], "c": {}}, {3: set()}]';

export function textAt(memory: WebAssembly.Memory, address: number): string {
  const bytes = new Uint8Array(memory.buffer);
  const end = bytes.indexOf(0, address);
  return new TextDecoder().decode(bytes.subarray(address, end < 0 ? bytes.length : end));
}

/** Within 32 bits the library reckons with its own ints. */
function isSmall(text: string): boolean {
  return /^-?\d{1,9}$/.test(text) && text !== '-0';
}

/** The memory of a module as m0's own builtins see it. */
export class ModuleMachine implements Machine {
  readonly #memory: WebAssembly.Memory;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #exports: Exports = {};
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
  }

  /** Throws an UnknownModule where values are not laid out as m0 reads them. */
  attach(exports: Exports): void {
    this.#exports = exports;
    const sample = this.#parse(SAMPLE);
    const dumped = textAt(this.#memory, this.#call('opa_value_dump', sample));
    const read = encode(this.valueAt(sample));
    if (read !== encode(decode(dumped)) || read !== encode(decode(SAMPLE))) {
      throw new UnknownModule('values of another layout');
    }
  }

  /** The builtins that the module wants from its host, with the ids it calls them by. */
  required(): Readonly<Record<string, number>> {
    const address = this.#call('opa_json_dump', this.#call('builtins'));
    return JSON.parse(textAt(this.#memory, address)) as Record<string, number>;
  }

  // A buffer is another one after each growth.
  get #bytes(): DataView {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new DataView(this.#memory.buffer);
    return this.#view;
  }

  #word(address: number): number {
    return this.#bytes.getUint32(address, true);
  }

  #text(start: number, length: number): string {
    return this.#decoder.decode(new Uint8Array(this.#memory.buffer, start, length));
  }

  #call(name: string, ...args: (number | bigint)[]): number {
    const exported = this.#exports[name];
    if (exported === undefined) throw new UnknownModule(`no function ${name}`);
    return exported(...args);
  }

  #parse(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const address = this.#call('opa_malloc', bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, address);
    // Numbers and texts go on lying in this text: it is never freed.
    const value = this.#call('opa_value_parse', address, bytes.length);
    if (value === 0) throw new BuiltinFailure('a result could not be handed back');
    return value;
  }

  typeAt(address: number): number {
    return this.#bytes.getUint8(address);
  }

  numberAt(address: number): string | undefined {
    const view = this.#bytes;
    if (view.getUint8(address) !== TYPE.number) return undefined;
    const kind = view.getUint8(address + AT.numberKind);
    if (kind === NUMBER_KIND.int) return view.getBigInt64(address + AT.numberValue, true).toString();
    if (kind !== NUMBER_KIND.text) throw new UnknownModule('a number of another kind');
    return this.#text(this.#word(address + AT.numberValue), this.#word(address + AT.numberTextLength));
  }

  doubleAt(address: number): number {
    const view = this.#bytes;
    if (view.getUint8(address + AT.numberKind) !== NUMBER_KIND.int) return Number(this.numberAt(address));
    const low = view.getUint32(address + AT.numberValue, true);
    return view.getInt32(address + AT.numberValue + WORD, true) * 2 ** 32 + low;
  }

  #isText(address: number): boolean {
    const type = this.typeAt(address);
    return type === TYPE.text || type === TYPE.constantText;
  }

  stringAt(address: number): string | undefined {
    if (!this.#isText(address)) return undefined;
    return this.#text(this.#word(address + AT.text), this.#word(address + AT.textLength));
  }

  /** The keys of an object or the members of a set, in the order of their hashes. */
  keysAt(address: number): number[] {
    const keys: number[] = [];
    this.#each(address, this.typeAt(address) === TYPE.object, (key) => keys.push(key));
    return keys;
  }

  #each(address: number, isObject: boolean, visit: (key: number, value: number) => void): void {
    const heads = this.#word(address + AT.items);
    const count = this.#word(address + AT.count);
    for (let i = 0; i < count; i++) {
      let element = this.#word(heads + i * WORD);
      while (element !== 0) {
        visit(this.#word(element), isObject ? this.#word(element + WORD) : 0);
        element = this.#word(element + (isObject ? 2 * WORD : WORD));
      }
    }
  }

  valueAt(address: number): RegoValue {
    const type = this.typeAt(address);
    switch (type) {
      case TYPE.null:
        return null;
      case TYPE.boolean:
      case TYPE.constantBoolean:
        return this.#bytes.getUint8(address + AT.boolean) !== 0;
      case TYPE.number:
        return new RegoNumber(this.numberAt(address) ?? '');
      case TYPE.text:
      case TYPE.constantText:
        return this.stringAt(address) ?? '';
      case TYPE.array: {
        const items = this.#word(address + AT.items);
        const count = this.#word(address + AT.count);
        return Array.from({ length: count }, (_, i) => this.valueAt(this.#word(items + (2 * i + 1) * WORD)));
      }
      case TYPE.object: {
        const entries: [RegoValue, RegoValue][] = [];
        this.#each(address, true, (k, v) => entries.push([this.valueAt(k), this.valueAt(v)]));
        return new RegoObject(entries);
      }
      case TYPE.set:
        return new RegoSet(this.keysAt(address).map((k) => this.valueAt(k)));
      default:
        throw new UnknownModule(`a value of type ${type}`);
    }
  }

  addressOf(value: RegoValue): number {
    if (value instanceof RegoNumber && isSmall(value.text)) {
      return this.#call('m0_opa_number_int', BigInt(value.text));
    }
    return this.#parse(encode(value));
  }

  kept(symbol: string, ...args: readonly number[]): number {
    return this.#call(keptName(symbol), ...args);
  }

  compare(a: number, b: number): number {
    return this.#call('m0_opa_value_compare', a, b);
  }
}
