/** Directories for plan files while a tool needs them, below `<dataDir>/tmp`. */
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { allowTraversal, type StackUser } from './stack-user.ts';

export interface Scratch {
  /** Runs `work` with a directory that only m0 and, where given, the stack's user can read, and deletes it after. */
  within<T>(user: StackUser | null, work: (dir: string) => Promise<T>): Promise<T>;
  /** Deletes what earlier owners left. Call it once none of their tools runs any more. */
  sweep(): Promise<void>;
}

/** `owner`: names the present process, whose directories are apart from those of all processes before. */
export function createScratch(dataDir: string, owner: string): Scratch {
  const root = join(dataDir, 'tmp');
  return {
    async within(user, work) {
      const parent = join(root, owner);
      await mkdir(parent, { recursive: true, mode: 0o700 });
      if (user !== null) for (const dir of [root, parent]) await allowTraversal(dir);
      const dir = await mkdtemp(join(parent, 'run-'));
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
        if (name !== owner) await rm(join(root, name), { recursive: true, force: true });
    },
  };
}
