/** Opens the SQLite file with the right settings and migrates it to the newest schema. */
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { StoreError } from '../ports/store-error.ts';
import { nameNewMemory } from './memory.ts';
import { NEWER_DATABASE } from './store-error.ts';

export type Database = BetterSQLite3Database & { readonly $client: Sqlite.Database };

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

/** The newest migration that the database has had, by its time in the journal; null where it had none. */
function newestMigration(client: Sqlite.Database): number | null {
  const known = client
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '__drizzle_migrations'")
    .get();
  if (known === undefined) return null;
  const stored = client.prepare('SELECT max(created_at) AS at FROM __drizzle_migrations').get() as {
    at: number | null;
  };
  return stored.at === null ? null : Number(stored.at);
}

/** Throws a StoreError if a newer m0 has migrated the database, because this version doesn't know its schema. */
export function refuseNewer(client: Sqlite.Database): void {
  const stored = newestMigration(client);
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
    entries: readonly { when: number }[];
  };
  const newest = Math.max(...journal.entries.map((e) => e.when));
  if ((stored ?? 0) > newest) throw new StoreError(NEWER_DATABASE);
}

function migrateOnce(db: Database): void {
  const before = newestMigration(db.$client);
  try {
    migrate(db, { migrationsFolder: MIGRATIONS });
  } catch (error) {
    // Another process may have migrated the same file at the same time. Then the second try has less or nothing to do.
    if (newestMigration(db.$client) === before) throw error;
    migrate(db, { migrationsFolder: MIGRATIONS });
  }
}

/**
 * Opens or creates the SQLite file, readable only by its owner, and checks it. Blocks for at most `busyTimeoutMs` if
 * another process has locked the file. Throws the driver's errors, or a StoreError if the file is damaged or newer.
 */
export function openFile(file: string, busyTimeoutMs: number): Sqlite.Database {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // The file is created before SQLite opens it, because the -wal and -shm files get the same mode.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const client = new Sqlite(file, { timeout: busyTimeoutMs });
  try {
    client.pragma('journal_mode = WAL');
    // A decision must survive a power cut, so each commit is flushed to the disk before anybody sees its result.
    client.pragma('synchronous = FULL');
    // Without this INSERT OR REPLACE would not run the triggers that protect the audit log.
    client.pragma('recursive_triggers = ON');
    const state: unknown = client.pragma('quick_check(1)', { simple: true });
    if (state !== 'ok') throw new StoreError(String(state), { problem: 'corrupt' });
    refuseNewer(client);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Migrates the database to the newest schema and checks it. Closes it and throws if that fails. */
export function migrateDatabase(client: Sqlite.Database): Database {
  try {
    const db: Database = drizzle(client);
    // Some migrations create a table again, which SQLite allows only while foreign keys are not enforced.
    client.pragma('foreign_keys = OFF');
    migrateOnce(db);
    client.pragma('foreign_keys = ON');
    const [broken] = client.pragma('foreign_key_check') as readonly { readonly table?: string }[];
    if (broken !== undefined) {
      throw new StoreError(`a row of ${broken.table ?? 'a table'} refers to nothing`, { problem: 'corrupt' });
    }
    nameNewMemory(client);
    return db;
  } catch (error) {
    client.close();
    throw error;
  }
}
