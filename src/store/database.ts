import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { StoreError } from './store-error.ts';

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

/** Refuses a database that a newer m0 has migrated: this version doesn't know what it holds. */
export function refuseNewer(client: Sqlite.Database): void {
  const stored = newestMigration(client);
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
    entries: readonly { when: number }[];
  };
  const newest = Math.max(...journal.entries.map((e) => e.when));
  if ((stored ?? 0) > newest) {
    throw new StoreError('the database was written by a newer version of m0: start that version');
  }
}

function migrateOnce(db: Database): void {
  const before = newestMigration(db.$client);
  try {
    migrate(db, { migrationsFolder: MIGRATIONS });
  } catch (error) {
    // Another process may have migrated the same file in between, which broke ours in the middle.
    if (newestMigration(db.$client) === before) throw error;
    migrate(db, { migrationsFolder: MIGRATIONS });
  }
}

/**
 * Opens (or makes) the SQLite file, readable by its owner only, and checks it. Blocks for at most `busyTimeoutMs`
 * where another process holds the file. Throws the driver's errors.
 */
export function openFile(file: string, busyTimeoutMs: number): Sqlite.Database {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Made before SQLite opens it: its -wal and -shm files take over the mode.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const client = new Sqlite(file, { timeout: busyTimeoutMs });
  try {
    client.pragma('journal_mode = WAL');
    // A decision must survive a power cut: each commit reaches the disk before it is told to anybody.
    client.pragma('synchronous = FULL');
    // Else INSERT OR REPLACE would pass by the triggers that keep the audit record.
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

/** Brings the database to the newest schema and checks it. Closes it and throws where that can't be done. */
export function migrateDatabase(client: Sqlite.Database): Database {
  try {
    const db: Database = drizzle(client);
    // A table can only be made anew, as some migrations do, while nothing insists on what refers to it.
    client.pragma('foreign_keys = OFF');
    migrateOnce(db);
    client.pragma('foreign_keys = ON');
    const [broken] = client.pragma('foreign_key_check') as readonly { readonly table?: string }[];
    if (broken !== undefined) {
      throw new StoreError(`a row of ${broken.table ?? 'a table'} refers to nothing`, { problem: 'corrupt' });
    }
    return db;
  } catch (error) {
    client.close();
    throw error;
  }
}
