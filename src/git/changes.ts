/** Decides whether a push can have changed a stack: which paths its code may depend on. */
import { posix } from 'node:path';

/** Runs one git command in the mirror and resolves to its output; '' where it found nothing. */
export type RunGit = (args: readonly string[]) => Promise<string>;

/** Where a stack's code is in its repository. */
export interface StackCode {
  /** Folder of the root module; '' for the repository's root. */
  readonly path: string;
  /** Paths relative to that folder. */
  readonly varFiles: readonly string[];
  /** Address of the repository, to recognise modules that the code fetches from it. */
  readonly git: string;
}

/** Files that can name other files of a stack. */
const CODE = ['*.tf', '*.tofu', '*.tf.json', '*.tofu.json', '*.tfvars', '*.tfvars.json'];
/** A stack that depends on more folders than this is checked after every push. */
const MAX_FOLDERS = 200;
const SYMLINK = '120000';
const OWN_FOLDER = /^(\.\/)?\$\{path\.module\}/;
const ROOT_FOLDER = /^(\.\/)?\$\{path\.(root|cwd)\}/;
/** From this character on, the text is known only at run time, or is a glob pattern. */
const FIRST_UNKNOWN = /\$\{|%\{|[*?[{]/;

/**
 * Whether the stack may depend on something that changed between the two commits: its folder, its variable
 * files, and everything these name outside the folder (modules, files, links), followed recursively. Returns
 * true when it cannot be sure: the earlier commit is gone, a path is known only at run time, or modules are
 * fetched from the same repository. Rejects where git fails.
 */
export async function touches(git: RunGit, from: string, to: string, code: StackCode): Promise<boolean> {
  if (from === to) return false;
  const known = await git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${from}^{commit}`]).catch(
    () => '',
  );
  if (known.trim() === '') return true;
  const paths = await dependencies(git, to, code);
  if (paths === null) return true;
  const specs = paths.map(literalSpec);
  const changed = await git([
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    from,
    to,
    '--',
    ...specs,
  ]);
  return changed !== '';
}

/** Paths the stack may depend on at the commit; null where every path counts. */
async function dependencies(git: RunGit, commit: string, code: StackCode): Promise<readonly string[] | null> {
  const root = fromRoot('', code.path);
  // The newer commit is enough: if the older one named other paths, the file that names them has changed.
  const found = new Set<string>();
  let next: readonly (string | null)[] = [root, ...code.varFiles.map((file) => fromRoot(root ?? '', file))];
  while (next.length > 0) {
    const fresh: string[] = [];
    for (const path of next) {
      if (path === null || path === '') return null;
      if (!found.has(path)) fresh.push(path);
      found.add(path);
    }
    if (found.size > MAX_FOLDERS) return null;
    if (fresh.length === 0) break;
    if (await hasLinkAbove(git, commit, fresh)) return null;
    next = [
      ...(await pathsInCode(git, commit, fresh, root ?? '', code.git)),
      ...(await linkTargets(git, commit, fresh)),
    ];
  }
  return [...found];
}

/**
 * The path relative to the repository's root ('' for the root itself), read from `folder`; null where it is
 * outside the repository.
 */
function fromRoot(folder: string, path: string): string | null {
  if (path.startsWith('/')) return null;
  const normal = posix.join(folder, path).replace(/\/+$/, '');
  if (normal === '.') return '';
  return normal === '..' || normal.startsWith('../') ? null : normal;
}

/** True where a parent folder of one of the paths is a symbolic link, because git does not follow those. */
async function hasLinkAbove(git: RunGit, commit: string, paths: readonly string[]): Promise<boolean> {
  const above = new Set<string>();
  for (const path of paths) {
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) above.add(at);
  }
  if (above.size === 0) return false;
  const entries = await git(['ls-tree', '-z', commit, '--', ...above]);
  return entries.split('\0').some((entry) => entry.startsWith(SYMLINK));
}

/** Targets of the symbolic links below the paths; null for a target outside the repository. */
async function linkTargets(
  git: RunGit,
  commit: string,
  paths: readonly string[],
): Promise<readonly (string | null)[]> {
  const entries = (await git(['ls-tree', '-r', '-z', commit, '--', ...paths])).split('\0');
  const targets: (string | null)[] = [];
  for (const entry of entries) {
    const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]+)$/.exec(entry) ?? [];
    if (mode !== SYMLINK || object === undefined || path === undefined) continue;
    targets.push(fromRoot(posix.dirname(path), await git(['cat-file', 'blob', object])));
  }
  return targets;
}

/**
 * Paths outside their own folders that the code below `paths` names. Contains null where a path cannot be
 * determined.
 */
async function pathsInCode(
  git: RunGit,
  commit: string,
  paths: readonly string[],
  root: string,
  repository: string,
): Promise<readonly (string | null)[]> {
  const specs = paths.flatMap((path) => CODE.map((name) => `:(glob)${escaped(path)}/**/${name}`));
  const search = [
    'grep',
    '-z',
    '-o',
    '-I',
    '-E',
    '--full-name',
    '--no-color',
    '--no-line-number',
    '--no-column',
  ];
  const patterns = ['-e', '"[^"]*[.][.][^"]*"', '-e', '"[^"]*(//|::|[.]git|@)[^"]*"'];
  const lines = (await git([...search, ...patterns, commit, '--', ...specs])).split('\n');
  const isSameRepository = sameRepository(repository);
  return lines.flatMap((line) => {
    const [file, quoted] = line.split('\0');
    if (file === undefined || quoted === undefined) return [];
    const text = quoted.trim().slice(1, -1);
    if (isSameRepository.test(text)) return [null];
    return outsidePaths(text, posix.dirname(file.slice(commit.length + 1)), root);
  });
}

/** The paths that a text in the code may mean, where it contains `..`. */
function outsidePaths(text: string, folder: string, root: string): readonly (string | null)[] {
  // `source` is relative to the module's folder, `file(…)` to the root module's. The text alone does not say
  // which.
  let bases = folder === root ? [folder] : [folder, root];
  if (OWN_FOLDER.test(text)) bases = [folder];
  else if (ROOT_FOLDER.test(text)) bases = [root];
  const path = text.replace(OWN_FOLDER, '.').replace(ROOT_FOLDER, '.');
  const steps = path.split('/');
  const last = steps.lastIndexOf('..');
  if (last === -1) return [];
  if (/[$%{}()*]/.test(steps.slice(0, last).join('/'))) return [null];
  const end = path.search(FIRST_UNKNOWN);
  const certain = end === -1 ? path : path.slice(0, path.lastIndexOf('/', end) + 1);
  // With the wrong one of the two bases a path may be outside the repository; that reading is dropped.
  return bases.map((base) => fromRoot(base, certain)).filter((found) => found !== null);
}

/** Matches the repository in a module's address, however it is written. */
function sameRepository(git: string): RegExp {
  const name =
    git
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ?? '';
  const literal = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`[/:]${literal === '' ? '(?!)' : literal}(\\.git)?(//|\\?|$)`, 'i');
}

function literalSpec(path: string): string {
  return `:(literal)${path}`;
}

function escaped(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&');
}
