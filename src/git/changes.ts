import { posix } from 'node:path';

/** Runs one git command in the mirror and resolves to what it wrote; '' where it found nothing. */
export type AskGit = (args: readonly string[]) => Promise<string>;

/** What of a repository a stack is made from. */
export interface StackCode {
  /** Folder of the root module, '' for the repository's root. */
  readonly path: string;
  /** Relative to that folder. */
  readonly varFiles: readonly string[];
  /** Address of the repository, to know it where the code fetches modules from it. */
  readonly git: string;
}

/** Files in which a stack names others. */
const CODE = ['*.tf', '*.tofu', '*.tf.json', '*.tofu.json', '*.tfvars', '*.tfvars.json'];
/** A stack that leans on more folders than this is checked at every push. */
const MOST_FOLDERS = 200;
const SYMLINK = '120000';
const OWN_FOLDER = /^(\.\/)?\$\{path\.module\}/;
const ROOT_FOLDER = /^(\.\/)?\$\{path\.(root|cwd)\}/;
/** From here on a text is only known when the code runs, or is a pattern. */
const OPEN_END = /\$\{|%\{|[*?[{]/;

/**
 * Whether what changed from one commit to the other is something the stack may depend on: its folder, its
 * variable files, and whatever these name by a path that leads out of the folder (modules, files, links),
 * followed on from there. In doubt true: where the earlier commit is gone, a path is only known when the code
 * runs, or modules are fetched from this same repository. Rejects where git can't say.
 */
export async function touches(git: AskGit, from: string, to: string, code: StackCode): Promise<boolean> {
  if (from === to) return false;
  const known = await git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${from}^{commit}`]).catch(
    () => '',
  );
  if (known.trim() === '') return true;
  const paths = await dependencies(git, to, code);
  if (paths === null) return true;
  const specs = paths.map(literally);
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

/** Paths the stack may depend on at the commit; null: any. */
async function dependencies(git: AskGit, commit: string, code: StackCode): Promise<readonly string[] | null> {
  const root = inside('', code.path);
  // What is named by the newer commit is enough: where the older one named something else, the naming changed.
  const found = new Set<string>();
  let next: readonly (string | null)[] = [root, ...code.varFiles.map((file) => inside(root ?? '', file))];
  while (next.length > 0) {
    const fresh: string[] = [];
    for (const path of next) {
      if (path === null || path === '') return null;
      if (!found.has(path)) fresh.push(path);
      found.add(path);
    }
    if (found.size > MOST_FOLDERS) return null;
    if (fresh.length === 0) break;
    if (await throughLink(git, commit, fresh)) return null;
    next = [
      ...(await namedInCode(git, commit, fresh, root ?? '', code.git)),
      ...(await linked(git, commit, fresh)),
    ];
  }
  return [...found];
}

/** The path, read from `folder`, as one from the repository's root ('' for that); null where it leads out of it. */
function inside(folder: string, path: string): string | null {
  if (path.startsWith('/')) return null;
  const normal = posix.join(folder, path).replace(/\/+$/, '');
  if (normal === '.') return '';
  return normal === '..' || normal.startsWith('../') ? null : normal;
}

/** True where a folder on the way to one of the paths is a link, so that git would not look behind it. */
async function throughLink(git: AskGit, commit: string, paths: readonly string[]): Promise<boolean> {
  const above = new Set<string>();
  for (const path of paths) {
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) above.add(at);
  }
  if (above.size === 0) return false;
  const entries = await git(['ls-tree', '-z', commit, '--', ...above]);
  return entries.split('\0').some((entry) => entry.startsWith(SYMLINK));
}

/** Where the links below the paths lead; null for one that leads out of the repository. */
async function linked(
  git: AskGit,
  commit: string,
  paths: readonly string[],
): Promise<readonly (string | null)[]> {
  const entries = (await git(['ls-tree', '-r', '-z', commit, '--', ...paths])).split('\0');
  const targets: (string | null)[] = [];
  for (const entry of entries) {
    const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t([\s\S]+)$/.exec(entry) ?? [];
    if (mode !== SYMLINK || object === undefined || path === undefined) continue;
    targets.push(inside(posix.dirname(path), await git(['cat-file', 'blob', object])));
  }
  return targets;
}

/** What the code below the paths names outside of its own folders; null among it: that can't be told. */
async function namedInCode(
  git: AskGit,
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
  const same = sameRepository(repository);
  return lines.flatMap((line) => {
    const [file, quoted] = line.split('\0');
    if (file === undefined || quoted === undefined) return [];
    const text = quoted.trim().slice(1, -1);
    if (same.test(text)) return [null];
    return outside(text, posix.dirname(file.slice(commit.length + 1)), root);
  });
}

/** The paths a text of the code may mean, where it holds a `..`. */
function outside(text: string, folder: string, root: string): readonly (string | null)[] {
  // A bare path is read from the module's folder in `source`, and from the root module's in `file(…)`.
  let bases = folder === root ? [folder] : [folder, root];
  if (OWN_FOLDER.test(text)) bases = [folder];
  else if (ROOT_FOLDER.test(text)) bases = [root];
  const path = text.replace(OWN_FOLDER, '.').replace(ROOT_FOLDER, '.');
  const steps = path.split('/');
  const last = steps.lastIndexOf('..');
  if (last === -1) return [];
  if (/[$%{}()*]/.test(steps.slice(0, last).join('/'))) return [null];
  const end = path.search(OPEN_END);
  const certain = end === -1 ? path : path.slice(0, path.lastIndexOf('/', end) + 1);
  // Read from one of its two bases a path may well lead out of the repository; then it means the other.
  return bases.map((base) => inside(base, certain)).filter((found) => found !== null);
}

/** Finds the repository in the address of a module, however it is written. */
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

function literally(path: string): string {
  return `:(literal)${path}`;
}

function escaped(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&');
}
