/** Caches what tools say about themselves, so that a second start need not run them. */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Answers of tools, cached as long as the tool's file does not change. */
export interface Probes {
  /**
   * The answer of `ask` about `file`, usually a version. It comes from an earlier start where the file's size
   * and time are unchanged. Rejects with the error of `ask`; errors are not cached. Where the cache can't
   * be written, the next start asks again.
   */
  get(file: string, question: string, ask: () => Promise<string>): Promise<string>;
}

/** Probes stored in `probes.json` of `toolsDir`. A damaged file is ignored. */
export async function openProbes(toolsDir: string): Promise<Probes> {
  const file = path.join(toolsDir, 'probes.json');
  const cached = await readCached(file);
  return {
    async get(tool, question, ask) {
      const { size, mtimeMs } = await stat(tool);
      const key = `${question} ${tool} ${size} ${mtimeMs}`;
      const known = cached.get(key);
      if (known !== undefined) return known;
      const answer = await ask();
      cached.set(key, answer);
      try {
        await mkdir(toolsDir, { recursive: true });
        const partial = `${file}.${process.pid}.half`;
        await writeFile(partial, JSON.stringify(Object.fromEntries(cached), null, 2));
        await rename(partial, file);
      } catch {
        // The answer is right all the same. The start and `doctor` say what is wrong with the data folder.
      }
      return answer;
    },
  };
}

async function readCached(file: string): Promise<Map<string, string>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    const entries = Object.entries(parsed ?? {});
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}
