/** The command `m0 backup`. */

import { backUp } from '../store/back-up.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';

/** What the backup command needs from the process. */
export interface BackupParts {
  readonly databaseUrl: string;
  /** Resolves a typed path against the folder in which the command was typed. */
  readonly resolvePath: (path: string) => string;
}

const USAGE = 'backup: say `backup FILE`, with a file that is not there yet\n';

/**
 * `backup FILE`: makes a checked copy of the database, also while m0 runs. Resolves with the exit code: 0; 1 if it
 * was copied but its audit record was changed; 2 if the command is wrong. Rejects with a StoreError, and leaves no
 * file, if the copy is not sound.
 */
export async function backupCommand(args: readonly string[], io: Io, parts: BackupParts): Promise<ExitCode> {
  const [file, ...more] = args;
  if (file === undefined || file.startsWith('-') || more.length > 0) {
    io.err(USAGE);
    return 2;
  }
  const { from, runs, record } = backUp(parts.databaseUrl, parts.resolvePath(file));
  if (!record.ok) {
    io.err(
      `${file}: a copy of ${from}, but line ${record.entry} of its record is not what was written: ${record.problem}\n`,
    );
    return 1;
  }
  io.out(
    `${file}: a copy of ${from}, checked: runs: ${runs}, lines of the record: ${record.entries}\n` +
      `newest hash: ${record.lastHash}\n`,
  );
  return 0;
}
