/** The store on SQLite. */
import type { Logger } from '../base/log.ts';
import { attempt } from './access.ts';
import { type AuditedStore, createStore, PROBE_MS } from './audited-store.ts';
import type { OwnerOptions } from './lease.ts';
import { openOwned } from './owned-database.ts';
import { accessTo } from './writing.ts';

/**
 * Opens the store in `file`. Creates and migrates it if needed. Waits for up to `busyTimeoutMs` if another process
 * writes. Rejects with a StoreError, or with an OwnedError if another process owns the database.
 */
export async function openSqliteStore(
  file: string,
  log: Logger,
  busyTimeoutMs: number,
  owner: OwnerOptions | null,
): Promise<AuditedStore> {
  const { db, lease } = await openOwned(file, log, busyTimeoutMs, owner);
  const access = accessTo(db, lease.prove, busyTimeoutMs, PROBE_MS);
  return createStore({
    ...access,
    ...{ fence: lease.fence, log },
    proveOwner: () => attempt('proving the lease', lease.prove),
    async close() {
      await access.idle();
      await lease.release();
      await attempt('closing the database', () => {
        db.$client.close();
      });
    },
  });
}
