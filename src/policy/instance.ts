import { createRequire } from 'node:module';
import { BuiltinFailure } from './builtins/failure.ts';
import type { BuiltinContext, Machine, RawBuiltin } from './builtins/host.ts';
import { byValues, createMended } from './builtins/natives.ts';
import { TYPE } from './builtins/structure.ts';
import { HOST_BUILTINS } from './builtins/table.ts';
import { decode, encode, RegoNumber, type RegoValue } from './builtins/value.ts';
import { keptName } from './mend.ts';

// The package's ES module leaves out the class that its types promise; its CommonJS one has it.
const { LoadedPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as typeof import('@open-policy-agent/opa-wasm');

const PAGE = 64 * 1024;
/** What a module needs before any input: its own data segments and stack. */
const BASE_PAGES = 32;
/** Parsed input takes about eight times its bytes. */
const BYTES_PER_BYTE = 10;

type Exports = Readonly<Record<string, ((...args: (number | bigint)[]) => number) | undefined>>;

/** Pages to start with for so many bytes of input and data; growing page by page costs seconds. */
export function pagesFor(bytes: number): number {
  return BASE_PAGES + Math.ceil((bytes * BYTES_PER_BYTE) / PAGE);
}

/** Pages in so many bytes. */
export function pagesIn(bytes: number): number {
  return Math.floor(bytes / PAGE);
}

function textAt(memory: WebAssembly.Memory, address: number): string {
  const bytes = new Uint8Array(memory.buffer);
  const end = bytes.indexOf(0, address);
  return new TextDecoder().decode(bytes.subarray(address, end < 0 ? bytes.length : end));
}

/** How OPA's library lays out a number: type, kind, then 64 bits or where its text is and how long. */
const NUMBER = { kind: 1, value: 8, length: 12, isInt: 1, isText: 2 } as const;

/** Within 32 bits the library reckons with its own ints. */
function isSmall(text: string): boolean {
  return /^-?\d{1,9}$/.test(text) && text !== '-0';
}

/** The memory of a module as m0's own builtins see it. */
class ModuleMachine implements Machine {
  readonly #memory: WebAssembly.Memory;
  #exports: Exports = {};
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
  }

  /** Throws where numbers are not laid out as m0 reads them. */
  attach(exports: Exports): void {
    this.#exports = exports;
    const whole = this.numberAt(this.#parse('1234567890123'));
    const fraction = this.numberAt(this.#parse('-1.50'));
    if (whole !== '1234567890123' || fraction !== '-1.50') throw new Error('numbers of another layout');
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

  #call(name: string, ...args: (number | bigint)[]): number {
    const exported = this.#exports[name];
    if (exported === undefined) throw new Error(`the module has no function ${name}`);
    return exported(...args);
  }

  #parse(text: string): number {
    const bytes = new TextEncoder().encode(text);
    const address = this.#call('opa_malloc', bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, address);
    // Numbers go on lying in this text: it is never freed.
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
    const kind = view.getUint8(address + NUMBER.kind);
    if (kind === NUMBER.isInt) return view.getBigInt64(address + NUMBER.value, true).toString();
    if (kind !== NUMBER.isText) throw new Error('a number of another layout');
    const start = view.getUint32(address + NUMBER.value, true);
    const length = view.getUint32(address + NUMBER.length, true);
    return new TextDecoder().decode(new Uint8Array(view.buffer, start, length));
  }

  valueAt(address: number): RegoValue {
    const number = this.numberAt(address);
    if (number !== undefined) return new RegoNumber(number);
    const dump = this.#call('opa_value_dump', address);
    const value = decode(textAt(this.#memory, dump));
    this.#call('opa_free', dump);
    return value;
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

/**
 * A module with m0's own host functions under it. The SDK's loader is left aside because its builtins win over
 * ours and are not Go's; its LoadedPolicy is what evaluates.
 */
function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  context: BuiltinContext,
): { readonly instance: WebAssembly.Instance; readonly required: readonly string[] } {
  const machine = new ModuleMachine(memory);
  const byId = new Map<number, RawBuiltin>(createMended(context));

  // The second argument is a context that no builtin of OPA's uses.
  function builtin(id: number, _context: number, ...addresses: number[]): number {
    const raw = byId.get(id);
    if (raw === undefined) throw new BuiltinFailure(`builtin ${id}: not to be had here`);
    return raw(machine, ...addresses);
  }

  const instance = new WebAssembly.Instance(module, {
    env: {
      memory,
      opa_abort: (address: number) => {
        throw new Error(`the policy was aborted: ${textAt(memory, address)}`);
      },
      opa_println: () => undefined,
      opa_builtin0: builtin,
      opa_builtin1: builtin,
      opa_builtin2: builtin,
      opa_builtin3: builtin,
      opa_builtin4: builtin,
    },
  });
  machine.attach(instance.exports as unknown as Exports);
  const required = machine.required();
  for (const [name, id] of Object.entries(required)) {
    const answer = HOST_BUILTINS[name];
    if (answer !== undefined) byId.set(id, byValues(answer, context));
  }
  return { instance, required: Object.keys(required) };
}

/** The builtins that a module wants from its host. */
export function requiredBuiltins(module: WebAssembly.Module): readonly string[] {
  const memory = new WebAssembly.Memory({ initial: BASE_PAGES });
  return instantiate(module, memory, { nowNs: 0n }).required;
}

/**
 * Evaluates the entrypoint once and returns its document. `data` and `input` are exact JSON. Blocks until it
 * is done: only ever called in a worker thread. Throws what OPA, V8 or a builtin throws.
 */
export function evaluateModule(
  module: WebAssembly.Module,
  data: ArrayBuffer,
  input: ArrayBuffer,
  nowNs: bigint,
  mostPages: number,
): unknown {
  const initial = pagesFor(data.byteLength + input.byteLength);
  if (initial > mostPages) throw new RangeError('the input needs more memory than a policy may have');
  const memory = new WebAssembly.Memory({ initial, maximum: mostPages });
  const { instance } = instantiate(module, memory, { nowNs });
  const minor = instance.exports.opa_wasm_abi_minor_version as WebAssembly.Global | undefined;
  const policy = new LoadedPolicy({ instance, module }, memory, minor?.value ?? 0);
  policy.setData(data);
  const results = policy.evaluate(input) as readonly { readonly result?: unknown }[];
  return results[0]?.result;
}
