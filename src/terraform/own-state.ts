/** Tells whether a stack's state is nowhere but in m0's data folder. */
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { isRecord } from '../base/is-record.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { moduleFolder } from './terragrunt-unit.ts';
import { readWithoutLinks, stackFolder, type WorkTree } from './work-tree.ts';

/**
 * True where the tool, after its `init`, writes the state into the stack's own work tree: without a backend block, or
 * with the backend `local` and a path below it.
 */
export async function keepsStateHere({
  cwd,
  root,
  dataDir,
}: Pick<WorkTree, 'cwd' | 'root' | 'dataDir'>): Promise<boolean> {
  const backend = backendIn(await readWithoutLinks(join(dataDir, 'terraform.tfstate')));
  if (backend === null) return true;
  if (backend.type !== 'local') return false;
  const { path } = backend.config;
  const from = relative(root, resolve(cwd, typeof path === 'string' ? path : '.'));
  return from !== '..' && !from.startsWith('../') && !isAbsolute(from);
}

/** What `init` stored of the backend; null without one. */
export function backendIn(
  bytes: Buffer | null,
): { readonly type: string; readonly config: Record<string, unknown> } | null {
  try {
    const stored: unknown = JSON.parse(bytes?.toString('utf8') ?? '{}');
    const backend = isRecord(stored) ? stored.backend : null;
    if (!isRecord(backend) || typeof backend.type !== 'string') return null;
    return { type: backend.type, config: isRecord(backend.config) ? backend.config : {} };
  } catch {
    return null;
  }
}

/**
 * The stacks whose state is only in the data folder, as far as their last check showed: a stack that was never checked
 * is not among them.
 */
export async function stacksWithoutBackend(
  workDir: string,
  stacks: readonly (Pick<Stack, 'name' | 'terragrunt'> & { readonly source: { readonly path: string } })[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, source, terragrunt } of stacks) {
    const folder = stackFolder(workDir, name);
    if (terragrunt === true) {
      const place = await unitPlace(folder);
      if (place !== null && (await keepsStateHere(place))) found.push(name);
      continue;
    }
    const root = join(folder, 'tree');
    const wasChecked = (await readWithoutLinks(join(folder, 'init.json'))) !== null;
    const place = { root, cwd: join(root, source.path), dataDir: join(folder, 'terraform') };
    if (wasChecked && (await keepsStateHere(place))) found.push(name);
  }
  return found;
}

/** Where the last check of a unit ran its module; null: never, or it can't be told. */
async function unitPlace(folder: string): Promise<Pick<WorkTree, 'cwd' | 'root' | 'dataDir'> | null> {
  try {
    const cwd = await moduleFolder(join(folder, 'terraform'));
    return { root: await realpath(folder), cwd, dataDir: join(cwd, '.terraform') };
  } catch (error) {
    if (error instanceof RunnerError) return null;
    throw error;
  }
}
