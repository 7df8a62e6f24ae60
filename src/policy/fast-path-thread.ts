/** The thread that runs policies as Wasm. It is ended at the time limit, at any instruction. */
import { parentPort } from 'node:worker_threads';
import { loadPolicy } from '@open-policy-agent/opa-wasm';

/** One question. Buffers hold JSON text and are exactly as long as it: the library misreads others. */
export interface FastTask {
  readonly module: WebAssembly.Module;
  readonly data: ArrayBuffer;
  readonly input: ArrayBuffer;
}

/** The value of the entrypoint; null where it failed in any way. The first report says that the thread is ready. */
export interface FastReport {
  readonly value: unknown;
}

const PAGE = 64 * 1024;
/** Pages for the module itself, and how much memory an input takes for each of its bytes. */
const BASE_PAGES = 32;
const BYTES_PER_BYTE = 10;

async function answer({ module, data, input }: FastTask): Promise<void> {
  const pages = BASE_PAGES + Math.ceil(((data.byteLength + input.byteLength) * BYTES_PER_BYTE) / PAGE);
  let value: unknown = null;
  try {
    // At once as large as it needs to be, because growing page by page takes longer than the answer.
    const policy = await loadPolicy(module, { initial: pages, maximum: 4 * pages });
    policy.setData(data);
    const [answer] = policy.evaluate(input) as readonly { readonly result?: unknown }[];
    value = answer?.result ?? null;
  } catch {
    // opa is asked instead, and says what is wrong.
  }
  parentPort?.postMessage({ value } satisfies FastReport);
}

parentPort?.on('message', (task: FastTask) => void answer(task));

parentPort?.postMessage({ value: null } satisfies FastReport);
