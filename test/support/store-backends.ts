/** The store backends that the store's contract tests run against. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { AuditedStore } from '../../src/store/sqlite.ts';

export interface Backend {
  readonly name: string;
  /** Opens the store in a folder of the test. A second call opens the same store, as after a restart. */
  open(place: string, busyTimeoutMs?: number): Promise<AuditedStore>;
  /** Runs SQL directly on the database, bypassing the store. */
  sql(place: string, statement: string): void;
  /** Holds the write lock as another process would; the returned function releases it. */
  hold(place: string): () => void;
}

const log = createLogger('silent');
const fileIn = (place: string): string => join(place, 'data', 'm0.db');

export const BACKENDS: readonly Backend[] = [
  {
    name: 'SQLite',
    open: (place, busyTimeoutMs = 50) => openStore({ url: `file:${fileIn(place)}`, log, busyTimeoutMs }),
    sql(place, statement) {
      const client = new Sqlite(fileIn(place));
      try {
        client.pragma('recursive_triggers = ON');
        client.exec(statement);
      } finally {
        client.close();
      }
    },
    hold(place) {
      const other = new Sqlite(fileIn(place));
      other.exec('BEGIN IMMEDIATE');
      return () => {
        other.exec('ROLLBACK');
        other.close();
      };
    },
  },
];
