/** Selects and copies the files of a policy for opa. */
import { copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { PolicyRefusal } from './refusal.ts';

/** Files of a policy that OPA gets, as paths relative to its directory. */
export interface PolicyFiles {
  /** Rego that decides. */
  readonly rules: readonly string[];
  /** `*_test.rego`: run when a commit is compiled, never in the bundle. */
  readonly tests: readonly string[];
  /** data.json, data.yaml and data.yml, the names that OPA's bundles load. */
  readonly data: readonly string[];
  /**
   * Files that look like a part of the policy and that OPA does not get: hidden Rego and data, and JSON and YAML
   * under other names.
   */
  readonly leftOut: readonly string[];
}

const MAX_FILES = 2000;
const MAX_BYTES = 32 * 1024 * 1024;
const DATA = new Set(['data.json', 'data.yaml', 'data.yml']);
/** File systems and editors differ in upper and lower case; opa reads lower case only. */
const POLICY_FILE = /\.(?:rego|json|ya?ml)$/i;
/** What a hidden file or folder can mean for a policy; other hidden JSON and YAML is the settings of tools. */
const HIDDEN_PART = /\.rego$|(?:^|[/\\])\.?data\.(?:json|ya?ml)$/i;
/** More files that are left out are not named, because nobody would read the list. */
const MAX_LEFT_OUT = 1000;

/**
 * The directory of a policy in a checkout. Throws a PolicyRefusal for a path outside the checkout or over a
 * symbolic link.
 */
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

/**
 * Lists a policy's files. Throws a PolicyRefusal for symbolic links (they could read any file of this
 * machine), and for too many or too large files.
 */
export async function listPolicy(dir: string): Promise<PolicyFiles> {
  const files = {
    ...{ rules: [] as string[], tests: [] as string[], data: [] as string[] },
    leftOut: [] as string[],
  };
  const leaveOut = (path: string): void => {
    if (files.leftOut.length < MAX_LEFT_OUT) files.leftOut.push(path);
  };
  let count = 0;
  let bytes = 0;
  const walk = async (at: string, isHidden: boolean): Promise<void> => {
    for (const entry of await readdir(join(dir, at), { withFileTypes: true })) {
      const path = join(at, entry.name);
      const hidden = isHidden || entry.name.startsWith('.');
      if (entry.isDirectory()) {
        if (entry.name !== '.git') await walk(path, hidden);
        continue;
      }
      if (hidden) {
        if (HIDDEN_PART.test(path)) leaveOut(path);
        continue;
      }
      const rego = entry.name.endsWith('.rego');
      if (entry.isSymbolicLink()) {
        throw new PolicyRefusal(`${path}: symbolic links are not followed in policies; copy the file`);
      }
      if (!entry.isFile() || (!rego && !DATA.has(entry.name))) {
        if (entry.isFile() && POLICY_FILE.test(entry.name)) leaveOut(path);
        continue;
      }
      bytes += (await lstat(join(dir, path))).size;
      count++;
      if (count > MAX_FILES || bytes > MAX_BYTES) {
        throw new PolicyRefusal(`more than ${MAX_FILES} files or ${MAX_BYTES / 1024 / 1024} MiB of policy`);
      }
      if (!rego) files.data.push(path);
      else if (entry.name.endsWith('_test.rego')) files.tests.push(path);
      else files.rules.push(path);
    }
  };
  await walk('', false);
  for (const list of Object.values(files)) list.sort();
  return files;
}

/** Copies those files to a new directory, so that opa sees nothing else of the repository. */
export async function copyPolicy(from: string, into: string, paths: readonly string[]): Promise<void> {
  await mkdir(into, { recursive: true });
  for (const path of paths) {
    await mkdir(dirname(join(into, path)), { recursive: true });
    await copyFile(join(from, path), join(into, path));
  }
}
