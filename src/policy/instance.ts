import { createRequire } from 'node:module';
import { BuiltinFailure } from './builtins/failure.ts';
import { type BuiltinContext, HOST_BUILTINS } from './builtins/table.ts';
import { decode, encode } from './builtins/value.ts';

// The package's ES module leaves out the class that its types promise; its CommonJS one has it.
const { LoadedPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as typeof import('@open-policy-agent/opa-wasm');

const PAGE = 64 * 1024;
/** What a module needs before any input: its own data segments and stack. */
const BASE_PAGES = 32;
/** Parsed input takes about eight times its bytes. */
const BYTES_PER_BYTE = 10;

type Exports = Readonly<Record<string, (...args: number[]) => number>>;

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

/**
 * A module with m0's own host functions under it. The SDK's loader is left aside because its builtins win over
 * ours and are not Go's; its LoadedPolicy is what evaluates.
 */
function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  context: BuiltinContext,
): WebAssembly.Instance {
  const names = new Map<number, string>();
  let exports: Exports = {};

  function call(id: number, ...addresses: number[]): number {
    const name = names.get(id) ?? `#${id}`;
    const builtin = HOST_BUILTINS[name];
    if (builtin === undefined) throw new BuiltinFailure(`${name}: not to be had here`);
    const operation = exports as Record<string, (...args: number[]) => number>;
    const args = addresses.map((a) => decode(textAt(memory, operation.opa_value_dump?.(a) ?? 0)));
    const result = builtin(args, context);
    if (result === undefined) return 0;
    const bytes = new TextEncoder().encode(encode(result));
    const address = operation.opa_malloc?.(bytes.length) ?? 0;
    new Uint8Array(memory.buffer).set(bytes, address);
    const value = operation.opa_value_parse?.(address, bytes.length) ?? 0;
    if (value === 0) throw new BuiltinFailure(`${name}: its result could not be handed back`);
    return value;
  }

  // The second argument is a context that no builtin of OPA's uses.
  const builtin = (id: number, _context: number, ...args: number[]): number => call(id, ...args);
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
  exports = instance.exports as unknown as Exports;
  const required = exports.opa_json_dump?.(exports.builtins?.() ?? 0) ?? 0;
  for (const [name, id] of Object.entries(JSON.parse(textAt(memory, required)) as Record<string, number>)) {
    names.set(id, name);
  }
  return instance;
}

/** The builtins that a module wants from its host. */
export function requiredBuiltins(module: WebAssembly.Module): readonly string[] {
  const memory = new WebAssembly.Memory({ initial: BASE_PAGES });
  const instance = instantiate(module, memory, { nowNs: 0n });
  const exports = instance.exports as unknown as Exports;
  const address = exports.opa_json_dump?.(exports.builtins?.() ?? 0) ?? 0;
  return Object.keys(JSON.parse(textAt(memory, address)) as Record<string, number>);
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
  const instance = instantiate(module, memory, { nowNs });
  const minor = instance.exports.opa_wasm_abi_minor_version as WebAssembly.Global | undefined;
  const policy = new LoadedPolicy({ instance, module }, memory, minor?.value ?? 0);
  policy.setData(data);
  const results = policy.evaluate(input) as readonly { readonly result?: unknown }[];
  return results[0]?.result;
}
