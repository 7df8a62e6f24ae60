/** Opens the store that M0_DATABASE_URL names. */
import { fileURLToPath } from 'node:url';
import type { Logger } from '../base/log.ts';
import { StoreError } from '../ports/store-error.ts';
import type { AuditedStore } from './audited-store.ts';
import type { JobOf } from './committed.ts';
import type { OwnerOptions, WorkerOptions } from './lease.ts';
import { openSqliteStore } from './sqlite.ts';

export interface StoreOptions {
  /** `file:PATH` (relative to the working directory, absolute, or a `file:///` URL), or `postgres://…`. */
  readonly url: string;
  readonly log: Logger;
  /** How long a write waits while another process writes, in ms; 5000 by default. */
  readonly busyTimeoutMs?: number;
  /** Left out, with `worker`: the database is opened without a lease, for reading or in tests. */
  readonly owner?: OwnerOptions;
  /** Opens the database as a worker beside its owner: PostgreSQL only. */
  readonly worker?: WorkerOptions;
  /**
   * Makes a job of a run that waits. With it, a PostgreSQL database delivers jobs to workers and tells processes of each
   * other's changes, see SharedWork.
   */
  readonly jobOf?: JobOf;
}

/** True if the URL names a PostgreSQL database. */
export function isPostgres(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/**
 * The path of the database file in `url`. Throws a StoreError if `url` names no file.
 */
export function databaseFile(url: string): string {
  if (!url.startsWith('file:') || url === 'file:') {
    throw new StoreError(
      'opening the database: M0_DATABASE_URL must be file:PATH, as in file:.m0/m0.db, or postgres://…',
    );
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
  worker,
  jobOf,
}: StoreOptions): Promise<AuditedStore> {
  if (isPostgres(url)) {
    // Loaded only where it is used: it takes 140 MB of memory and half a second.
    const { openPostgresStore } = await import('./postgres/open.ts');
    const part = worker === undefined ? owner && { owner } : { worker };
    return openPostgresStore(url, log, busyTimeoutMs, part ?? null, jobOf);
  }
  if (worker !== undefined) {
    throw new StoreError(
      'opening the database: workers need a PostgreSQL database: set M0_DATABASE_URL to postgres://…',
    );
  }
  return openSqliteStore(databaseFile(url), log, busyTimeoutMs, owner ?? null);
}
