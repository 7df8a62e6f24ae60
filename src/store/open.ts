import { fileURLToPath } from 'node:url';
import type { Logger } from '../base/log.ts';
import type { OwnerOptions } from './lease.ts';
import { type AuditedStore, openSqliteStore } from './sqlite.ts';
import { StoreError } from './store-error.ts';

export interface StoreOptions {
  /** `file:PATH` (relative to the working directory, absolute, or a `file:///` URL). */
  readonly url: string;
  readonly log: Logger;
  /** How long a write waits for another process that is writing, in ms; 5000 where not given. */
  readonly busyTimeoutMs?: number;
  /** Left out: the memory is opened without a lease, for a look or a test. */
  readonly owner?: OwnerOptions;
}

/** The file that `url` names. Throws a StoreError where it names none. */
export function databaseFile(url: string): string {
  if (/^postgres(ql)?:/.test(url)) {
    throw new StoreError(
      'opening the database: postgres:// is not in this version yet: use file:PATH (SQLite)',
    );
  }
  if (!url.startsWith('file:') || url === 'file:') {
    throw new StoreError('opening the database: M0_DATABASE_URL must be file:PATH, as in file:.m0/m0.db');
  }
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length);
}

/**
 * Opens m0's durable memory, made and brought to the newest schema where needed. Rejects with a StoreError that
 * says what was being done and what to do, or, with `owner`, with an OwnedError where another process owns it.
 */
export async function openStore({
  url,
  log,
  busyTimeoutMs = 5000,
  owner,
}: StoreOptions): Promise<AuditedStore> {
  return openSqliteStore(databaseFile(url), log, busyTimeoutMs, owner ?? null);
}
