/** Kills a process with SIGKILL in the middle of commits. Many databases share one kill, each with an open commit. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
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

/**
 * Begins the commit that `keepOpen` stored in each folder, each inside the previous one, and kills the
 * process in the innermost. Resolves only if the commits end before the kill.
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
  const ends: Promise<unknown>[] = [];
  const begin = (index: number): void => {
    const next = commits[index];
    if (!next) killThisProcess();
    const { dir, store, changes } = next;
    const open = watched(changes, () => {
      writeFileSync(join(dir, KILLED), '');
      begin(index + 1);
    });
    ends.push(store.commit(open));
  };
  begin(0);
  await Promise.all(ends);
}
