/** The lease on a SQLite memory: one process owns it, proven by a fence number at each write. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Sqlite from 'better-sqlite3';
import { identityOf, processState } from '../base/process-identity.ts';
import { LEASE_MS, mayTakeOver, type Owner } from '../model/owner.ts';
import { LeaseLost, OwnedError } from '../ports/owner.ts';
import { durationText } from '../text/words.ts';
import { busyError, toStoreError } from './store-error.ts';

/** How a process becomes the owner of a memory. */
export interface OwnerOptions {
  /** True: waits for as long as another process owns the memory. */
  readonly wait: boolean;
  /** Called once, before the waiting begins, with the owner that is waited for. */
  readonly onWaiting?: (owner: Owner) => void | Promise<void>;
  /** Called once, when another process has taken the memory over. */
  readonly onLost: () => void;
  /** Gives the waiting up. */
  readonly signal?: AbortSignal;
  /** How long the lease lasts after the last heartbeat, in ms; 30 s where left out. */
  readonly leaseMs?: number;
}

/** How often a candidate looks at the owner, in ms. */
const LOOK_MS = 250;
/** How long a candidate blocks where somebody else is writing, in ms: it answers HTTP and signals meanwhile. */
const BUSY_MS = 100;

const READ = `
  SELECT host, pid, process, since, heartbeat_at AS heartbeatAt, expires_at AS expiresAt, fence
  FROM owner WHERE id = 1`;
const TAKE = `
  INSERT INTO owner (id, holder, host, pid, process, since, heartbeat_at, expires_at, fence)
  VALUES (1, :holder, :host, :pid, :process, :now, :now, :expiresAt, :fence)
  ON CONFLICT (id) DO UPDATE SET holder = :holder, host = :host, pid = :pid, process = :process, since = :now,
    heartbeat_at = :now, expires_at = :expiresAt, fence = :fence`;

/** True where the database has a place for an owner; a database of an older m0 gets one by its migration. */
export function hasOwnerTable(client: Sqlite.Database): boolean {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'owner'").get();
  return table !== undefined;
}

function readOwner(client: Sqlite.Database): Owner | undefined {
  return client.prepare<[], Owner>(READ).get();
}

/**
 * Takes the lease where it is free. Answers the new fence, or null. `silenceOf` answers for how long the owner has
 * been silent, in ms. Throws a StoreError.
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
    // Another process is in the middle of a write: the owner, who may be frozen there.
    if (known.problem === 'busy') return null;
    throw known;
  }
}

function ownedError(file: string, owner: Owner): OwnedError {
  const { host, pid, since, heartbeatAt } = owner;
  const sign = durationText(Date.now() - heartbeatAt);
  return new OwnedError(
    `the database ${file} is in use by m0 on ${host} (process ${pid}) since ${new Date(since).toISOString()}, last sign of life ${sign} ago: stop that m0 first, or set M0_WAIT_FOR_OWNER=1 to wait for its end`,
    owner,
  );
}

/**
 * Makes this process the owner and resolves to its fence. A lease whose process has ended is taken at once; one
 * whose process can't be seen from here, or is frozen, when it is over (30 s after the last heartbeat). Where the
 * owner is alive, rejects with an OwnedError, or waits. Rejects with the signal's reason where that aborts.
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
  let heardAt = performance.now();
  const isAsKnown = (owner: Owner): boolean =>
    owner.heartbeatAt === known?.heartbeatAt && owner.fence === known.fence;
  // Asked about the row as it is now: this process itself may have been frozen, while the owner was not.
  const silenceOf = (owner: Owner): number => (isAsKnown(owner) ? performance.now() - heardAt : 0);
  for (;;) {
    const fence = tryTake(client, silenceOf, leaseMs);
    if (fence !== null) return fence;
    const owner = readOwner(client);
    const isSilent = performance.now() - heardAt > 2 * leaseMs;
    if (owner === undefined) {
      // A process that has never been the owner is in the middle of a write.
      if (!wait && isSilent) throw busyError(`opening the database ${file}`);
    } else if (known === undefined) {
      if (wait) await options.onWaiting?.(owner);
    } else if (!isAsKnown(owner)) {
      // It shows signs of life: nothing would end this but the end of that process.
      if (!wait) throw ownedError(file, owner);
      heardAt = performance.now();
    } else if (!wait && isSilent) {
      // It is silent and still can't be replaced: it was frozen in the middle of a write.
      throw ownedError(file, owner);
    }
    known = owner;
    await sleep(LOOK_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Proves inside a transaction that the fence is still the newest. Throws LeaseLost. */
export function fenceProof(client: Sqlite.Database, fence: number): () => void {
  const newest = client.prepare<[], { fence: number }>('SELECT fence FROM owner WHERE id = 1');
  return () => {
    if (newest.get()?.fence === fence) return;
    throw new LeaseLost(
      'another m0 has taken over this database, so this one stores and starts nothing more',
    );
  };
}

/** Ends the lease, so that the next process need not wait for it. Throws the driver's errors. */
export function releaseLease(client: Sqlite.Database, fence: number): void {
  client.prepare('UPDATE owner SET expires_at = 0 WHERE id = 1 AND fence = ?').run(fence);
}
