/** Reads a PostgreSQL database without an m0 on it. Never migrates, locks or writes. */
import type { Logger } from '../../base/log.ts';
import { attempt } from '../access.ts';
import type { ChainedEntry } from '../audit-chain.ts';
import { storedLines } from '../record.ts';
import type { RecordView, ValuesView } from '../views.ts';
import { openPool, shownDatabase } from './client.ts';
import { accessTo } from './database.ts';
import { refuseNewer } from './migrate.ts';
import { queriesOf } from './queries.ts';

/** How long a read waits for a server that is away, in ms. */
const PATIENCE_MS = 5_000;

/** PostgreSQL's code for a table that is not there: no m0 has used the database yet. */
const NO_TABLE = '42P01';

/** As `openValues`, for PostgreSQL. */
export function openPostgresValues(url: string, log: Logger): ValuesView {
  const pool = openPool(url, log);
  const db = queriesOf(pool);
  return {
    value: (name) =>
      attempt(`reading ${name} in ${shownDatabase(url)}`, async () => {
        try {
          const { rows } = await pool.query<{ value: string }>('SELECT value FROM kv WHERE name = $1', [
            name,
          ]);
          return rows[0]?.value;
        } catch (error) {
          if ((error as { code?: unknown }).code !== NO_TABLE) throw error;
          // The server answered, and a database of a newer m0 would have the table.
          await refuseNewer(db);
          return undefined;
        }
      }),
    close: () => pool.end(),
  };
}

/** As `openRecord`, for PostgreSQL. */
export function openPostgresRecord(url: string, log: Logger): RecordView {
  const pool = openPool(url, log);
  const shown = shownDatabase(url);
  const { reading } = accessTo(pool, async () => {}, PATIENCE_MS, PATIENCE_MS);
  async function* lines(): AsyncGenerator<ChainedEntry> {
    await attempt(`opening the database ${shown}`, () => refuseNewer(queriesOf(pool)));
    yield* storedLines(`reading the record in ${shown}`, reading);
  }
  return { file: shown, lines, close: () => pool.end() };
}
