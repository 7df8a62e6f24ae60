/** Kills a process with SIGKILL in the middle of commits. Many databases share one kill, each with an open commit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import type { Change } from '../../src/ports/store.ts';
import { openStore } from '../../src/store/open.ts';
import { killThisProcess, watched } from './points.ts';

const CHANGES = 'changes';
/** A file that marks that the first change is written and the transaction is still open. */
export const KILLED = 'killed';

/** Stores the changes of a commit next to the database of a folder, for `dieInCommits`. */
export function keepOpen(dir: string, changes: readonly Change[]): void {
  // A copy, because the given list has an iterator that records marks.
  writeFileSync(join(dir, CHANGES), serialize(Array.from(changes)));
}

/** From now on no transaction of this process ends: COMMIT does nothing. */
function holdTransactions(): void {
  const sample = new Sqlite(':memory:');
  const prototype = Object.getPrototypeOf(sample.prepare('SELECT 1')) as Pick<Sqlite.Statement, 'run'>;
  sample.close();
  const { run } = prototype;
  prototype.run = function (this: Sqlite.Statement, ...args) {
    return this.source === 'COMMIT' ? { changes: 0, lastInsertRowid: 0 } : run.apply(this, args);
  };
}

/**
 * Begins the commit that `keepOpen` stored in each folder, and kills the process when all of them are written and none
 * has ended.
 */
export async function dieInCommits(dirs: readonly string[]): Promise<void> {
  const log = createLogger('silent');
  const commits = await Promise.all(
    dirs.map(async (dir) => ({
      dir,
      store: await openStore({ url: `file:${join(dir, 'm0.db')}`, log }),
      changes: deserialize(readFileSync(join(dir, CHANGES))) as readonly Change[],
    })),
  );
  holdTransactions();
  await Promise.all(
    commits.map(({ dir, store, changes }) =>
      store.commit(watched(changes, () => writeFileSync(join(dir, KILLED), ''))),
    ),
  );
  killThisProcess();
}
