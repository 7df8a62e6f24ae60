/** Directories for plan files, used while a tool runs, below `<dataDir>/tmp`. */
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allowTraversal, type StackUser } from './stack-user.ts';

export interface Scratch {
  /**
   * Runs `work` with a directory that only m0 and (if given) the stack's user can read, and deletes it
   * afterwards.
   */
  within<T>(user: StackUser | null, work: (dir: string) => Promise<T>): Promise<T>;
  /** Deletes the directories of earlier owners. Call it once none of their tools runs any more. */
  sweep(): Promise<void>;
}

/** `owner` names this process; its directories are separate from those of earlier processes. */
export function createScratch(dataDir: string, owner: string): Scratch {
  const root = join(dataDir, 'tmp');
  const own = `${owner}.`;
  return {
    async within(user, work) {
      await mkdir(root, { recursive: true, mode: 0o700 });
      if (user !== null) await allowTraversal(root);
      const dir = await mkdtemp(join(root, own));
      try {
        if (user !== null) await chown(dir, user.uid, user.gid);
        return await work(dir);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
    async sweep() {
      const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      for (const name of names)
        if (!name.startsWith(own)) await rm(join(root, name), { recursive: true, force: true });
    },
  };
}
