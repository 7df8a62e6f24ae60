/** One transaction of writes on PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { StoreError } from '../../ports/store-error.ts';
import { driverError, type Queries } from '../access.ts';
import { isConnectionLost } from '../store-error.ts';
import { STATEMENT_MS } from './client.ts';
import { queriesOf } from './queries.ts';

/**
 * The lock that every write of m0 holds until its transaction ends: one after the other, as in SQLite. So a decision that
 * is read before it is written (a pause, the brake, the open alert, the newest audit entry) still holds at the commit, and
 * ids are in the order of the commits.
 */
export const WRITERS = 0x6d30_0001;

/** How long the server lets a transaction wait for this process, in ms: a frozen process must not block the others. */
const IDLE_MS = 10_000;
/** How long to ask whether a commit has taken place whose answer was lost, in ms. */
const OUTCOME_MS = 30_000;
const ASK_AGAIN_MS = 200;
/** How long one question about a commit waits for the transaction to end, in ms. */
const ASK_LOCK_MS = 5_000;

/** What the names of marks in `kv` begin with. */
export const MARKS = 'transaction:';
const PROCESS = randomUUID();
/** Numbers of the marks that transactions of this process use now. */
const inUse = new Set<number>();

/** A row of `kv` that a transaction writes, and by which it is recognised afterwards. */
interface Mark {
  readonly slot: number;
  readonly name: string;
  readonly value: string;
}

/**
 * A mark that no other transaction uses until it is given back. Few rows serve all transactions. Its value begins with its
 * time, in ms since epoch.
 */
function takeMark(): Mark {
  let slot = 0;
  while (inUse.has(slot)) slot += 1;
  inUse.add(slot);
  return { slot, name: `${MARKS}${PROCESS}:${slot}`, value: `${Date.now()}:${randomUUID()}` };
}

/** How a transaction waits. */
export interface Patience {
  /** How long it waits for other writers, in ms. */
  readonly lockMs: number;
  /** How long one statement may take, in ms; 30 s by default. */
  readonly statementMs?: number;
}

/** Begins a transaction that nobody else writes beside. Rejects with the driver's error. */
async function begin(
  client: pg.PoolClient,
  { lockMs, statementMs = STATEMENT_MS }: Patience,
  mark: Mark | null,
): Promise<void> {
  // One message to the server. Each statement sees what was committed before it.
  await client.query(`
    BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL lock_timeout = ${Math.max(1, Math.round(lockMs))};
    SET LOCAL statement_timeout = ${Math.round(statementMs)};
    SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS};
    SELECT pg_advisory_xact_lock(${WRITERS});
    ${mark === null ? '' : `INSERT INTO kv (name, value) VALUES ('${mark.name}', '${mark.value}') ON CONFLICT (name) DO UPDATE SET value = excluded.value`}`);
}

/**
 * What became of a transaction whose connection was lost at its commit. Its mark tells, once the transaction has ended and
 * given its lock back. (Its number does not: after a crash the server may give it to another transaction.)
 */
async function outcomeOf(pool: pg.Pool, mark: Mark): Promise<'committed' | 'aborted' | 'unknown'> {
  const givesUpAt = performance.now() + OUTCOME_MS;
  for (;;) {
    try {
      // Two statements of one message are one transaction, which gives the lock back at its end.
      await pool.query(
        `SELECT set_config('lock_timeout', '${ASK_LOCK_MS}', true); SELECT pg_advisory_xact_lock(${WRITERS})`,
      );
      const { rows } = await pool.query<{ value: string }>('SELECT value FROM kv WHERE name = $1', [
        mark.name,
      ]);
      return rows[0]?.value === mark.value ? 'committed' : 'aborted';
    } catch {
      // What went wrong says nothing about the commit: reported as its error, it would be tried again.
    }
    if (performance.now() > givesUpAt) return 'unknown';
    await sleep(ASK_AGAIN_MS);
  }
}

async function commit(pool: pg.Pool, client: pg.PoolClient, mark: Mark | null): Promise<void> {
  try {
    const { command } = await client.query('COMMIT');
    // The server ends a failed transaction with ROLLBACK, and does not call that an error.
    if (command !== 'COMMIT') throw new StoreError('the database has rolled back');
  } catch (error) {
    if (mark === null || error instanceof StoreError) throw error;
    // A server that ends because it can't write its log, as on a full disk, may have written the commit before. What it
    // calls that error depends on its language, so it is asked after every error.
    const outcome = await outcomeOf(pool, mark);
    if (outcome === 'committed') return;
    if (outcome === 'aborted') throw error;
    throw new StoreError(
      'the connection to the database was lost at the commit, and it cannot be told whether it was stored',
      { problem: 'uncertain', cause: error },
    );
  }
}

/**
 * Runs `work` in one transaction. Rolls back and rejects with the error if it fails. Where the connection is lost at the
 * commit, or the server ends, asks the server what became of it, if `isMarked`: so a write is never reported as failed that took place.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  patience: Patience,
  work: (tx: Queries) => Promise<T>,
  isMarked = false,
): Promise<T> {
  const client = await pool.connect();
  const mark = isMarked ? takeMark() : null;
  let lost: Error | undefined;
  const onLost = (error: Error): void => {
    // The query in progress, or the next one, fails as well.
    lost = error;
  };
  client.on('error', onLost);
  try {
    await begin(client, patience, mark);
    const result = await work(queriesOf(client));
    await commit(pool, client, mark);
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
    if (mark !== null) inUse.delete(mark.slot);
    client.off('error', onLost);
    // A connection that was lost is not used again.
    client.release(lost ?? false);
  }
}
