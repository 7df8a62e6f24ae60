/** The row of `m0 doctor` about the database. */
import { errorText } from '../base/error-text.ts';
import type { Environment } from '../config/environment.ts';
import type { Row } from '../setup/inspect.ts';
import { describeDatabase } from '../store/inspect.ts';

/** Which database m0 uses, and whether a PostgreSQL server answers. */
export async function databaseRow({ databaseUrl }: Environment): Promise<Row> {
  const what = 'database';
  try {
    return { what, state: 'ok', found: await describeDatabase(databaseUrl) };
  } catch (error) {
    return { what, state: 'missing', found: errorText(error), todo: 'check M0_DATABASE_URL and the server' };
  }
}
