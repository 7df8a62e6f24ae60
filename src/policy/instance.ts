/** Runs a compiled policy module in V8. */
import { createRequire } from 'node:module';
import { BuiltinFailure } from './builtins/failure.ts';
import type { BuiltinContext, RawBuiltin } from './builtins/host.ts';
import { byValues, createMended } from './builtins/natives.ts';
import { HOST_BUILTINS } from './builtins/table.ts';
import { ModuleMachine, textAt } from './machine.ts';

// The package's ES module lacks a class that its types declare; its CommonJS module has it.
const { LoadedPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as typeof import('@open-policy-agent/opa-wasm');

const PAGE = 64 * 1024;
/** Pages that a module needs for its own data and stack, without input. */
const BASE_PAGES = 32;
/** Parsed input takes about eight times its size. */
const BYTES_PER_BYTE = 10;

/** Initial memory in pages for this many bytes of input and data. Growing page by page would take seconds. */
export function pagesFor(bytes: number): number {
  return BASE_PAGES + Math.ceil((bytes * BYTES_PER_BYTE) / PAGE);
}

/** Whole pages in this many bytes. */
export function pagesIn(bytes: number): number {
  return Math.floor(bytes / PAGE);
}

/**
 * A module with m0's host functions. The SDK's loader is not used, because it prefers its own builtins, which
 * differ from Go's; its LoadedPolicy does the evaluation.
 */
function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  context: BuiltinContext,
): { readonly instance: WebAssembly.Instance; readonly required: readonly string[] } {
  const machine = new ModuleMachine(memory);
  const byId = new Map<number, RawBuiltin>(createMended(context));

  // The second argument is a context that no builtin of OPA uses.
  function builtin(id: number, _context: number, ...addresses: number[]): number {
    const raw = byId.get(id);
    if (raw === undefined) throw new BuiltinFailure(`builtin ${id}: not available here`);
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
  machine.attach(instance.exports as unknown as Parameters<ModuleMachine['attach']>[0]);
  const required = machine.required();
  for (const [name, id] of Object.entries(required)) {
    const answer = HOST_BUILTINS[name];
    if (answer !== undefined) byId.set(id, byValues(answer, context));
  }
  return { instance, required: Object.keys(required) };
}

/** The builtins that a module imports from its host. */
export function requiredBuiltins(module: WebAssembly.Module): readonly string[] {
  const memory = new WebAssembly.Memory({ initial: BASE_PAGES });
  return instantiate(module, memory, { nowNs: 0n }).required;
}

/**
 * Evaluates the entrypoint once and returns its document. `data` and `input` are exact JSON. Blocks until
 * done, so it runs only in a worker thread. Throws the error of OPA, V8 or a builtin.
 */
export function evaluateModule(
  module: WebAssembly.Module,
  data: ArrayBuffer,
  input: ArrayBuffer,
  nowNs: bigint,
  maxPages: number,
): unknown {
  const initial = pagesFor(data.byteLength + input.byteLength);
  if (initial > maxPages) throw new RangeError('the input needs more memory than a policy may have');
  const memory = new WebAssembly.Memory({ initial, maximum: maxPages });
  const { instance } = instantiate(module, memory, { nowNs });
  const minor = instance.exports.opa_wasm_abi_minor_version as WebAssembly.Global | undefined;
  const policy = new LoadedPolicy({ instance, module }, memory, minor?.value ?? 0);
  policy.setData(data);
  const results = policy.evaluate(input) as readonly { readonly result?: unknown }[];
  return results[0]?.result;
}
