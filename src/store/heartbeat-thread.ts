/** The worker thread of heartbeat.ts: extends the lease every few seconds, through its own database connection. */

import { parentPort, workerData } from 'node:worker_threads';
import { errorText } from '../base/error-text.ts';
import { HEARTBEATS_A_LEASE } from '../model/owner.ts';
import { openForHeartbeats } from './heartbeat-connection.ts';

/**
 * A message to the main thread. `ready`: the thread has loaded all that it needs. `lost`: another process has the lease,
 * and the thread has stopped its heartbeats.
 */
export type HeartbeatMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'lost' }
  | { readonly type: 'problem'; readonly problem: string };

const { file, fence, leaseMs } = workerData as {
  readonly file: string;
  readonly fence: number;
  readonly leaseMs: number;
};
const intervalMs = leaseMs / HEARTBEATS_A_LEASE;

const client = openForHeartbeats(file, intervalMs);
const beat = client.prepare('UPDATE owner SET heartbeat_at = ?, expires_at = ? WHERE id = 1 AND fence = ?');

function post(message: HeartbeatMessage): void {
  parentPort?.postMessage(message);
}

const timer = setInterval(() => {
  try {
    const now = Date.now();
    if (beat.run(now, now + leaseMs, fence).changes > 0) return;
    clearInterval(timer);
    client.close();
    post({ type: 'lost' });
  } catch (error) {
    post({ type: 'problem', problem: errorText(error) });
  }
}, intervalMs);
post({ type: 'ready' });
