/** Stores the last good commit of each policy. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const Entry = z.object({ commit: z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/) });

/** The last good commit of each policy source, across restarts. A damaged entry counts as missing. */
export interface LastGood {
  get(source: string): Promise<string | null>;
  put(source: string, commit: string): Promise<void>;
}

/** Stores one small file per source in `dir`, which is created when needed. */
export function createLastGood(dir: string): LastGood {
  const pathOf = (source: string): string =>
    join(dir, `${createHash('sha256').update(source).digest('hex').slice(0, 40)}.json`);
  return {
    async get(source) {
      try {
        return Entry.parse(JSON.parse(await readFile(pathOf(source), 'utf8'))).commit;
      } catch {
        // Missing or damaged: then no commit counts as good, which is the safe result.
        return null;
      }
    },
    async put(source, commit) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const fresh = `${pathOf(source)}.new`;
      await writeFile(fresh, JSON.stringify({ commit }), { mode: 0o600 });
      await rename(fresh, pathOf(source));
    },
  };
}
