/** Makes a verified back-up of the database, also while m0 is running. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../ports/store-error.ts';
import { type ChainVerdict, verifyChain } from './audit-chain.ts';
import { databaseFile, isPostgres } from './open.ts';
import { openReadOnly } from './read-only.ts';
import { recordLines } from './record.ts';
import { toStoreError } from './store-error.ts';

export interface BackedUp {
  /** The path of the original database. */
  readonly from: string;
  readonly runs: number;
  /** The verification of the copy's audit log. A broken audit log does not fail the back-up. */
  readonly record: ChainVerdict;
}

/** The error for a command that copies database files, on a PostgreSQL database. */
export function toolsOfPostgres(command: string, tool: string): StoreError {
  return new StoreError(
    `${command}: the database is PostgreSQL, which has its own tools: run ${tool} (docs/how-to/scaling.md says how), and then \`m0 audit verify\``,
  );
}

/** Waits until the file, or the names in the folder, are on disk. Throws the system's errors. */
export function flushToDisk(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Creates the empty file with mode 600. SQLite would create it readable by others. */
export function createPrivateFile(part: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StoreError(`${part} is there: another back-up is under way, or was cut off: then remove it`);
  }
}

/** Checks the copy and counts its contents. Throws a StoreError if it is damaged. */
export function verifyCopy(copy: string): Omit<BackedUp, 'from'> {
  const client = openReadOnly(copy);
  try {
    const [state] = client.pragma('integrity_check(1)') as readonly { readonly integrity_check: string }[];
    if (state?.integrity_check !== 'ok') {
      throw new StoreError(`the copy is damaged: ${state?.integrity_check ?? 'no answer'}`, {
        problem: 'corrupt',
      });
    }
    if ((client.pragma('foreign_key_check') as readonly unknown[]).length > 0) {
      throw new StoreError('a row of the copy refers to nothing', { problem: 'corrupt' });
    }
    const record = verifyChain(recordLines(client));
    const { runs } = client.prepare<[], { runs: number }>('SELECT count(*) AS runs FROM runs').get() ?? {
      runs: 0,
    };
    return { runs, record };
  } finally {
    client.close();
  }
}

/**
 * Copies a snapshot of the database at `url` (M0_DATABASE_URL) into a new file that only its owner can read. m0 can
 * write during the copy. The copy is written under another name, checked, flushed to the disk, and only then renamed
 * to `to`. Throws a StoreError, and leaves no copy, if the file exists already or the copy is damaged.
 */
export function backUp(url: string, to: string): BackedUp {
  if (isPostgres(url))
    throw toolsOfPostgres('backup', 'pg_dump --format=custom --file=FILE "$M0_DATABASE_URL"');
  const from = databaseFile(url);
  const part = `${to}.part`;
  try {
    if (existsSync(to)) throw new StoreError('that file is there already: name a new one');
    const client = openReadOnly(from);
    try {
      createPrivateFile(part);
      try {
        client.prepare('VACUUM INTO ?').run(part);
        const verified = verifyCopy(part);
        flushToDisk(part);
        renameSync(part, to);
        flushToDisk(dirname(to));
        return { from, ...verified };
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      }
    } finally {
      client.close();
    }
  } catch (error) {
    throw toStoreError(`backing up to ${to}`, error);
  }
}

/**
 * Copies the database at `url` into a new file for a command that only looks: not checked, and readable by its owner
 * only. m0 can write during the copy. False where there is no database yet, and for PostgreSQL, which is not copied.
 * Throws a StoreError.
 */
export function copyToRead(url: string, to: string): boolean {
  if (isPostgres(url)) return false;
  const from = databaseFile(url);
  if (!existsSync(from)) return false;
  const client = openReadOnly(from);
  try {
    createPrivateFile(to);
    client.prepare('VACUUM INTO ?').run(to);
    return true;
  } catch (error) {
    throw toStoreError(`copying the database ${from}`, error);
  } finally {
    client.close();
  }
}
