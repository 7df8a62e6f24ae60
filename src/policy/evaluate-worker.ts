/** The thread in which one policy is evaluated once. It can be terminated at any instruction. */
import { parentPort } from 'node:worker_threads';
import { evaluateModule } from './instance.ts';

/** The task of the thread. Buffers hold JSON text. */
export interface EvaluationTask {
  readonly module: WebAssembly.Module;
  readonly data: ArrayBuffer;
  readonly input: ArrayBuffer;
  readonly nowNs: bigint;
  readonly maxPages: number;
}

/** The thread's messages: first `started`, then the result. */
export type EvaluationReport =
  | { readonly type: 'started' }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: string };

/** JavaScript can throw any value: Errors, plain objects, strings. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  if (typeof thrown === 'string') return thrown;
  if (thrown !== null && typeof thrown === 'object' && 'message' in thrown) return String(thrown.message);
  return JSON.stringify(thrown) ?? String(thrown);
}

const report = (report: EvaluationReport): void => parentPort?.postMessage(report);

parentPort?.once('message', (task: EvaluationTask) => {
  report({ type: 'started' });
  try {
    const result = evaluateModule(task.module, task.data, task.input, task.nowNs, task.maxPages);
    report({ type: 'done', result });
  } catch (thrown) {
    report({ type: 'failed', error: describe(thrown) });
  }
});
