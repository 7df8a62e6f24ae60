/** The lease on a PostgreSQL database: as on SQLite, but all times are those of the server's clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import type pg from 'pg';
import { identityOf } from '../../base/process-identity.ts';
import { LEASE_MS, type Owner } from '../../model/owner.ts';
import { attempt, type Queries } from '../access.ts';
import { type OwnerOptions, ownedError } from '../lease.ts';
import { busyError, toStoreError } from '../store-error.ts';
import { refuseNewer } from './migrate.ts';
import { queriesOf } from './queries.ts';
import { SERVER_NOW } from './server-now.ts';
import { inTransaction, MARKS } from './transaction.ts';

/** How often a waiting process reads the owner row, in ms. */
const POLL_MS = 250;
/** How long one attempt waits for another writer, in ms. */
const LOCK_MS = 1_000;

/** Marks that are older are of no use, in ms: a transaction asks for its mark within a minute. Clocks differ by less. */
const OLD_MARK_MS = 60 * 60_000;

const serverNow = sql.raw(SERVER_NOW);

/** The owner, and how late it is at the server. */
interface Seen {
  readonly owner: Owner | undefined;
  readonly now: number;
}

async function look(db: Queries): Promise<Seen> {
  const [clock] = await db.rows<{ now: number }>(sql`SELECT ${serverNow} AS now`);
  const [row] = await db.select().from(db.tables.owner);
  return { owner: row, now: clock?.now ?? 0 };
}

async function takeIn(tx: Queries, leaseMs: number): Promise<number | Seen> {
  const seen = await look(tx);
  if (seen.owner !== undefined && seen.owner.expiresAt > seen.now) return seen;
  const fence = (seen.owner?.fence ?? 0) + 1;
  const { host, pid, process: name } = identityOf(process.pid);
  const { owner } = tx.tables;
  const set = {
    ...{ holder: `${host}/${pid}/${fence}`, host, pid, process: name, fence },
    ...{ since: seen.now, heartbeatAt: seen.now, expiresAt: seen.now + leaseMs },
  };
  await tx
    .insert(owner)
    .values({ id: 1, ...set })
    .onConflictDoUpdate({ target: owner.id, set });
  // Marks of processes that have ended. A worker or a replica that works on may be about to look for a newer one.
  await tx.run(sql`
    DELETE FROM kv WHERE name LIKE ${`${MARKS}%`} AND CASE WHEN value ~ '^[0-9]{13}:'
      THEN CAST(left(value, 13) AS bigint) < ${seen.now - OLD_MARK_MS} ELSE true END`);
  return fence;
}

/** Takes the lease if it is free, and resolves to its fence number; else to its owner, or null if another m0 writes. */
async function tryTake(pool: pg.Pool, leaseMs: number): Promise<number | Seen | null> {
  try {
    return await inTransaction(pool, { lockMs: LOCK_MS }, async (tx) => {
      // A newer m0 may have migrated while this one waited: with the lease it would keep that one out, and could do nothing.
      await refuseNewer(tx);
      return takeIn(tx, leaseMs);
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === '55P03') return null;
    throw toStoreError('taking the database over', error);
  }
}

/** True if the database has the table of the owner: m0 has used it before. */
export async function hasOwnerTable(pool: pg.Pool): Promise<boolean> {
  const [found] = await queriesOf(pool).rows<{ there: boolean }>(
    sql`SELECT to_regclass('owner') IS NOT NULL AS there`,
  );
  return found?.there === true;
}

/**
 * Makes this process the owner and resolves to its fence number. A lease that has expired by the server's clock is free.
 * While it lasts, waits, or rejects with an OwnedError as soon as the owner sends a heartbeat: a killed owner is replaced
 * when its lease ends (30 s after the last heartbeat). Rejects with a StoreError as soon as a newer m0 has migrated the
 * database, and with the signal's reason if it aborts.
 */
export async function takeLease(pool: pg.Pool, shown: string, options: OwnerOptions): Promise<number> {
  const { leaseMs = LEASE_MS, wait } = options;
  const beganAt = performance.now();
  let known: Owner | undefined;
  for (;;) {
    const taken = await tryTake(pool, leaseMs);
    if (typeof taken === 'number') return taken;
    const { owner, now } = taken ?? (await look(queriesOf(pool)));
    if (owner !== undefined) {
      const isAlive = known !== undefined && owner.heartbeatAt !== known.heartbeatAt;
      if (isAlive && !wait) throw ownedError(shown, owner, now);
      if (known === undefined && wait) await options.onWaiting?.(owner);
    }
    // Somebody who is not the owner holds the lock of the writers.
    const isSilent = performance.now() - beganAt > 2 * leaseMs;
    if (taken === null && !wait && isSilent) {
      throw owner === undefined ? busyError(`opening the database ${shown}`) : ownedError(shown, owner, now);
    }
    known = owner;
    await sleep(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Ends the lease, so the next process does not wait for it. Rejects with a StoreError. */
export function releaseLease(pool: pg.Pool, fence: number): Promise<void> {
  return attempt('ending the lease', async () => {
    const db = queriesOf(pool);
    const { owner } = db.tables;
    await db.update(owner).set({ expiresAt: 0 }).where(eq(owner.fence, fence));
  });
}
