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

/** Starts the thread. Problems with single heartbeats are logged. */
export function startHeartbeat({ file, fence, leaseMs, log, onLost }: HeartbeatOptions): Heartbeat {
  const thread = new Worker(new URL('./heartbeat-thread.ts', import.meta.url), {
    workerData: { file, fence, leaseMs },
  });
  let isStopped = false;
  thread.on('message', (message: HeartbeatMessage) => {
    if (message.type === 'lost') onLost();
    else log.warn({ problem: message.problem }, 'a heartbeat could not be stored; it is tried again');
  });
  thread.on('error', (error) => {
    // Without heartbeats the lease expires. Writes stay safe, because each one checks the fence number.
    if (!isStopped)
      log.error({ err: error }, 'the heartbeat failed: another m0 may take over in half a minute');
  });
  // The thread must not keep the process alive.
  thread.unref();
  return {
    async stop() {
      isStopped = true;
      await thread.terminate();
    },
  };
}
