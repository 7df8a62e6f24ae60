/** Opens the database for reading, also while m0 is running. Never migrates, locks or writes. */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../base/log.ts';
import { StoreError } from '../ports/store-error.ts';
import { refuseNewer } from './database.ts';
import { databaseFile, isPostgres } from './open.ts';
import { openPostgresRecord, openPostgresValues } from './postgres/read-only.ts';
import { recordLines } from './record.ts';
import { toStoreError } from './store-error.ts';
import type { RecordView, ValuesView } from './views.ts';

/** How long a read waits for a checkpoint or a recovery by another process, in ms. */
const BUSY_MS = 5000;

/** Opens the database file read-only. The caller must close it. Throws a StoreError. */
export function openReadOnly(file: string): Sqlite.Database {
  const doing = `opening the database ${file}`;
  if (!existsSync(file)) {
    throw new StoreError(`${doing}: there is no such file: check M0_DATABASE_URL, and the folder you are in`);
  }
  try {
    const client = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    try {
      refuseNewer(client);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  } catch (error) {
    throw toStoreError(doing, error);
  }
}

const silent = createLogger('silent');

/**
 * Opens the single values of the database at `url` (M0_DATABASE_URL) for reading; null if there is no database file yet.
 * Throws a StoreError.
 */
export function openValues(url: string): ValuesView | null {
  if (isPostgres(url)) return openPostgresValues(url, silent);
  const file = databaseFile(url);
  if (!existsSync(file)) return null;
  const client = openReadOnly(file);
  return {
    async value(name) {
      try {
        const row = client.prepare('SELECT value FROM kv WHERE name = ?').get(name);
        return row === undefined ? undefined : (row as { readonly value: string }).value;
      } catch (error) {
        throw toStoreError(`reading ${name} in ${file}`, error);
      }
    },
    close: async () => void client.close(),
  };
}

/** Opens the audit log of the database at `url` (M0_DATABASE_URL) for reading. Throws a StoreError. */
export function openRecord(url: string): RecordView {
  if (isPostgres(url)) return openPostgresRecord(url, silent);
  const file = databaseFile(url);
  const client = openReadOnly(file);
  return {
    file,
    async *lines() {
      try {
        yield* recordLines(client);
      } catch (error) {
        throw toStoreError(`reading the record in ${file}`, error);
      }
    },
    close: async () => void client.close(),
  };
}
