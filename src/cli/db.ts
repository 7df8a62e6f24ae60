/** The commands `m0 db migrate-from` and `m0 db migrate`. */
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { OwnedError } from '../ports/owner.ts';
import { jobOf } from '../runs/work-order.ts';
import { isPostgres, openStore } from '../store/open.ts';
import { shownDatabase } from '../store/postgres/client.ts';
import { moveIn } from '../store/postgres/move-in.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';

/** What the db command needs from the process. */
export interface DbParts {
  readonly databaseUrl: string;
  /** Resolves a typed path against the folder in which the command was typed. */
  readonly resolvePath: (path: string) => string;
  readonly log: Logger;
}

const USAGE = `db: say one of
  db migrate-from FILE   copies the SQLite database FILE into the empty PostgreSQL database in M0_DATABASE_URL
  db migrate             brings the PostgreSQL database in M0_DATABASE_URL to the schema of this version
`;

async function migrateFrom(file: string, io: Io, { databaseUrl, log }: DbParts): Promise<ExitCode> {
  try {
    const { database, from, runs, rows, lines, lastHash } = await moveIn(file, databaseUrl, log);
    io.out(
      `${database}: holds everything of ${from}: runs: ${runs}, lines of the record: ${lines}, rows in all: ${rows}\n` +
        `newest hash: ${lastHash} (the same in both)\n` +
        `Next: start m0 with M0_DATABASE_URL set to this database. Keep ${from} as a back-up, and start no m0 on it again: it would not know what this one does.\n`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof OwnedError)) throw error;
    io.err(`m0: db migrate-from: ${errorText(error)}; nothing was changed\n`);
    return 1;
  }
}

/**
 * `db migrate-from FILE` and `db migrate`. Resolves with the exit code: 0; 1 if an m0 uses one of the databases; 2 if the
 * command is wrong. Rejects with a StoreError, and changes nothing, if a database can't be used.
 */
export async function dbCommand(args: readonly string[], io: Io, parts: DbParts): Promise<ExitCode> {
  const [command, file, ...more] = args;
  const isFrom = command === 'migrate-from' && file !== undefined && !file.startsWith('-');
  if (more.length > 0 || !(isFrom || (command === 'migrate' && file === undefined))) {
    io.err(USAGE);
    return 2;
  }
  if (!isPostgres(parts.databaseUrl)) {
    io.err(
      `m0: db ${command}: set M0_DATABASE_URL to a PostgreSQL database: postgres://USER@HOST/DATABASE\n`,
    );
    return 2;
  }
  if (isFrom) return migrateFrom(parts.resolvePath(file), io, parts);
  // With the tables of the queues, which a user without rights to change tables can't make.
  const store = await openStore({ url: parts.databaseUrl, log: parts.log, jobOf });
  await store.close();
  io.out(`${shownDatabase(parts.databaseUrl)}: has the schema of this version\n`);
  return 0;
}
