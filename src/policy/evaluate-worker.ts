/** The thread in which one policy is evaluated once. It may be ended from outside at any instruction. */
import { parentPort } from 'node:worker_threads';
import { evaluateModule } from './instance.ts';

/** What the thread is given, once. Buffers hold JSON text. */
export interface EvaluationTask {
  readonly module: WebAssembly.Module;
  readonly data: ArrayBuffer;
  readonly input: ArrayBuffer;
  readonly nowNs: bigint;
  readonly mostPages: number;
}

/** What it says: first that it starts, then what came of it. */
export type EvaluationReport =
  | { readonly type: 'started' }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: string };

/** Thrown things may be anything: Errors, plain objects, strings. */
function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  if (typeof thrown === 'string') return thrown;
  if (thrown !== null && typeof thrown === 'object' && 'message' in thrown) return String(thrown.message);
  return JSON.stringify(thrown) ?? String(thrown);
}

const say = (report: EvaluationReport): void => parentPort?.postMessage(report);

parentPort?.once('message', (task: EvaluationTask) => {
  say({ type: 'started' });
  try {
    const result = evaluateModule(task.module, task.data, task.input, task.nowNs, task.mostPages);
    say({ type: 'done', result });
  } catch (thrown) {
    say({ type: 'failed', error: describe(thrown) });
  }
});
