import { Worker } from 'node:worker_threads';

/** Threads that have loaded all they need and evaluate once. Loading takes longer than most policies. */
export interface Threads {
  /** A thread nobody else has, maybe still loading. It says `started` to a task, see evaluate-worker.ts. */
  take(): Worker;
  /** Gets one ready for the next question, so that it need not wait for the loading. */
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

/** Keeps at most one thread in reserve; each is used for one evaluation only, and ended by who took it. */
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
      // A reserve keeps no process alive, and one that breaks is no error: the next question starts its own.
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
