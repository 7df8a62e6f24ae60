/** The command `m0 restore`. */
import { statSync } from 'node:fs';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { OwnedError } from '../ports/owner.ts';
import { StoreError } from '../ports/store-error.ts';
import { restore } from '../store/restore.ts';
import { durationText } from '../text/words.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';

/** What the restore command needs from the process. */
export interface RestoreCommandParts {
  readonly databaseUrl: string;
  /** Resolves a typed path against the folder in which the command was typed. */
  readonly resolvePath: (path: string) => string;
  readonly log: Logger;
  /** ms since epoch */
  readonly now: number;
  /** Who runs the command, for the audit record. */
  readonly user: string;
}

const USAGE = 'restore: say `restore FILE`, with a file that `backup` made\n';

/** Why the file can't be read at all; null if it can. */
function unreadable(file: string): string | null {
  try {
    return statSync(file).isFile() ? null : 'it is no file';
  } catch (error) {
    return errorText(error);
  }
}

function ownedText({ owner }: OwnedError, now: number): string {
  const { host, pid, since, heartbeatAt } = owner;
  return `m0 on ${host} (process ${pid}) has used this database since ${new Date(since).toISOString()}, last sign of life ${durationText(Math.max(0, now - heartbeatAt))} ago: stop it first, then restore; nothing was changed`;
}

/**
 * `restore FILE`: makes the back-up the database that m0 works with, and sets the present one aside. Resolves with the
 * exit code: 0; 1 if another m0 uses the database, or the back-up may not be used; 2 if the command is wrong or the file
 * can't be read. Rejects with a StoreError if the disk or the database fails.
 */
export async function restoreCommand(
  args: readonly string[],
  io: Io,
  parts: RestoreCommandParts,
): Promise<ExitCode> {
  const [typed, ...more] = args;
  if (typed === undefined || typed.startsWith('-') || more.length > 0) {
    io.err(USAGE);
    return 2;
  }
  const file = parts.resolvePath(typed);
  const problem = unreadable(file);
  if (problem !== null) {
    io.err(`m0: restoring ${file}: ${problem}: name a file that \`backup\` made\n`);
    return 2;
  }
  const { log, now, user } = parts;
  try {
    const note = `from the back-up ${file}, by ${user}`;
    const done = await restore(parts.databaseUrl, file, { log, now, note });
    const { lastRun, runsAfter } = done.restore;
    const former =
      done.aside === null ? 'There was no database before.' : `The former database is ${done.aside}.`;
    io.out(
      `${done.database}: restored from ${file}, checked: newest run #${lastRun}, lines of the record: ${done.lines}\n` +
        `${former}\n` +
        `Runs #${lastRun + 1} to #${runsAfter} count as from before the restore; the next run gets a higher number.\n` +
        'Start m0: it updates the cards of open alerts and checks all stacks. What was approved in the back-up is asked again.\n',
    );
    return 0;
  } catch (error) {
    if (error instanceof OwnedError) io.err(`m0: ${ownedText(error, now)}\n`);
    else if (error instanceof StoreError && error.problem === 'corrupt') {
      io.err(`m0: ${errorText(error)}\n`);
      return 2;
    } else throw error;
    return 1;
  }
}
