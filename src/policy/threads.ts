/** Worker threads for policy evaluations. */
import { Worker } from 'node:worker_threads';

/** Threads that have loaded their code and evaluate once. Loading takes longer than most evaluations. */
export interface Threads {
  /**
   * A thread for one evaluation, possibly still loading. It answers a task with `started` first; see
   * evaluate-worker.ts.
   */
  take(): Worker;
  /** Prepares a thread for the next evaluation, so that it does not wait for the loading. */
  prepare(): void;
  close(): void;
}

function start(): Worker {
  return new Worker(new URL('./evaluate-worker.ts', import.meta.url), {
    name: 'policy',
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 },
  });
}

/** Keeps at most one thread in reserve. Each thread serves one evaluation, and its user terminates it. */
export function createThreads(): Threads {
  let spare: Worker | null = null;
  let closed = false;

  function drop(worker: Worker): void {
    if (spare === worker) spare = null;
  }

  return {
    take() {
      const worker = spare ?? start();
      spare = null;
      worker.removeAllListeners();
      worker.ref();
      return worker;
    },
    prepare() {
      if (closed || spare !== null) return;
      const worker = start();
      // The reserve must not keep the process alive. If it fails, the next evaluation starts its own thread.
      worker.unref();
      worker.on('error', () => drop(worker));
      worker.on('exit', () => drop(worker));
      spare = worker;
    },
    close() {
      closed = true;
      const worker = spare;
      spare = null;
      worker?.removeAllListeners();
      worker?.on('error', () => undefined);
      void worker?.terminate();
    },
  };
}
