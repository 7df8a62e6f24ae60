/** Opens the database with a lease, or without one for reading and in tests. */
import type { Logger } from '../base/log.ts';
import { LEASE_MS } from '../model/owner.ts';
import { LeaseLost } from '../ports/owner.ts';
import { attempt } from './access.ts';
import { type Database, migrateDatabase, openFile } from './database.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { fenceProof, hasOwnerTable, type OwnerOptions, releaseLease, takeLease } from './lease.ts';

export interface Lease {
  /** The fence number; null if the database was opened without a lease. */
  readonly fence: number | null;
  /** Throws LeaseLost if another process has taken over. Call it inside the transaction that it protects. */
  prove(): void;
  /** Ends the lease, so the next owner does not wait for it. Rejects with a StoreError. */
  release(): Promise<void>;
}

const NO_LEASE: Lease = { fence: null, prove: () => {}, release: async () => {} };

/**
 * Opens the file and migrates it to the newest schema. With `owner`, takes the lease before the migration and extends
 * it until `release`. Rejects with a StoreError, with an OwnedError if another process owns the database, or with the
 * reason of the owner's signal.
 */
export async function openOwned(
  file: string,
  log: Logger,
  busyTimeoutMs: number,
  owner: OwnerOptions | null,
): Promise<{ readonly db: Database; readonly lease: Lease }> {
  const doing = `opening the database ${file}`;
  const client = await attempt(doing, () => openFile(file, busyTimeoutMs));
  if (owner === null) return { db: await attempt(doing, () => migrateDatabase(client)), lease: NO_LEASE };
  try {
    let fence = hasOwnerTable(client) ? await takeLease(client, file, owner) : null;
    const db = await attempt(doing, () => migrateDatabase(client));
    // A database without the table belongs to an m0 without leases, so the lease is taken after the migration.
    fence ??= await takeLease(client, file, owner);
    return { db, lease: startLease(db, file, fence, log, owner) };
  } catch (error) {
    client.close();
    throw error;
  }
}

function startLease(db: Database, file: string, fence: number, log: Logger, owner: OwnerOptions): Lease {
  let isLost = false;
  const reportLost = (): void => {
    if (isLost) return;
    isLost = true;
    owner.onLost();
  };
  const proveFence = fenceProof(db.$client, fence);
  const heartbeat: Heartbeat = startHeartbeat({
    ...{ file, fence, log, onLost: reportLost },
    leaseMs: owner.leaseMs ?? LEASE_MS,
  });
  return {
    fence,
    prove() {
      try {
        proveFence();
      } catch (error) {
        if (error instanceof LeaseLost) reportLost();
        throw error;
      }
    },
    async release() {
      // The heartbeat stops first, because it would extend the lease again.
      await heartbeat.stop();
      await attempt('ending the lease', () => releaseLease(db.$client, fence));
    },
  };
}
