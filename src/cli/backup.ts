import { backUp } from '../store/back-up.ts';
import type { Io } from './config.ts';

export interface BackupParts {
  readonly databaseUrl: string;
  /** Where a path typed is meant. */
  readonly inFrom: (path: string) => string;
}

const USAGE = 'backup: say `backup FILE`, with a file that is not there yet\n';

/**
 * `backup FILE`: a checked copy of the database, also while m0 runs. Resolves with the exit code: 0, 1
 * where it was copied but its record does not hold, 2 where the command is wrong. Rejects with a StoreError where
 * there is no sound copy; then there is no file either.
 */
export async function backupCommand(args: readonly string[], io: Io, parts: BackupParts): Promise<number> {
  const [file, ...more] = args;
  if (file === undefined || file.startsWith('-') || more.length > 0) {
    io.err(USAGE);
    return 2;
  }
  const { from, runs, record } = backUp(parts.databaseUrl, parts.inFrom(file));
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
