/** Opens the store on PostgreSQL. */
import { sql } from 'drizzle-orm';
import type pg from 'pg';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { LEASE_MS } from '../../model/owner.ts';
import { LeaseLost } from '../../ports/owner.ts';
import { attempt, type Queries } from '../access.ts';
import { type AuditedStore, createStore, PROBE_MS } from '../audited-store.ts';
import type { JobOf } from '../committed.ts';
import { type Heartbeat, startHeartbeatThread } from '../heartbeat.ts';
import type { OwnerOptions, WorkerOptions } from '../lease.ts';
import { openPool, shownDatabase } from './client.ts';
import { accessTo, type PostgresAccess, proveFence } from './database.ts';
import { hasOwnerTable, releaseLease, takeLease } from './lease.ts';
import { migrateDatabase, refuseNewer, refuseOlder, refuseOldServer } from './migrate.ts';
import { queriesOf } from './queries.ts';
import { type OpenWork, openWork } from './work/open.ts';
import { enterWorker, leaveWorker, proveWorker } from './worker-lease.ts';

/** A migrated PostgreSQL database, with or without a lease. */
export interface OpenDatabase {
  readonly pool: pg.Pool;
  readonly access: PostgresAccess;
  /** The number of this process, see StoreParts. */
  readonly fence: number | null;
  /** Rejects with LeaseLost if another process has taken over. */
  prove(db: Queries): Promise<void>;
  /** Ends the lease and the connections. Rejects with a StoreError. */
  close(): Promise<void>;
}

/** A server that may lose commits in a power cut is worth a warning at each start. */
async function warnOfLazyServer(pool: pg.Pool, log: Logger): Promise<void> {
  const db = queriesOf(pool);
  const [row] = await db.rows<{ fsync: string; commits: string }>(
    sql`SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits`,
  );
  if (row?.fsync !== 'off' && row?.commits !== 'off') return;
  log.warn(
    row,
    'the database server may lose decisions in a power cut: turn fsync and synchronous_commit on',
  );
}

/** What a process is for the database: its owner, one of the workers, or neither. */
export type Part = { readonly owner: OwnerOptions } | { readonly worker: WorkerOptions } | null;

/** What a process has in the database: its number, and what keeps it alive. */
interface Entered {
  readonly fence: number;
  readonly heartbeat: Heartbeat;
}

/** Enters a worker, if the database has the schema of this version. Resolves with its number, which is negative. */
async function enter(
  pool: pg.Pool,
  shown: string,
  worker: WorkerOptions,
  beatFor: (fence: number) => Heartbeat,
): Promise<Entered> {
  const doing = `opening the database ${shown}`;
  await attempt(doing, () => refuseOldServer(queriesOf(pool)));
  await attempt(doing, () => refuseNewer(queriesOf(pool)));
  // The owner migrates: while an older one works, its database must stay as it is.
  await attempt(doing, () => refuseOlder(queriesOf(pool)));
  const fence = -(await enterWorker(pool, worker.labels, worker.leaseMs ?? LEASE_MS));
  return { fence, heartbeat: beatFor(fence) };
}

/**
 * Takes the lease and migrates; the owner of a database that m0 has used before is respected first. The heartbeat begins
 * before the migration, which may take longer than the lease.
 */
async function takeAndMigrate(
  pool: pg.Pool,
  shown: string,
  owner: OwnerOptions | null,
  log: Logger,
  beatFor: (fence: number) => Heartbeat,
): Promise<Entered | null> {
  const doing = `opening the database ${shown}`;
  await attempt(doing, () => refuseOldServer(queriesOf(pool)));
  await attempt(doing, () => refuseNewer(queriesOf(pool)));
  const isUsed = await attempt(doing, () => hasOwnerTable(pool));
  const take = async (by: OwnerOptions): Promise<Entered> => {
    const fence = await takeLease(pool, shown, by);
    return { fence, heartbeat: beatFor(fence) };
  };
  const taken = owner !== null && isUsed ? await take(owner) : null;
  try {
    await attempt(doing, () => migrateDatabase(pool));
  } catch (error) {
    // Another m0 may be able to migrate, and must not wait for the end of the lease.
    if (taken !== null) {
      await taken.heartbeat.stop();
      await releaseLease(pool, taken.fence).catch((failed: unknown) =>
        log.warn(
          { problem: errorText(failed) },
          'the lease could not be ended: the next m0 waits for its end',
        ),
      );
    }
    throw error;
  }
  return taken ?? (owner === null ? null : take(owner));
}

/**
 * Opens the database at `url` and migrates it to the newest schema, as its owner until `close` or without a lease; or, as
 * a worker, only looks whether the schema is the newest. Rejects as `openStore` does.
 */
export async function openDatabase(
  url: string,
  log: Logger,
  busyTimeoutMs: number,
  part: Part,
): Promise<OpenDatabase> {
  const pool = openPool(url, log);
  let entered: Entered | null = null;
  try {
    const owner = part !== null && 'owner' in part ? part.owner : null;
    const worker = part !== null && 'worker' in part ? part.worker : null;
    let isLost = false;
    const reportLost = (): void => {
      if (isLost) return;
      isLost = true;
      (owner ?? worker)?.onLost();
    };
    const beatFor = (fence: number): Heartbeat =>
      startHeartbeatThread(
        new URL('./heartbeat-thread.ts', import.meta.url),
        { url, fence, leaseMs: (owner ?? worker)?.leaseMs ?? LEASE_MS },
        { log, onLost: reportLost },
      );
    entered =
      worker === null
        ? await takeAndMigrate(pool, shownDatabase(url), owner, log, beatFor)
        : await enter(pool, shownDatabase(url), worker, beatFor);
    const fence = entered?.fence ?? null;
    const heartbeat = entered?.heartbeat;
    await attempt('looking at the settings of the database', () => warnOfLazyServer(pool, log));
    const prove = async (db: Queries): Promise<void> => {
      if (fence === null) return;
      try {
        await (fence < 0 ? proveWorker(db, -fence) : proveFence(db, fence));
      } catch (error) {
        if (error instanceof LeaseLost) reportLost();
        throw error;
      }
    };
    return {
      pool,
      access: accessTo(pool, prove, busyTimeoutMs, PROBE_MS),
      fence,
      prove,
      async close() {
        // The heartbeat stops first, because it would extend the lease again.
        await heartbeat?.stop();
        try {
          if (fence !== null) await (fence < 0 ? leaveWorker(pool, -fence) : releaseLease(pool, fence));
        } finally {
          await pool.end();
        }
      },
    };
  } catch (error) {
    await entered?.heartbeat.stop();
    await pool.end();
    throw error;
  }
}

/** Opens the store in the PostgreSQL database at `url`. Rejects as `openStore` does. */
export async function openPostgresStore(
  url: string,
  log: Logger,
  busyTimeoutMs: number,
  part: Part,
  jobOf: JobOf | undefined,
): Promise<AuditedStore> {
  const { pool, access, fence, prove, close } = await openDatabase(url, log, busyTimeoutMs, part);
  let work: OpenWork | null = null;
  try {
    if (jobOf !== undefined) {
      const as = { supervises: fence !== null && fence > 0, migrates: fence === null || fence > 0 };
      work = await openWork({ url, pool, log, jobOf, ...as });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return createStore({
    ...access,
    ...{ fence, log },
    ...(work === null ? {} : { announce: work.announce, shared: work.shared }),
    async close() {
      await work?.close();
      await close();
    },
    proveOwner: () => access.reading('proving the lease', prove),
  });
}
