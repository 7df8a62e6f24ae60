/** Extends the lease from a separate thread, because a busy event loop could be too late. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/log.ts';
import type { HeartbeatMessage } from './heartbeat-thread.ts';

export interface HeartbeatParts {
  readonly log: Logger;
  /** Called when another process has taken the lease. */
  readonly onLost: () => void;
}

export interface HeartbeatOptions extends HeartbeatParts {
  readonly file: string;
  readonly fence: number;
  /** How long the lease lasts, in ms. */
  readonly leaseMs: number;
}

export interface Heartbeat {
  stop(): Promise<void>;
}

/** How long a thread that failed is away, in ms. */
const RESTART_MS = 1_000;

/** Starts the thread for a SQLite file. Problems with single heartbeats are logged; a thread that fails is started again. */
export function startHeartbeat({ file, fence, leaseMs, ...parts }: HeartbeatOptions): Heartbeat {
  return startHeartbeatThread(
    new URL('./heartbeat-thread.ts', import.meta.url),
    { file, fence, leaseMs },
    parts,
  );
}

/** As `startHeartbeat`, with the module of the thread and what it is given. */
export function startHeartbeatThread(
  module: URL,
  workerData: Readonly<Record<string, unknown>>,
  { log, onLost }: HeartbeatParts,
): Heartbeat {
  let isStopped = false;
  /** Resolves when the present thread has loaded all that it needs, or has ended. */
  let settled: Promise<void> = Promise.resolve();
  let restart: NodeJS.Timeout | undefined;
  let thread = run();

  function run(): Worker {
    const worker = new Worker(module, { workerData });
    const { promise, resolve } = Promise.withResolvers<void>();
    settled = promise;
    worker.on('exit', () => resolve());
    worker.on('message', (message: HeartbeatMessage) => {
      if (message.type === 'ready') resolve();
      else if (message.type === 'lost') onLost();
      else log.warn({ problem: message.problem }, 'a heartbeat could not be stored; it is tried again');
    });
    worker.on('error', (error) => {
      if (isStopped) return;
      // Without heartbeats the lease expires. Writes stay safe, because each one checks the fence number.
      log.error({ err: error }, 'the heartbeat failed and is started again');
      restart = setTimeout(() => {
        thread = run();
      }, RESTART_MS);
      restart.unref();
    });
    // The thread must not keep the process alive.
    worker.unref();
    return worker;
  }

  return {
    async stop() {
      isStopped = true;
      clearTimeout(restart);
      // A thread that is ended while it loads the driver of the database would end the whole process with an error.
      thread.ref();
      await settled;
      await thread.terminate();
    },
  };
}
