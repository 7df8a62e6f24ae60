/** A real SIGKILL in the middle of commits: each is left open in its own database, and all end with one kill. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { createLogger } from '../../src/base/log.ts';
import type { Change } from '../../src/ports/store.ts';
import { openStore } from '../../src/store/open.ts';
import { killThisProcess, watched } from './points.ts';

const CHANGES = 'changes';
/** Written when the first change is in the database and the transaction is open. */
export const KILLED = 'killed';

/** Stores, beside the database of a folder, what was about to be committed to it. */
export function keepOpen(dir: string, changes: readonly Change[]): void {
  // A list of its own: the one given has an iterator that marks.
  writeFileSync(join(dir, CHANGES), serialize(Array.from(changes)));
}

/**
 * Begins the commit that `keepOpen` stored in each folder, the next one in the middle of the one before, and kills the
 * process in the innermost. Resolves only where the commits end before that.
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
