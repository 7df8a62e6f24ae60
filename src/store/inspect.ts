/** What `doctor` and `/readyz` say about the database. */
import { existsSync } from 'node:fs';
import { createLogger } from '../base/log.ts';
import { attempt } from './access.ts';
import { databaseFile, isPostgres } from './open.ts';

/** The kind of the database that M0_DATABASE_URL names. */
export function databaseKind(url: string): 'SQLite' | 'PostgreSQL' {
  return isPostgres(url) ? 'PostgreSQL' : 'SQLite';
}

/**
 * Kind, place and version of the database, without user and password. Rejects with a StoreError if a PostgreSQL server
 * can't be used. Changes nothing.
 */
export async function describeDatabase(url: string): Promise<string> {
  if (!isPostgres(url)) {
    const file = databaseFile(url);
    return `SQLite: ${file}${existsSync(file) ? '' : ' (the first start makes it)'}`;
  }
  const [{ openPool, shownDatabase }, { refuseOldServer }, { queriesOf }] = await Promise.all([
    import('./postgres/client.ts'),
    import('./postgres/migrate.ts'),
    import('./postgres/queries.ts'),
  ]);
  const pool = openPool(url, createLogger('silent'));
  const shown = shownDatabase(url);
  try {
    const version = await attempt(`connecting to ${shown}`, () => refuseOldServer(queriesOf(pool)));
    return `PostgreSQL ${version}: ${shown}`;
  } finally {
    await pool.end();
  }
}
