/** Files that m0 puts beside a stack's code while a tool runs. */
import { lchown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { StackUser } from './stack-user.ts';

export interface GeneratedFiles {
  /** Runs `work` with the files, by their paths, and deletes them afterwards. Replaces no file: rejects instead. */
  during<T>(files: ReadonlyMap<string, string>, work: () => Promise<T>): Promise<T>;
  /** Deletes files that an earlier process could not delete. */
  sweep(): Promise<void>;
}

/** `record` is the file with the paths of those that exist now. `user`: the owner of the files; null: m0's own. */
export function createGeneratedFiles(record: string, user: StackUser | null): GeneratedFiles {
  async function remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await rm(path, { force: true });
    await rm(record, { force: true });
  }

  return {
    async during(files, work) {
      const written: string[] = [];
      // Recorded first, so that no file exists of which nobody knows; whole or not at all.
      await writeFile(`${record}.half`, JSON.stringify([...files.keys()]), { mode: 0o600 });
      await rename(`${record}.half`, record);
      try {
        for (const [path, text] of files) {
          await writeFile(path, text, { flag: 'wx', mode: 0o644 });
          written.push(path);
          if (user !== null) await lchown(path, user.uid, user.gid);
        }
        return await work();
      } finally {
        await remove(written);
      }
    },
    async sweep() {
      const text = await readFile(record, 'utf8').catch(() => null);
      if (text !== null) await remove(pathsIn(text));
    },
  };
}

function pathsIn(text: string): readonly string[] {
  try {
    const paths: unknown = JSON.parse(text);
    return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}
