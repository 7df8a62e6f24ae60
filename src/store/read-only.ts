/** Opens the database for reading, also while m0 is running. Never migrates, locks or writes. */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { ChainedEntry } from './audit-chain.ts';
import { refuseNewer } from './database.ts';
import { databaseFile } from './open.ts';
import { recordLines } from './record.ts';
import { StoreError, toStoreError } from './store-error.ts';

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

/** The audit log of a database that is open for reading. */
export interface RecordView {
  readonly file: string;
  /** All entries, oldest first. Throws a StoreError. */
  lines(): Generator<ChainedEntry>;
  close(): void;
}

/** Opens the audit log of the database at `url` (M0_DATABASE_URL) for reading. Throws a StoreError. */
export function openRecord(url: string): RecordView {
  const file = databaseFile(url);
  const client = openReadOnly(file);
  return {
    file,
    *lines() {
      try {
        yield* recordLines(client);
      } catch (error) {
        throw toStoreError(`reading the record in ${file}`, error);
      }
    },
    close: () => void client.close(),
  };
}
