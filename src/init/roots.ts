/** Tells which folders of a repository are root modules, and what each needs to be planned. Pure. */
import { posix } from 'node:path';
import { type AtlantisProject, readAtlantis } from './atlantis.ts';
import { environmentIndex, isEnvironment } from './environments.ts';
import type { CodeFolder, RepositoryFacts } from './read-repository.ts';
import { terragruntUnits } from './terragrunt.ts';
import { wantedTool } from './versions.ts';

/** Stands for the environment in paths of var files. */
export const ENVIRONMENT = '\u0000';
/** The environment of a root whose path and workspaces name none. */
export const NO_ENVIRONMENT = 'main';

export interface InitRoot {
  readonly path: string;
  /** True if `**` of `discover` takes it: it has a backend or cloud block. */
  readonly hasState: boolean;
  /** The index of the part of the path that is the environment; null: none is. */
  readonly at: number | null;
  /** Null: the default one. With more than one, or one that is an environment's, the workspace is the environment. */
  readonly workspaces: readonly string[] | null;
  /** Paths from the root's folder, with ENVIRONMENT in the place of the environment or the workspace. */
  readonly varFiles: readonly string[];
  readonly tool: 'terraform' | 'tofu' | 'terragrunt';
  /** What Terragrunt runs. */
  readonly runs: 'terraform' | 'tofu';
  readonly version: string | null;
}

export interface FoundRoots {
  readonly roots: readonly InitRoot[];
  /** Folders that look like roots, but are examples or tests. */
  readonly examples: readonly string[];
  /** What people should know. */
  readonly notes: readonly string[];
}

const EXAMPLES = /(^|\/)(examples?|tests|fixtures|testdata|templates?)(\/|$)/i;
/** Folders for var files beside the roots or above them. */
const VAR_FOLDERS = ['', 'vars', 'tfvars', 'variables', 'config', 'configs', 'env', 'envs', 'environments'];
const VAR_ENDINGS = ['.tfvars', '.tfvars.json'];
/** Read by the tool itself. */
const AUTOMATIC = /(^|\/)terraform\.tfvars(\.json)?$|\.auto\.tfvars(\.json)?$/;

