/** Evaluates a policy in a thread, with limits of time and memory. */
import type { Worker } from 'node:worker_threads';
import { errorText } from '../base/error-text.ts';
import type { Bundle } from './bundle.ts';
import { ECHO_DATA, ECHO_RUN } from './entrypoint.ts';
import type { EvaluationReport, EvaluationTask } from './evaluate-worker.ts';
import { pagesIn } from './instance.ts';
import { createThreads, type Threads } from './threads.ts';

export interface EvaluationLimits {
  /** Time limit of an evaluation in ms, counted from the start of its thread. */
  readonly timeMs: number;
  /** Memory limit of a policy in bytes. */
  readonly memoryBytes: number;
}

/**
 * The rules' values by `package.rule`, without a key where a rule is undefined; or the reason why there are
 * none.
 */
export type Evaluation =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: string };

/** A thread that has not started after this time counts as failed. */
const START_LIMIT_MS = 30_000;

/** The input: `json` is its text, and `run` the whole number in it at `m0.run`. */
export interface EvaluationInput {
  readonly run: number;
  readonly json: string;
}

/**
 * Evaluates a bundle once, in its own thread, which is terminated at the time limit. Never rejects. Input and
 * data must prove that they arrived: a policy without its input would find nothing to object to.
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
    maxPages: pagesIn(limits.memoryBytes),
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

/** The bytes in a buffer of exactly their size. The SDK misreads any other buffer. */
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
      // Resolves only after the thread has ended, so that its memory is free by then.
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
