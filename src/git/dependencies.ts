/** The paths of a repository that a stack's code can read at a commit. */
import { posix } from 'node:path';
import type { TreeListing } from './tree-listing.ts';
import { includedNames, namesOwnFiles, readsUnboundedPaths, TEMPLATE_READS } from './unbounded-paths.ts';

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
  /** Values of the stack's environment that may name files of the repository. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Files that can name other files of a stack. */
const CODE = ['*.tf', '*.tofu', '*.tf.json', '*.tofu.json', '*.tfvars', '*.tfvars.json', '*.hcl'];
/** A stack that depends on more folders than this is checked after every push. */
const MAX_FOLDERS = 200;
/** Prints `COMMIT:PATH`, a zero byte and a line for each line that matches. */
const SEARCH = ['grep', '-z', '-I', '--full-name', '--no-color', '--no-line-number', '--no-column'];
const SYMLINK = '120000';
/** In quotes: a path with a step upwards, or an address. */
const OUTSIDE = /"[^"\n]*(?:\.\.|\/\/|::|\.git|@)[^"\n]*"/g;
/** The mode of a submodule's commit. Its files are in another repository. */
export const SUBMODULE = '160000';
const OWN_FOLDER = /^(\.\/)?\$\{path\.module\}/;
const ROOT_FOLDER = /^(\.\/)?\$\{path\.(root|cwd)\}/;
/** From this character on, the text is known only at run time, or is a glob pattern. */
const FIRST_UNKNOWN = /\$\{|%\{|[*?[{]/;

/** The text of each file of code, by its path. */
export type Texts = ReadonlyMap<string, string>;

/**
 * Paths that the stack's code can read at the listed commit, sorted: its folder, its variable files and everything that
 * these name outside of the folder (modules, files, links, Terragrunt's includes), followed recursively. Null where
 * every path of the repository counts. `strict`: every path counts also where the code puts a path together that it
 * reads, or runs a program that may read anything. Otherwise such a path counts as far as its text is known, because a
 * look too few is made up for by the next one. Rejects where git fails.
 */
export async function dependencies(
  git: RunGit,
  tree: TreeListing,
  code: StackCode,
  strict: boolean,
): Promise<readonly string[] | null> {
  return (await followCode(git, tree, code, strict)).paths;
}

/** As `dependencies`, with the code that was read: all of it, unless `paths` is null. */
export async function followCode(
  git: RunGit,
  tree: TreeListing,
  code: StackCode,
  strict: boolean,
): Promise<{ readonly paths: readonly string[] | null; readonly texts: Texts }> {
  const every = { paths: null, texts: new Map<string, string>() };
  const read = new Map<string, string>();
  const root = fromRoot('', code.path);
  // What generates it may be anywhere.
  if (root !== null && root !== '' && isGenerated(tree, root)) return every;
  const found = new Set<string>();
  let next: readonly (string | null)[] = [
    root,
    ...code.varFiles.map((file) => fromRoot(root ?? '', file)),
    ...(strict ? pathsInEnvironment(code.environment ?? {}, root ?? '') : []),
  ];
  while (next.length > 0) {
    const fresh: string[] = [];
    for (const path of next) {
      if (path === null || path === '') return every;
      if (!found.has(path)) fresh.push(path);
      found.add(path);
    }
    if (found.size > MAX_FOLDERS) return every;
    if (fresh.length === 0) break;
    if (leadsElsewhere(tree, fresh)) return every;
    const texts = await codeBelow(git, tree, fresh);
    for (const [path, text] of texts) read.set(path, text);
    if (strict && (await hasReadingTemplate(git, tree, fresh))) return every;
    next = [
      ...(strict ? pathsReadAsCode(texts, root ?? '') : []),
      ...pathsInCode(texts, root ?? '', code.git),
      ...(await linkTargets(git, tree, fresh)),
    ];
  }
  return { paths: [...found].sort(), texts: read };
}

/** True if Terragrunt generates the folder from the file of a stack. */
function isGenerated(tree: TreeListing, folder: string): boolean {
  if (folder.split('/').includes('.terragrunt-stack')) return true;
  if (tree.has(`${folder}/.terragrunt-stack-manifest`)) return true;
  if (tree.has(folder)) return false;
  return foldersAbove(folder).some((above) => tree.has(posix.join(above, 'terragrunt.stack.hcl')));
}

/** Files that variables of the environment name, with null for all that can't be told. */
function pathsInEnvironment(
  environment: Readonly<Record<string, string>>,
  root: string,
): readonly (string | null)[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (/^(TF|TG|TERRAGRUNT)_/.test(name) && /\bvar-file\b/.test(value)) return [null];
    return /^(TF_VAR|TG|TERRAGRUNT)_/.test(name) ? outsidePaths(value, root, root) : [];
  });
}

/** The code at the paths and below them. */
async function codeBelow(git: RunGit, tree: TreeListing, paths: readonly string[]): Promise<Texts> {
  const isThere = tree.below(paths).some(({ path, mode }) => mode !== SYMLINK && isCode(path));
  // A file may be named itself, whatever its name is.
  if (!isThere && paths.every((path) => tree.at(path) === undefined)) return new Map();
  const { commit } = tree;
  const lines = (await git([...SEARCH, '-e', '', commit, '--', ...codeSpecs(paths)])).split('\n');
  const texts = new Map<string, string[]>();
  for (const line of lines) {
    const [file, text] = line.split('\0');
    if (file === undefined || text === undefined) continue;
    const path = file.slice(commit.length + 1);
    const known = texts.get(path);
    if (known === undefined) texts.set(path, [text]);
    else known.push(text);
  }
  return new Map([...texts].map(([path, of]) => [path, of.join('\n')]));
}

/** True if a file that is no code, such as a template, calls a function that reads files. */
async function hasReadingTemplate(
  git: RunGit,
  { commit, below }: TreeListing,
  paths: readonly string[],
): Promise<boolean> {
  if (below(paths).every(({ path }) => isCode(path))) return false;
  const others = CODE.map((name) => `:(exclude,glob)**/${name}`);
  const templates = ['grep', '-I', '-l', '-E', '-e', TEMPLATE_READS, commit, '--'];
  return (await git([...templates, ...paths.map(literalSpec), ...others])) !== '';
}

function isCode(path: string): boolean {
  return CODE.some((name) => path.endsWith(name.slice(1)));
}

/** What the code reads by paths that it puts together, and the files of parent folders that Terragrunt includes. */
function pathsReadAsCode(texts: Texts, root: string): readonly (string | null)[] {
  return [...texts].flatMap(([path, text]) => {
    if (posix.basename(path) === '.terraform.lock.hcl') return [];
    if (readsUnboundedPaths(text)) return [null];
    if (!path.endsWith('.hcl')) return [];
    const includes = includedNames(text);
    // A file that several stacks include may mean a path of its own folder or of theirs.
    if (includes === null || (!path.startsWith(`${root}/`) && namesOwnFiles(text))) return [null];
    return foldersAbove(posix.dirname(path)).flatMap((folder) =>
      includes.map((name) => fromRoot(folder, name)),
    );
  });
}

/** The folders above a folder of the repository, its root included. */
export function foldersAbove(folder: string): readonly string[] {
  const above: string[] = [];
  for (let at = folder; at !== '.' && at !== ''; ) {
    at = posix.dirname(at);
    above.push(at === '.' ? '' : at);
  }
  return above;
}

function codeSpecs(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) =>
    CODE.flatMap((name) => [`:(glob)${escaped(path)}/**/${name}`, `:(glob)${escaped(path)}`]),
  );
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

/**
 * True where a parent folder of one of the paths is a symbolic link, because git does not follow those, and where one of
 * them or a parent is a submodule.
 */
function leadsElsewhere(tree: TreeListing, paths: readonly string[]): boolean {
  const above = paths.flatMap((path) => foldersAbove(path));
  return (
    above.some((folder) => tree.at(folder)?.mode === SYMLINK) ||
    [...above, ...paths].some((path) => tree.at(path)?.mode === SUBMODULE)
  );
}

/** Targets of the symbolic links below the paths; null for a target outside the repository. */
async function linkTargets(
  git: RunGit,
  tree: TreeListing,
  paths: readonly string[],
): Promise<readonly (string | null)[]> {
  const targets: (string | null)[] = [];
  for (const { mode, object, path } of tree.below(paths)) {
    if (mode === SUBMODULE) targets.push(null);
    if (mode !== SYMLINK) continue;
    targets.push(fromRoot(posix.dirname(path), await git(['cat-file', 'blob', object])));
  }
  return targets;
}

/**
 * Paths outside their own folders that the code names. Contains null where a path cannot be determined.
 */
function pathsInCode(texts: Texts, root: string, repository: string): readonly (string | null)[] {
  const isSameRepository = sameRepository(repository);
  return [...texts].flatMap(([path, code]) =>
    [...code.matchAll(OUTSIDE)].flatMap(([quoted]) => {
      const text = quoted.slice(1, -1);
      if (isSameRepository.test(text)) return [null];
      return outsidePaths(text, posix.dirname(path), root);
    }),
  );
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

/** A git pathspec that matches this path and everything below it, and no pattern. */
export function literalSpec(path: string): string {
  return `:(literal)${path}`;
}

function escaped(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&');
}
