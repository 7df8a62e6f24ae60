/** The rows of the processes that work on stacks beside the owner. All times are those of the server's clock. */
import { eq, lte, sql } from 'drizzle-orm';
import type pg from 'pg';
import { identityOf } from '../../base/process-identity.ts';
import { LeaseLost } from '../../ports/owner.ts';
import type { WorkerProcess } from '../../ports/worker-processes.ts';
import { attempt, type Queries } from '../access.ts';
import { queriesOf } from './queries.ts';
import { SERVER_NOW } from './server-now.ts';
import { inTransaction } from './transaction.ts';

const serverNow = sql<number>`${sql.raw(SERVER_NOW)}`;
/** How long to wait for another writer, in ms. */
const LOCK_MS = 30_000;

/** Enters a worker. Resolves with its number. Rejects with a StoreError. */
export function enterWorker(pool: pg.Pool, labels: readonly string[], leaseMs: number): Promise<number> {
  return attempt('entering this worker in the database', () =>
    inTransaction(pool, { lockMs: LOCK_MS }, async (tx) => {
      const { workers } = tx.tables;
      const { host, pid, process: name } = identityOf(process.pid);
      const [row] = await tx
        .insert(workers)
        .values({
          ...{ host, pid, process: name, labels: JSON.stringify(labels) },
          ...{ since: serverNow, heartbeatAt: serverNow, expiresAt: sql<number>`${serverNow} + ${leaseMs}` },
        })
        .returning({ id: workers.id });
      return row?.id ?? 0;
    }),
  );
}

/** Throws LeaseLost unless the worker is still entered. */
export async function proveWorker(db: Queries, id: number): Promise<void> {
  const { workers } = db.tables;
  const [row] = await db.select({ id: workers.id }).from(workers).where(eq(workers.id, id));
  if (row !== undefined) return;
  throw new LeaseLost(
    'this worker gave no sign of life for too long, so its work was given away: it stores and starts nothing more',
  );
}

/** Removes the worker, so that its tools count as left at once. Rejects with a StoreError. */
export function leaveWorker(pool: pg.Pool, id: number): Promise<void> {
  return attempt('removing this worker from the database', async () => {
    const db = queriesOf(pool);
    await db.delete(db.tables.workers).where(eq(db.tables.workers.id, id));
  });
}

/** Removes the workers whose lease is over: they can store nothing from then on. Resolves with their number. */
export async function removeSilentWorkers(tx: Queries): Promise<number> {
  const { workers } = tx.tables;
  const removed = await tx
    .delete(workers)
    .where(lte(workers.expiresAt, serverNow))
    .returning({ id: workers.id });
  return removed.length;
}

/** The workers that give signs of life, oldest first. */
export async function livingWorkers(db: Queries): Promise<readonly WorkerProcess[]> {
  const { workers } = db.tables;
  const { id, host, pid, labels, since, heartbeatAt } = workers;
  const rows = await db
    .select({ id, host, pid, labels, since, silentMs: sql<number>`${serverNow} - ${heartbeatAt}` })
    .from(workers)
    .where(sql`${workers.expiresAt} > ${serverNow}`)
    .orderBy(id);
  return rows.map((row) => ({ ...row, labels: JSON.parse(row.labels) as readonly string[] }));
}
