/** Opens the store that M0_DATABASE_URL names. */
import { fileURLToPath } from 'node:url';
import type { Logger } from '../base/log.ts';
import type { OwnerOptions } from './lease.ts';
import { type AuditedStore, openSqliteStore } from './sqlite.ts';
import { StoreError } from './store-error.ts';

export interface StoreOptions {
  /** `file:PATH` (relative to the working directory, absolute, or a `file:///` URL). */
  readonly url: string;
  readonly log: Logger;
  /** How long a write waits while another process writes, in ms; 5000 by default. */
  readonly busyTimeoutMs?: number;
  /** Left out: the database is opened without a lease, for reading or in tests. */
  readonly owner?: OwnerOptions;
}

/** The path of the database file in `url`. Throws a StoreError if `url` names no file. */
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
 * Opens m0's database. Creates it or migrates it to the newest schema if needed. Rejects with a StoreError that says
 * what m0 was doing and what to do about it. With `owner`, rejects with an OwnedError if another process owns it.
 */
export async function openStore({
  url,
  log,
  busyTimeoutMs = 5000,
  owner,
}: StoreOptions): Promise<AuditedStore> {
  return openSqliteStore(databaseFile(url), log, busyTimeoutMs, owner ?? null);
}