/** The folders that some code of the repository uses as a module. */
function modulesIn(folders: readonly CodeFolder[]): ReadonlySet<string> {
  return new Set(
    folders
      .flatMap(({ path, facts }) =>
        facts.modules.flatMap((source) => (/^\.\.?\//.test(source) ? [posix.join(path, source)] : [])),
      )
      .map((path) => path.replace(/\/+$/, '').replace(/^\.$/, '')),
  );
}

function relative(from: string, to: string): string {
  return posix.relative(`/${from}`, `/${to}`);
}

/** The folders from the root's own up to the top of the repository. */
function upwards(path: string): readonly string[] {
  const folders = [path];
  for (let at = path; at !== ''; ) {
    at = posix.dirname(at) === '.' ? '' : posix.dirname(at);
    folders.push(at);
  }
  return folders;
}

/** The var file of an environment that is nearest to the root, as a path from its folder. */
function varFileFor(path: string, environment: string, there: ReadonlySet<string>): string | null {
  for (const folder of upwards(path)) {
    for (const sub of VAR_FOLDERS) {
      for (const ending of VAR_ENDINGS) {
        const file = posix.join(folder, sub, `${environment}${ending}`);
        if (there.has(file) && !AUTOMATIC.test(file)) {
          return relative(path, posix.join(folder, sub, `${ENVIRONMENT}${ending}`));
        }
      }
    }
  }
  return null;
}

/** The environments that var files in the root's folder, or in a folder for them in it, are named after. */
function environmentsOfVarFiles(
  path: string,
  varFiles: readonly string[],
): { readonly names: readonly string[]; readonly file: string } | null {
  for (const sub of VAR_FOLDERS) {
    const folder = posix.join(path, sub) === '.' ? '' : posix.join(path, sub);
    const names = varFiles.flatMap((file) => {
      const at = posix.dirname(file) === '.' ? '' : posix.dirname(file);
      const [, name] = /([^/]+)\.tfvars$/.exec(file) ?? [];
      return at === folder && name !== undefined && isEnvironment(name) ? [name] : [];
    });
    if (names.length > 1) {
      return { names: [...new Set(names)].sort(), file: posix.join(sub, `${ENVIRONMENT}.tfvars`) };
    }
  }
  return null;
}

/** Replaces the name where it is a whole part of the path or of a file's name. */
function withPlaceholder(file: string, name: string): string {
  return file
    .split('/')
    .map((part) => (part === name ? ENVIRONMENT : part.replace(`${name}.tfvars`, `${ENVIRONMENT}.tfvars`)))
    .join('/');
}

function fromAtlantis(
  path: string,
  projects: readonly AtlantisProject[],
  at: number | null,
): Pick<InitRoot, 'workspaces' | 'varFiles'> | null {
  const names = projects.map((one) => one.workspace);
  const workspaces = names.length === 1 && names[0] === 'default' ? null : [...new Set(names)].sort();
  const environment = at === null ? null : (path.split('/')[at] ?? null);
  const templates = projects.map((one) =>
    one.varFiles.map((file) =>
      withPlaceholder(file, workspaces === null ? (environment ?? '') : one.workspace),
    ),
  );
  const [first = []] = templates;
  const same = templates.every((files) => JSON.stringify(files) === JSON.stringify(first));
  return same ? { workspaces, varFiles: first } : null;
}

function isRoot(folder: CodeFolder, modules: ReadonlySet<string>): boolean {
  if (!folder.code) return false;
  if (folder.state !== null || folder.own !== null) return true;
  const { hasProviders, hasResources, modules: calls } = folder.facts;
  return hasProviders && (hasResources || calls.length > 0) && !modules.has(folder.path);
}

/** Finds the roots. Each note is one sentence. */
export function findInitRoots(facts: RepositoryFacts): FoundRoots {
  const { folders, varFiles, versionFiles } = facts;
  const modules = modulesIn(folders);
  const there = new Set(varFiles);
  const codeAt = new Map(folders.map((folder) => [folder.path, folder]));
  const atlantis =
    facts.atlantis === null ? { projects: [], notes: [] } : readAtlantis(facts.atlantis.text, varFiles);
  const notes = [...atlantis.notes.map((note) => `${facts.atlantis?.path}: ${note}`)];
  const projects = Map.groupBy(atlantis.projects, (one) => one.path);
  const units = terragruntUnits(facts.terragrunt, (path) => codeAt.get(path)?.code === true);
  notes.push(...units.notes);
  const unitFolders = new Set(units.folders.filter((path) => !EXAMPLES.test(path)));
  const examples: string[] = [];
  const roots: InitRoot[] = [];
  const emptyBackends: string[] = [];

  for (const folder of folders) {
    const { path } = folder;
    const ofPath = projects.get(path) ?? [];
    if (unitFolders.has(path) || facts.terragrunt.has(posix.join(path, 'terragrunt.hcl'))) continue;
    if (ofPath.length === 0 && !isRoot(folder, modules)) continue;
    if (!folder.code) continue;
    if (ofPath.length === 0 && EXAMPLES.test(path)) {
      examples.push(path);
      continue;
    }
    if (folder.facts.emptyBackend) emptyBackends.push(path);
    const at = environmentIndex(path);
    const imported = ofPath.length === 0 ? null : fromAtlantis(path, ofPath, at);
    if (ofPath.length > 0 && imported === null) {
      notes.push(
        `${facts.atlantis?.path}: the var files of ${path || 'the top folder'} differ in a way that is not taken over`,
      );
    }
    const fitting = at !== null || imported !== null ? null : environmentsOfVarFiles(path, varFiles);
    const environment = at === null ? null : (path.split('/')[at] ?? null);
    const nearest =
      environment === null || !folder.facts.hasVariables ? null : varFileFor(path, environment, there);
    const own = wantedTool(path, versionFiles, { ...folder.facts, usesTofu: folder.usesTofu });
    const tofu = ofPath.some((one) => one.tofu) || own.tool === 'tofu';
    roots.push({
      ...{ path, at, hasState: folder.state !== null || folder.own !== null },
      workspaces: imported?.workspaces ?? fitting?.names ?? null,
      varFiles:
        imported?.varFiles ?? (fitting === null ? (nearest === null ? [] : [nearest]) : [fitting.file]),
      ...{ tool: tofu ? 'tofu' : 'terraform', runs: 'terraform' },
      version: ofPath.find((one) => one.version !== null)?.version ?? own.version,
    });
  }
  for (const path of atlantis.projects.map((one) => one.path)) {
    if (codeAt.get(path)?.code !== true && !unitFolders.has(path)) {
      notes.push(
        `${facts.atlantis?.path}: there is no code in ${path || 'the top folder'}, which is a project`,
      );
    }
  }
  for (const path of unitFolders) {
    const own = wantedTool(path, versionFiles, { usesTofu: false, requiredVersion: null });
    roots.push({
      ...{ path, at: environmentIndex(path), hasState: false, workspaces: null, varFiles: [] },
      ...{ tool: 'terragrunt', runs: own.tool, version: own.version },
    });
  }
  if (emptyBackends.length > 0) {
    const [first = ''] = emptyBackends;
    const more = emptyBackends.length > 1 ? ` and of ${emptyBackends.length - 1} more` : '';
    notes.push(
      `the backend of ${first || 'the top folder'}${more} sets nothing: m0 passes no -backend-config, so write the settings into the code, or into variables that the backend reads (env)`,
    );
  }
  return { roots: roots.sort((a, b) => (a.path < b.path ? -1 : 1)), examples, notes: [...new Set(notes)] };
}
