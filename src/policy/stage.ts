import { copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PolicyRefusal } from './refusal.ts';

/** Files of a policy that OPA gets to see, as paths relative to its directory. */
export interface PolicyFiles {
  /** Rego that decides. */
  readonly rules: readonly string[];
  /** `*_test.rego`: run at sync, never in the bundle. */
  readonly tests: readonly string[];
  /** data.json, data.yaml and data.yml: the names that OPA's bundles load. */
  readonly data: readonly string[];
}

const MOST_FILES = 2000;
const MOST_BYTES = 32 * 1024 * 1024;
const DATA = new Set(['data.json', 'data.yaml', 'data.yml']);

/** The directory of a policy inside a checkout. Refuses a path that leaves it, or goes over a symbolic link. */
export async function policyDirectory(checkout: string, path: string): Promise<string> {
  const wanted = join(checkout, path);
  const inside = relative(checkout, wanted);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new PolicyRefusal(`path ${path} leads out of the repository`);
  }
  let at = checkout;
  for (const part of inside.split(sep).filter((p) => p !== '')) {
    at = join(at, part);
    const stats = await lstat(at).catch(() => undefined);
    if (stats === undefined) throw new PolicyRefusal(`path ${path} is not in the repository`);
    if (!stats.isDirectory()) throw new PolicyRefusal(`path ${path} is not a directory`);
  }
  return wanted;
}

/** Lists a policy's files. Refuses symbolic links (they could read any file of this machine) and sheer size. */
export async function listPolicy(dir: string): Promise<PolicyFiles> {
  const files = { rules: [] as string[], tests: [] as string[], data: [] as string[] };
  let count = 0;
  let bytes = 0;
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(join(dir, at), { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        await walk(path);
        continue;
      }
      const rego = entry.name.endsWith('.rego');
      if (entry.isSymbolicLink()) {
        throw new PolicyRefusal(`${path}: symbolic links are not followed in policies; copy the file`);
      }
      if (!entry.isFile() || (!rego && !DATA.has(entry.name))) continue;
      bytes += (await lstat(join(dir, path))).size;
      count++;
      if (count > MOST_FILES || bytes > MOST_BYTES) {
        throw new PolicyRefusal(`more than ${MOST_FILES} files or ${MOST_BYTES / 1024 / 1024} MiB of policy`);
      }
      if (!rego) files.data.push(path);
      else if (entry.name.endsWith('_test.rego')) files.tests.push(path);
      else files.rules.push(path);
    }
  };
  await walk('');
  for (const list of Object.values(files)) list.sort();
  return files;
}

/** Copies those files into a new directory, so that opa meets nothing else of the repository. */
export async function copyPolicy(from: string, into: string, paths: readonly string[]): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const path of paths) {
    await mkdir(dirname(join(into, path)), { recursive: true });
    await copyFile(join(from, path), join(into, path));
  }
}
