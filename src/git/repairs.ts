/** Makes a broken local copy of a repository anew. */
import type { Logger } from '../base/log.ts';
import { scrubCredentials, scrubUrl } from './address.ts';
import { GitError } from './git-error.ts';
import { gitText } from './git-in.ts';

/** Errors that mean: this mirror or work tree is broken, and making a new one is cheaper than a repair. */
const BROKEN = new RegExp(
  [
    'not a git repository|dubious ownership|on a directory that does not exist|EEXIST|ENOTDIR|EISDIR',
    'corrupt|bad object|loose object|unable to read (tree|sha1 file)|did not send all necessary objects',
    'is not a tree|object directory|alternate object path|packfile|index file|bad signature',
    "\\.lock': File exists|unexpected line in|in file (\\S+/)?config\\b|reference broken|broken ref",
  ].join('|'),
  'i',
);
/** Errors of a full disk. A new copy would not help then. */
const DISK_FULL = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/i;

/** True if git's error means that the local copy is broken. */
export function isBroken(error: unknown): boolean {
  return BROKEN.test(gitText(error));
}

/** Runs `work`. If the local copy is broken, runs the next of `repairs` and then `work` again. */
export async function withRepairs<T>(
  url: string,
  log: Logger,
  work: () => Promise<T>,
  repairs: readonly (() => Promise<unknown>)[],
): Promise<T> {
  const [repair, ...others] = repairs;
  try {
    return await work();
  } catch (error) {
    const text = gitText(error);
    if (repair === undefined || error instanceof GitError || !isBroken(error) || DISK_FULL.test(text))
      throw error;
    log.warn(
      { repository: scrubUrl(url), why: scrubCredentials(text, url) },
      'local copy of a repository is broken, making it anew',
    );
    await repair();
    return withRepairs(url, log, work, others);
  }
}
