/** Brings a PostgreSQL database to the newest schema. */
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type pg from 'pg';
import { StoreError } from '../../ports/store-error.ts';
import type { Queries } from '../access.ts';
import { MEMORY_VALUE, newMemoryId } from '../memory.ts';
import { NEWER_DATABASE } from '../store-error.ts';
import { setValue } from '../write.ts';
import { inTransaction } from './transaction.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
/** How long a migration waits for another m0 that migrates, and how long one statement of it may take, in ms. */
const PATIENCE = { lockMs: 60_000, statementMs: 600_000 };

/** The newest migration that the database has had, by its time in the journal; null where it had none. */
async function newestMigration(db: Queries): Promise<number | null> {
  const [known] = await db.rows<{ there: boolean }>(
    sql`SELECT to_regclass('__drizzle_migrations') IS NOT NULL AS there`,
  );
  if (!known?.there) return null;
  const [stored] = await db.rows<{ at: number | null }>(
    sql`SELECT max(created_at) AS at FROM __drizzle_migrations`,
  );
  return stored?.at ?? null;
}

let known: number | undefined;
/** The newest migration of this version, read once: a process that waits for the lease asks four times a second. */
function ownNewest(): number {
  known ??= Math.max(
    ...readMigrationFiles({ migrationsFolder: MIGRATIONS }).map(({ folderMillis }) => folderMillis),
  );
  return known;
}

/** Rejects with a StoreError if a newer m0 has migrated the database, because this version doesn't know its schema. */
export async function refuseNewer(db: Queries): Promise<void> {
  if (((await newestMigration(db)) ?? 0) > ownNewest()) throw new StoreError(NEWER_DATABASE);
}

/** Rejects with a StoreError if the database does not have the schema of this version yet. */
export async function refuseOlder(db: Queries): Promise<void> {
  const stored = await newestMigration(db);
  if (stored === null) {
    throw new StoreError('m0 serve has not been started on this database yet: start it first');
  }
  if (stored < ownNewest()) {
    throw new StoreError(
      'the database has the schema of an older version of m0: start m0 serve of this version first, which migrates it',
    );
  }
}

/** The oldest server that m0 works with: older ones are no longer maintained. */
const OLDEST_SERVER = 14;

/** Resolves with the version of the server. Rejects with a StoreError if it is too old. */
export async function refuseOldServer(db: Queries): Promise<string> {
  const [row] = await db.rows<{ version: string }>(
    sql`SELECT split_part(current_setting('server_version'), ' ', 1) AS version`,
  );
  const version = row?.version ?? '';
  if (Number.parseInt(version, 10) < OLDEST_SERVER) {
    throw new StoreError(`PostgreSQL ${version} is too old: m0 needs ${OLDEST_SERVER} or newer`);
  }
  return version;
}

async function migrateIn(tx: Queries): Promise<void> {
  await refuseNewer(tx);
  const before = await newestMigration(tx);
  const missing = readMigrationFiles({ migrationsFolder: MIGRATIONS }).filter(
    ({ folderMillis }) => folderMillis > (before ?? 0),
  );
  if (missing.length === 0) return;
  if (before === null) {
    await tx.run(
      sql`CREATE TABLE __drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`,
    );
  }
  for (const { sql: statements, hash, folderMillis } of missing) {
    for (const statement of statements) await tx.run(sql.raw(statement));
    await tx.run(sql`INSERT INTO __drizzle_migrations (hash, created_at) VALUES (${hash}, ${folderMillis})`);
  }
  if (before === null) {
    await setValue(tx, MEMORY_VALUE, JSON.stringify({ id: newMemoryId(), restores: [] }));
  }
}

/** True if the user may not change the schema: then another user owns the tables. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === '42501';
}

/**
 * Migrates the database in one transaction, once, however many processes start together, and names a new memory. Rejects
 * with a StoreError or the driver's errors; then nothing was changed.
 */
export async function migrateDatabase(pool: pg.Pool): Promise<void> {
  try {
    await inTransaction(pool, PATIENCE, migrateIn);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new StoreError(
      'the user in M0_DATABASE_URL may not create or change tables: run `m0 db migrate` as the user who owns them',
      { problem: 'denied', cause: error },
    );
  }
}
