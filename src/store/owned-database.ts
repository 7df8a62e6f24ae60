/** Opens the database as its owner, or, for a look or a test, without a lease. */
import type { Logger } from '../base/log.ts';
import { LEASE_MS } from '../model/owner.ts';
import { LeaseLost } from '../ports/owner.ts';
import { type Database, migrateDatabase, openFile } from './database.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { fenceProof, hasOwnerTable, type OwnerOptions, releaseLease, takeLease } from './lease.ts';
import { attempt } from './writing.ts';

export interface Lease {
  /** null where the database was opened without a lease. */
  readonly fence: number | null;
  /** Throws LeaseLost where another process has taken over. Call it inside the transaction of what it is for. */
  prove(): void;
  /** Ends the lease, so that the next owner need not wait. Rejects with a StoreError. */
  release(): Promise<void>;
}

const NO_LEASE: Lease = { fence: null, prove: () => {}, release: async () => {} };

/**
 * Opens the file and brings it to the newest schema. With `owner` the lease is taken before anything is migrated, and
 * kept alive until `release`. Rejects with a StoreError, with an OwnedError where another process owns it, or with
 * the reason of the owner's signal.
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
    // An m0 from before the lease can't be seen, and none but this one is starting now.
    fence ??= await takeLease(client, file, owner);
    return { db, lease: keptLease(db, file, fence, log, owner) };
  } catch (error) {
    client.close();
    throw error;
  }
}

function keptLease(db: Database, file: string, fence: number, log: Logger, owner: OwnerOptions): Lease {
  let isLost = false;
  const lose = (): void => {
    if (isLost) return;
    isLost = true;
    owner.onLost();
  };
  const proof = fenceProof(db.$client, fence);
  const heartbeat: Heartbeat = startHeartbeat({
    ...{ file, fence, log, onLost: lose },
    leaseMs: owner.leaseMs ?? LEASE_MS,
  });
  return {
    fence,
    prove() {
      try {
        proof();
      } catch (error) {
        if (error instanceof LeaseLost) lose();
        throw error;
      }
    },
    async release() {
      // First the heartbeat, which would extend the lease again.
      await heartbeat.stop();
      await attempt('ending the lease', () => releaseLease(db.$client, fence));
    },
  };
}
