/** A whole copy of the database of an m0 that may be running, proven before it is called one. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ChainVerdict, verifyChain } from './audit-chain.ts';
import { databaseFile } from './open.ts';
import { openReadOnly } from './read-only.ts';
import { recordLines } from './record.ts';
import { StoreError, toStoreError } from './store-error.ts';

export interface BackedUp {
  /** The file it is a copy of. */
  readonly from: string;
  readonly runs: number;
  /** Of the copy's record. Where it does not hold the copy stands: it is what there is. */
  readonly record: ChainVerdict;
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Made by m0 rather than by SQLite, which would let others read it. */
function reserve(part: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StoreError(`${part} is there: another back-up is under way, or was cut off: then remove it`);
  }
}

/** What the copy holds. Throws a StoreError where it is not sound. */
function prove(copy: string): Omit<BackedUp, 'from'> {
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
 * Copies the database at `url` (M0_DATABASE_URL), as it is at one instant, into a new file that only its owner
 * can read; m0 goes on writing meanwhile. The file has its name only once it is whole, checked and on the disk.
 * Throws a StoreError where one is there already or the copy is damaged, and leaves no copy then.
 */
export function backUp(url: string, to: string): BackedUp {
  const from = databaseFile(url);
  const part = `${to}.part`;
  try {
    if (existsSync(to)) throw new StoreError('that file is there already: name a new one');
    const client = openReadOnly(from);
    try {
      reserve(part);
      try {
        client.prepare('VACUUM INTO ?').run(part);
        const proven = prove(part);
        sync(part);
        renameSync(part, to);
        sync(dirname(to));
        return { from, ...proven };
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
