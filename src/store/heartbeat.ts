/** Extends the lease from a separate thread, because a busy event loop could be too late. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/log.ts';
import type { HeartbeatMessage } from './heartbeat-thread.ts';

export interface HeartbeatOptions {
  readonly file: string;
  readonly fence: number;
  /** How long the lease lasts, in ms. */
  readonly leaseMs: number;
  readonly log: Logger;
  /** Called when another process has taken the lease. */
  readonly onLost: () => void;
}

export interface Heartbeat {
  stop(): Promise<void>;
}

/** How long a thread that failed is away, in ms. */
const RESTART_MS = 1_000;

/** Starts the thread. Problems with single heartbeats are logged; a thread that fails is started again. */
export function startHeartbeat({ file, fence, leaseMs, log, onLost }: HeartbeatOptions): Heartbeat {
  let isStopped = false;
  let restart: NodeJS.Timeout | undefined;
  let thread = run();

  function run(): Worker {
    const worker = new Worker(new URL('./heartbeat-thread.ts', import.meta.url), {
      workerData: { file, fence, leaseMs },
    });
    worker.on('message', (message: HeartbeatMessage) => {
      if (message.type === 'lost') onLost();
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
      await thread.terminate();
    },
  };
}
