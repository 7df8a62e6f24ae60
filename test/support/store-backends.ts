/** The store backends that the store's contract tests run against. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { createLogger } from '../../src/base/log.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { WRITERS } from '../../src/store/postgres/transaction.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from './postgres-server.ts';

export interface Backend {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** The value of M0_DATABASE_URL for the store in a folder of the test. */
  url(place: string): Promise<string>;
  /** Opens the store in a folder of the test. A second call opens the same store, as after a restart. */
  open(place: string, busyTimeoutMs?: number): Promise<AuditedStore>;
  /** Runs SQL directly on the database, bypassing the store. */
  sql(place: string, statement: string): Promise<void>;
  /** Removes the triggers that protect the audit record from changes, as somebody with all rights can. */
  unprotectAudit(place: string): Promise<void>;
  /** Holds the write lock as another process would; the returned function releases it. */
  hold(place: string): Promise<() => Promise<void>>;
}

const log = createLogger('silent');
const fileIn = (place: string): string => join(place, 'data', 'm0.db');

export const SQLITE: Backend = {
  name: 'SQLite',
  url: async (place) => `file:${fileIn(place)}`,
  open: (place, busyTimeoutMs = 50) => openStore({ url: `file:${fileIn(place)}`, log, busyTimeoutMs }),
  async sql(place, statement) {
    const client = new Sqlite(fileIn(place));
    try {
      client.pragma('recursive_triggers = ON');
      client.exec(statement);
    } finally {
      client.close();
    }
  },
  unprotectAudit: (place) => SQLITE.sql(place, 'DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete'),
  async hold(place) {
    const other = new Sqlite(fileIn(place));
    other.exec('BEGIN IMMEDIATE');
    return async () => {
      other.exec('ROLLBACK');
      other.close();
    };
  },
};

export const POSTGRES: Backend = {
  name: 'PostgreSQL',
  url: databaseIn,
  open: async (place, busyTimeoutMs = 500) => openStore({ url: await databaseIn(place), log, busyTimeoutMs }),
  async sql(place, statement) {
    await (await postgresServer()).sql(databaseFor(place), statement);
  },
  unprotectAudit: (place) => POSTGRES.sql(place, 'ALTER TABLE audit DISABLE TRIGGER USER'),
  async hold(place) {
    const client = new pg.Client({ connectionString: await databaseIn(place) });
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [WRITERS]);
    return () => client.end();
  },
};

export const BACKENDS: readonly Backend[] = POSTGRES_MISSING === null ? [SQLITE, POSTGRES] : [SQLITE];
