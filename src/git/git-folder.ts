/** The place of `.git` in a work tree that is no repository. */
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes `.git` in the tree an empty directory of m0. Git runs what is configured in there, so a stack with a user of its
 * own must not make one.
 */
export async function occupyGitFolder(tree: string): Promise<void> {
  const path = join(tree, '.git');
  if (await isEmptyFolder(path)) return;
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
}

/** True for a tree that `occupyGitFolder` made, or was about to make when m0 died. */
export async function isWithoutRepository(tree: string): Promise<boolean> {
  const path = join(tree, '.git');
  if (await isEmptyFolder(path)) return true;
  return (await isFolder(tree)) && (await lstat(path).catch(() => null)) === null;
}

async function isEmptyFolder(path: string): Promise<boolean> {
  return (await isFolder(path)) && (await readdir(path)).length === 0;
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
