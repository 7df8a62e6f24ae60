/** The reads and writes of a PostgreSQL database, with the store's error texts and the proof of the lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { LeaseLost } from '../../ports/owner.ts';
import { StoreError } from '../../ports/store-error.ts';
import { type Access, attempt, driverError, type Queries, type Reading, type Writing } from '../access.ts';
import { isConnectionLost } from '../store-error.ts';
import { STATEMENT_MS } from './client.ts';
import { queriesOf } from './queries.ts';
import { inTransaction } from './transaction.ts';

/** The pause between two tries, in ms. */
const PAUSE_MS = 100;

/** Runs `work` again while it fails because the server is busy or can't be reached, for `patienceMs` at most. */
async function patiently<T>(
  doing: string,
  patienceMs: number,
  work: (leftMs: number) => Promise<T>,
): Promise<T> {
  const givesUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      const leftMs = Math.max(1, givesUpAt - performance.now());
      return await attempt(doing, () => work(leftMs));
    } catch (error) {
      const isBusy = error instanceof StoreError && error.problem === 'busy';
      if (!isBusy || performance.now() + PAUSE_MS >= givesUpAt) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

/** Several queries of one state of the database. Rejects with the driver's errors. */
async function inSnapshot<T>(pool: pg.Pool, work: (db: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const onLost = (error: Error): void => {
    lost = error;
  };
  client.on('error', onLost);
  try {
    // To compile the query of an overview of thousands of stacks takes longer than to run it.
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off; SET LOCAL statement_timeout = ${STATEMENT_MS}`,
    );
    const result = await work(queriesOf(client));
    await client.query('COMMIT');
    return result;
  } catch (thrown) {
    const error = driverError(thrown);
    if (isConnectionLost(error)) lost ??= error as Error;
    else {
      await client.query('ROLLBACK').catch((failed: Error) => {
        lost = failed;
      });
    }
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(lost ?? false);
  }
}

/** Throws LeaseLost unless the owner has that fence number. */
export async function proveFence(db: Queries, fence: number): Promise<void> {
  const { owner } = db.tables;
  const [newest] = await db.select({ fence: owner.fence }).from(owner);
  if (newest?.fence === fence) return;
  throw new LeaseLost('another m0 has taken over this database, so this one stores and starts nothing more');
}

/** The access to a PostgreSQL database, with a second function for writes that wait only for `probeMs`. */
export interface PostgresAccess extends Access {
  readonly probing: Writing;
}

/**
 * The reads and writes of the store. `proveLease` is called inside each transaction of writes. Both wait up to
 * `patienceMs` for other writers and for a server that is away.
 */
export function accessTo(
  pool: pg.Pool,
  proveLease: (tx: Queries) => Promise<void>,
  patienceMs: number,
  probeMs: number,
): PostgresAccess {
  const anyConnection = queriesOf(pool);
  const reading: Reading = (doing, work) => patiently(doing, patienceMs, () => work(anyConnection));
  const writingFor =
    (limitMs: number): Writing =>
    (doing, work) =>
      patiently(doing, limitMs, (lockMs) =>
        inTransaction(
          pool,
          { lockMs },
          async (tx) => {
            await proveLease(tx);
            return work(tx);
          },
          true,
        ),
      );
  return {
    reading,
    snapshot: (doing, work) => patiently(doing, patienceMs, () => inSnapshot(pool, work)),
    writing: writingFor(patienceMs),
    probing: writingFor(Math.min(probeMs, patienceMs)),
  };
}
