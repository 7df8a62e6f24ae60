/** The lease on a SQLite database: one process owns it, and each write checks its fence number. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Sqlite from 'better-sqlite3';
import { identityOf, processState } from '../base/process-identity.ts';
import { LEASE_MS, mayTakeOver, type Owner } from '../model/owner.ts';
import { LeaseLost, OwnedError } from '../ports/owner.ts';
import { durationText } from '../text/words.ts';
import { busyError, toStoreError } from './store-error.ts';

/** How a process becomes the owner of a database. */
export interface OwnerOptions {
  /** True: wait while another process owns the database. False: reject. */
  readonly wait: boolean;
  /** Called once, before the wait begins, with the current owner. */
  readonly onWaiting?: (owner: Owner) => void | Promise<void>;
  /** Called once, when another process has taken over the database. */
  readonly onLost: () => void;
  /** Aborts the wait. */
  readonly signal?: AbortSignal;
  /** How long the lease lasts after the last heartbeat, in ms; 30 s by default. */
  readonly leaseMs?: number;
}

/** How a process becomes a worker beside the owner of a database. */
export interface WorkerOptions {
  readonly labels: readonly string[];
  /** Called once, when the work of this process was given away because it gave no sign of life. */
  readonly onLost: () => void;
  /** How long the lease lasts after the last heartbeat, in ms; 30 s by default. */
  readonly leaseMs?: number;
}

/** How often a waiting process reads the owner row, in ms. */
const POLL_MS = 250;
/** How long one attempt blocks if another process is writing, in ms. Short, so that HTTP and signals are answered. */
const BUSY_MS = 100;

const READ = `
  SELECT host, pid, process, since, heartbeat_at AS heartbeatAt, expires_at AS expiresAt, fence
  FROM owner WHERE id = 1`;
const TAKE = `
  INSERT INTO owner (id, holder, host, pid, process, since, heartbeat_at, expires_at, fence)
  VALUES (1, :holder, :host, :pid, :process, :now, :now, :expiresAt, :fence)
  ON CONFLICT (id) DO UPDATE SET holder = :holder, host = :host, pid = :pid, process = :process, since = :now,
    heartbeat_at = :now, expires_at = :expiresAt, fence = :fence`;

/** True if the database has the table `owner`. A database of an older m0 gets it by a migration. */
export function hasOwnerTable(client: Sqlite.Database): boolean {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'owner'").get();
  return table !== undefined;
}

function readOwner(client: Sqlite.Database): Owner | undefined {
  return client.prepare<[], Owner>(READ).get();
}

/**
 * Takes the lease if it is free. Returns the new fence number, or null. `silenceOf` returns how long ago the owner's
 * last heartbeat was seen, in ms. Throws a StoreError.
 */
function tryTake(
  client: Sqlite.Database,
  silenceOf: (owner: Owner) => number,
  leaseMs: number,
): number | null {
  const take = client.transaction((): number | null => {
    const owner = readOwner(client);
    const now = Date.now();
    if (owner !== undefined) {
      const evidence = { state: processState(owner), now, silentMs: silenceOf(owner), leaseMs };
      if (!mayTakeOver(owner, evidence)) return null;
    }
    const fence = (owner?.fence ?? 0) + 1;
    const { host, pid, process: name } = identityOf(process.pid);
    client.prepare(TAKE).run({
      ...{ holder: `${host}/${pid}/${fence}`, host, pid, process: name, now, fence },
      expiresAt: now + leaseMs,
    });
    return fence;
  });
  try {
    return take.immediate();
  } catch (error) {
    const known = toStoreError('taking the database over', error);
    // Another process holds the write lock. It may be the owner, frozen in the middle of a write.
    if (known.problem === 'busy') return null;
    throw known;
  }
}

/** The error for a database that another process owns. `now`: ms since epoch, by the clock of the lease. */
export function ownedError(file: string, owner: Owner, now: number): OwnedError {
  const { host, pid, since, heartbeatAt } = owner;
  const silentFor = durationText(Math.max(0, now - heartbeatAt));
  return new OwnedError(
    `the database ${file} is in use by m0 on ${host} (process ${pid}) since ${new Date(since).toISOString()}, last sign of life ${silentFor} ago: stop that m0 first, or set M0_WAIT_FOR_OWNER=1 to wait for its end`,
    owner,
  );
}

/**
 * Makes this process the owner and resolves to its fence number. If the owner's process has ended, the takeover is
 * immediate. If it is frozen or can't be seen from here, the lease must expire first (30 s after the last heartbeat).
 * If the owner is alive, rejects with an OwnedError or waits. Rejects with the signal's reason if it aborts.
 */
export async function takeLease(
  client: Sqlite.Database,
  file: string,
  options: OwnerOptions,
): Promise<number> {
  const patience = client.pragma('busy_timeout', { simple: true });
  client.pragma(`busy_timeout = ${BUSY_MS}`);
  try {
    return await waitForLease(client, file, options);
  } finally {
    client.pragma(`busy_timeout = ${String(patience)}`);
  }
}

async function waitForLease(client: Sqlite.Database, file: string, options: OwnerOptions): Promise<number> {
  const { leaseMs = LEASE_MS, wait } = options;
  let known: Owner | undefined;
  let lastSignAt = performance.now();
  const isAsKnown = (owner: Owner): boolean =>
    owner.heartbeatAt === known?.heartbeatAt && owner.fence === known.fence;
  // A new heartbeat counts even if this process was frozen itself and had not seen it before.
  const silenceOf = (owner: Owner): number => (isAsKnown(owner) ? performance.now() - lastSignAt : 0);
  for (;;) {
    const fence = tryTake(client, silenceOf, leaseMs);
    if (fence !== null) return fence;
    const owner = readOwner(client);
    const isSilent = performance.now() - lastSignAt > 2 * leaseMs;
    if (owner === undefined) {
      // A process that has never been the owner holds the write lock.
      if (!wait && isSilent) throw busyError(`opening the database ${file}`);
    } else if (known === undefined) {
      lastSignAt = performance.now();
      if (wait) await options.onWaiting?.(owner);
    } else if (!isAsKnown(owner)) {
      // The owner sends heartbeats, so only the end of its process would free the lease.
      if (!wait) throw ownedError(file, owner, Date.now());
      lastSignAt = performance.now();
    } else if (!wait && isSilent) {
      // The owner sends no heartbeats but can't be replaced: it is frozen in the middle of a write.
      throw ownedError(file, owner, Date.now());
    }
    known = owner;
    await sleep(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Returns a check, to call inside a transaction, that the fence number is still the newest. It throws LeaseLost. */
export function fenceProof(client: Sqlite.Database, fence: number): () => void {
  const newest = client.prepare<[], { fence: number }>('SELECT fence FROM owner WHERE id = 1');
  return () => {
    if (newest.get()?.fence === fence) return;
    throw new LeaseLost(
      'another m0 has taken over this database, so this one stores and starts nothing more',
    );
  };
}

/** Ends the lease, so the next process does not wait for it. Throws the driver's errors. */
export function releaseLease(client: Sqlite.Database, fence: number): void {
  client.prepare('UPDATE owner SET expires_at = 0 WHERE id = 1 AND fence = ?').run(fence);
}
