/** Deletes the folders of stacks that are no longer watched. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { USER_FILE } from './stack-user.ts';
import { folderName } from './work-tree.ts';

export interface RemovedFolders {
  /** The directory of all stacks' folders. */
  readonly work: string;
  /** The names of all stacks that are watched. */
  readonly watched: readonly string[];
  /** The names of stacks that have work, or tools that run or were left. Asked again before each deletion. */
  readonly busy: () => Promise<readonly string[]>;
  readonly log: Logger;
}

const STATE = /\.tfstate(\.backup)?$|^terraform\.tfstate\.d$/;

/**
 * Deletes the folders of stacks that are not watched, but for the number of their user: it is given to no other stack,
 * because files of that user may be left elsewhere. Keeps a folder whole while its stack is busy, and one whose tree has
 * a state, which may be the only one; the log names it. Follows no symbolic link.
 */
export async function removeFolders({ work, watched, busy, log }: RemovedFolders): Promise<void> {
  const kept = new Set(watched.map(folderName));
  const entries = await readdir(work, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    if (!entry.isDirectory() || kept.has(entry.name)) continue;
    const folder = join(work, entry.name);
    const names = (await readdir(folder)).filter((name) => name !== USER_FILE);
    if (names.length === 0) continue;
    const state = await stateIn(join(folder, 'tree'));
    if (state !== null) {
      log.warn(
        { folder, state },
        'the folder of a stack that is no longer watched is kept, because it has a state',
      );
      continue;
    }
    if ((await busy()).map(folderName).includes(entry.name)) continue;
    for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
    log.info({ folder }, 'the folder of a stack that is no longer watched was deleted');
  }
}

/** A state in the tree that is no file of the repository's store; null: there is none. */
async function stateIn(dir: string): Promise<string | null> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (STATE.test(entry.name)) return path;
    if (!entry.isDirectory() || entry.name === '.git') continue;
    const below = await stateIn(path);
    if (below !== null) return below;
  }
  return null;
}
