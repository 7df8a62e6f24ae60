/** The stores that the contract of the store is run against. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { AuditedStore } from '../../src/store/sqlite.ts';

export interface Backend {
  readonly name: string;
  /** Opens the store of a test's own place, a folder; again: the same store, as after a restart. */
  open(place: string, busyTimeoutMs?: number): Promise<AuditedStore>;
  /** SQL past the store, as somebody with the file in hand would send it. */
  sql(place: string, statement: string): void;
  /** Another process that is writing; ends with what it answers. */
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
