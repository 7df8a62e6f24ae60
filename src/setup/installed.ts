/**
 * Finds all versions of Terraform and OpenTofu on this machine, so that each stack can use the one it asks
 * for.
 */
import { readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Env, isExecutable } from './find-executable.ts';

export type ToolName = 'terraform' | 'tofu';

/** A tool with the version that it reports. */
export interface Installed {
  readonly path: string;
  readonly version: string;
}

/** Matches `terraform-1.9.8`, `terraform_1.9.8`, `terraform1.9`, `tofu-v1.12.6`. */
const FILE_NAME: Record<ToolName, RegExp> = {
  terraform: /^terraform[-_]?v?\d+(\.\d+)*([-.+][\w.]+)?$/,
  tofu: /^(open)?tofu[-_]?v?\d+(\.\d+)*([-.+][\w.]+)?$/,
};

/**
 * Files that may be a version of the tool: by name in the folders of PATH, and in the folders of tfenv,
 * tofuenv, tenv, tfswitch, asdf and mise. Each real file appears once.
 */
export async function findVersions(tool: ToolName, env: Env): Promise<string[]> {
  const onPath = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const byName = await Promise.all(
    [...onPath, ...byVersionName(env)].map(async (folder) =>
      (await list(folder))
        .filter((name) => FILE_NAME[tool].test(name))
        .map((name) => path.join(folder, name)),
    ),
  );
  const byFolder = await Promise.all(
    versionFolders(tool, env).map(async (folder) =>
      (await list(folder)).flatMap((name) => [
        path.join(folder, name, tool),
        path.join(folder, name, 'bin', tool),
      ]),
    ),
  );
  const found = new Map<string, string>();
  for (const file of [...byName, ...byFolder].flat()) {
    if (!(await isExecutable(file))) continue;
    const real = await realpath(file);
    if (!found.has(real)) found.set(real, file);
  }
  return [...found.values()];
}

/** Folders that hold one file per version, as tfswitch does. */
function byVersionName(env: Env): string[] {
  return [path.join(home(env), '.terraform.versions')];
}

/** Folders that hold one folder per version. */
function versionFolders(tool: ToolName, env: Env): string[] {
  const at = (own: string | undefined, standard: string): string => own || path.join(home(env), standard);
  const product = tool === 'terraform' ? 'terraform' : 'opentofu';
  const asdf = at(env.ASDF_DATA_DIR, '.asdf');
  const mise = env.MISE_DATA_DIR || path.join(at(env.XDG_DATA_HOME, '.local/share'), 'mise');
  const own =
    tool === 'terraform'
      ? at(env.TFENV_CONFIG_DIR ?? env.TFENV_ROOT, '.tfenv')
      : at(env.TOFUENV_CONFIG_DIR ?? env.TOFUENV_ROOT, '.tofuenv');
  return [
    path.join(own, 'versions'),
    path.join(at(env.TENV_ROOT, '.tenv'), tool === 'terraform' ? 'Terraform' : 'OpenTofu'),
    path.join(asdf, 'installs', product),
    path.join(mise, 'installs', product),
  ];
}

function home(env: Env): string {
  return env.HOME || homedir();
}

async function list(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** Newest first; a pre-release comes after its release. */
export function newestFirst(tools: readonly Installed[]): Installed[] {
  return [...tools].sort((a, b) => compareVersions(b.version, a.version));
}

function compareVersions(a: string, b: string): number {
  const [[coreA = '', ...preA], [coreB = '', ...preB]] = [a.split('-'), b.split('-')];
  const byCore = coreA.localeCompare(coreB, 'en', { numeric: true });
  if (byCore !== 0) return byCore;
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length;
  return preA.join('-').localeCompare(preB.join('-'), 'en', { numeric: true });
}
