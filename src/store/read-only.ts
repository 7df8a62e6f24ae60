/** A look at the database of an m0 that may be running: nothing is migrated, locked or written. */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { ChainedEntry } from './audit-chain.ts';
import { refuseNewer } from './database.ts';
import { databaseFile } from './open.ts';
import { recordLines } from './record.ts';
import { StoreError, toStoreError } from './store-error.ts';

/** How long reading waits for a checkpoint or a recovery by another process, in ms. */
const BUSY_MS = 5000;

/** The file of a database, opened so that it can only be read. The caller closes it. Throws a StoreError. */
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

export interface RecordView {
  readonly file: string;
  /** Every line, oldest first. Throws a StoreError. */
  lines(): Generator<ChainedEntry>;
  close(): void;
}

/** Opens the record of the database at `url` (M0_DATABASE_URL) for reading. Throws a StoreError. */
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
