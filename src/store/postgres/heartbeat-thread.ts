/** The worker thread of ../heartbeat.ts for PostgreSQL: extends the lease through a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import type pg from 'pg';
import { errorText } from '../../base/error-text.ts';
import { HEARTBEATS_A_LEASE } from '../../model/owner.ts';
import type { HeartbeatMessage } from '../heartbeat-thread.ts';
import { newClient } from './client.ts';
import { SERVER_NOW } from './server-now.ts';

const { url, fence, leaseMs } = workerData as {
  readonly url: string;
  /** A worker has a negative number, as in the table of its tools. */
  readonly fence: number;
  readonly leaseMs: number;
};
const intervalMs = leaseMs / HEARTBEATS_A_LEASE;

const [table, condition] = fence > 0 ? ['owner', 'id = 1 AND fence = $2'] : ['workers', 'id = -($2::bigint)'];
const BEAT = `UPDATE ${table} SET heartbeat_at = ${SERVER_NOW}, expires_at = ${SERVER_NOW} + $1 WHERE ${condition}`;

let client: pg.Client | null = null;
let isBeating = false;

function post(message: HeartbeatMessage): void {
  parentPort?.postMessage(message);
}

async function connect(): Promise<pg.Client> {
  const fresh = newClient(url);
  // The next heartbeat connects again.
  fresh.on('error', () => {
    if (client === fresh) client = null;
  });
  await fresh.connect();
  return fresh;
}

async function beat(): Promise<void> {
  client ??= await connect();
  const { rowCount } = await client.query(BEAT, [leaseMs, fence]);
  if (rowCount !== 0) return;
  clearInterval(timer);
  post({ type: 'lost' });
  await client.end();
}

function beatNow(): void {
  if (isBeating) return;
  isBeating = true;
  beat()
    .catch((error: unknown) => {
      void client?.end().catch(() => {});
      client = null;
      post({ type: 'problem', problem: errorText(error) });
    })
    .finally(() => {
      isBeating = false;
    });
}

const timer = setInterval(beatNow, intervalMs);
post({ type: 'ready' });
// At once: on a busy machine the thread may have needed much of the first lease to start.
beatNow();
