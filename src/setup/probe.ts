import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What running a tool told about it, kept while the file stays the same. */
export interface Probes {
  /**
   * The answer of `ask` about `file` (a version, usually): kept from an earlier start where size and time
   * of the file have not moved, so that a second start runs no tool at all.
   * Rejects with what `ask` rejects with; that is not kept.
   */
  get(file: string, question: string, ask: () => Promise<string>): Promise<string>;
}

/** Probes kept in `probes.json` of `toolsDir`. A damaged file only means asking again. */
export async function openProbes(toolsDir: string): Promise<Probes> {
  const file = path.join(toolsDir, 'probes.json');
  const kept = await readKept(file);
  return {
    async get(tool, question, ask) {
      const { size, mtimeMs } = await stat(tool);
      const key = `${question} ${tool} ${size} ${mtimeMs}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const answer = await ask();
      kept.set(key, answer);
      await mkdir(toolsDir, { recursive: true });
      const half = `${file}.${process.pid}.half`;
      await writeFile(half, JSON.stringify(Object.fromEntries(kept), null, 2));
      await rename(half, file);
      return answer;
    },
  };
}

async function readKept(file: string): Promise<Map<string, string>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    const entries = Object.entries(parsed ?? {});
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}
