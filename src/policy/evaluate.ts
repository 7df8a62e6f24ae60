import type { Worker } from 'node:worker_threads';
import { errorText } from '../base/error-text.ts';
import type { Bundle } from './bundle.ts';
import { ECHO_DATA, ECHO_RUN } from './entrypoint.ts';
import type { EvaluationReport, EvaluationTask } from './evaluate-worker.ts';
import { pagesIn } from './instance.ts';
import { createThreads, type Threads } from './threads.ts';

export interface EvaluationLimits {
  /** Most ms an evaluation may take, from the moment its thread runs. */
  readonly timeMs: number;
  /** Most bytes of memory a policy may grow to. */
  readonly memoryBytes: number;
}

/** The rules' raw values by `package.rule`; a rule that is undefined has no key. Or why there are none. */
export type Evaluation =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/** A thread that does not even start by then never will. */
const START_LIMIT_MS = 30_000;

/** A whole number that `input` carries at `m0.run`, and its exact JSON text. */
export interface EvaluationInput {
  readonly run: number;
  readonly json: string;
}

/**
 * Asks a bundle once, in a thread of its own that is ended at the time limit. Never rejects. Input and data
 * must prove that they arrived: an evaluation without its input finds nothing to object to.
 */
export async function evaluate(
  bundle: Bundle,
  input: EvaluationInput,
  nowMs: number,
  limits: EvaluationLimits,
  signal?: AbortSignal,
  threads: Threads = createThreads(),
): Promise<Evaluation> {
  const bytes = exactBuffer(input.json);
  const task: EvaluationTask = {
    module: bundle.module,
    data: exactBuffer(bundle.data),
    input: bytes,
    nowNs: BigInt(Math.trunc(nowMs)) * 1_000_000n,
    mostPages: pagesIn(limits.memoryBytes),
  };
  const report = await runThread(task, limits.timeMs, threads, signal);
  if (report.type !== 'done')
    return { ok: false, error: report.type === 'failed' ? report.error : 'no answer' };
  const document = report.result;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    return { ok: false, error: 'the decision is undefined' };
  }
  const values = document as Readonly<Record<string, unknown>>;
  if (values[ECHO_RUN] !== input.run) return { ok: false, error: 'the input did not reach the policy' };
  if (values[ECHO_DATA] !== bundle.proof) return { ok: false, error: 'the data did not reach the policy' };
  return { ok: true, values };
}

/** The bytes in a buffer of exactly their size: the SDK takes anything else for something else. */
function exactBuffer(text: string): ArrayBuffer {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

function runThread(
  task: EvaluationTask,
  timeMs: number,
  threads: Threads,
  signal?: AbortSignal,
): Promise<EvaluationReport> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve({ type: 'failed', error: 'm0 is stopping' });
      return;
    }
    let worker: Worker;
    try {
      worker = threads.take();
    } catch (error) {
      resolve({ type: 'failed', error: `starting a thread: ${errorText(error)}` });
      return;
    }
    let timer = setTimeout(end, START_LIMIT_MS, 'its thread did not start');
    const stop = (): void => end('m0 is stopping');
    signal?.addEventListener('abort', stop, { once: true });

    let finished = false;
    function finish(report: EvaluationReport): void {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // Settled only once the thread is gone, so that nobody's memory outlives the answer.
      void worker.terminate().then(
        () => resolve(report),
        () => resolve(report),
      );
    }
    function end(error: string): void {
      finish({ type: 'failed', error });
    }
    worker.on('message', (report: EvaluationReport) => {
      if (report.type !== 'started') {
        finish(report);
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(end, timeMs, `took longer than ${timeMs / 1000} s`);
    });
    worker.on('error', (error) => end(describeCrash(error)));
    worker.on('exit', () => end('its thread ended without an answer'));
    worker.postMessage(task, [task.input, task.data]);
  });
}

function describeCrash(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'ran out of memory';
  return errorText(error);
}
