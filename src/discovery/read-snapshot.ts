/** Reads a repository at a commit without a checkout, by git commands in its mirror. */
import { posix } from 'node:path';
import { literalSpec, type RunGit } from '../git/dependencies.ts';
import { type StateBlock, stateBlock } from '../terraform/hcl-blocks.ts';
import { type Folder, LONGEST_OWN_FILE, OWN_FILE, type Snapshot } from './folder.ts';

/** The names of files with code. */
export const CODE = /\.(tf|tofu)(\.json)?$/;
const UNIT_FILE = 'terragrunt.hcl';
const VAR_FILE = /\.tfvars(\.json)?$/;
const SYMLINK = '120000';
/** Prints `COMMIT:PATH`, a zero byte and a line, for each line that matches. */
const GREP = ['grep', '-I', '--full-name', '--no-color', '--no-line-number', '--no-column', '-z'];
const CODE_SPECS = [':(glob)**/*.tf', ':(glob)**/*.tofu', ':(glob)**/*.tf.json', ':(glob)**/*.tofu.json'];
const UNIT_SPEC = ':(glob)**/terragrunt.hcl';
/** How many paths go into one command. */
const AT_ONCE = 500;
/** Links to shared files of the same depth have the same content, so there are few; more are not followed. */
const MOST_LINKS = 500;

/** A file of the repository. */
export interface Entry {
  readonly mode: string;
  readonly oid: string;
  readonly path: string;
}

/** All files of the repository at the commit. */
export async function filesAt(git: RunGit, commit: string): Promise<readonly Entry[]> {
  return entriesIn(await git(['ls-tree', '-r', '-z', '--full-tree', commit]));
}

function entriesIn(listing: string): readonly Entry[] {
  return listing
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', , oid = ''] = line.slice(0, tab).split(' ');
      return { mode, oid, path: line.slice(tab + 1) };
    });
}

/** The folder of a file; '' is the repository's root. */
export const folderOf = (path: string): string => {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
};

/** The texts of these files, by their paths. */
export async function textsOf(
  git: RunGit,
  commit: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const lines = new Map<string, string[]>();
  for (let i = 0; i < paths.length; i += AT_ONCE) {
    const specs = paths.slice(i, i + AT_ONCE).map(literalSpec);
    const output = await git([...GREP, '-e', '', commit, '--', ...specs]);
    for (const line of output.split('\n')) {
      const end = line.indexOf('\0');
      if (end === -1) continue;
      const path = line.slice(commit.length + 1, end);
      const known = lines.get(path) ?? [];
      known.push(line.slice(end + 1));
      lines.set(path, known);
    }
  }
  return new Map([...lines].map(([path, texts]) => [path, `${texts.join('\n')}\n`]));
}

/** The state blocks of the code, by the file that has one. */
async function stateBlocks(git: RunGit, commit: string): Promise<ReadonlyMap<string, StateBlock>> {
  const pattern = ['-l', '-w', '-E', '-e', 'backend|cloud'];
  const listed = await git([...GREP, ...pattern, commit, '--', ...CODE_SPECS]);
  const paths = listed.split('\0').flatMap((name) => (name === '' ? [] : [name.slice(commit.length + 1)]));
  const blocks = new Map<string, StateBlock>();
  for (const [path, text] of await textsOf(git, commit, paths)) {
    const block = stateBlock(path, text) ?? guessed(path, text);
    if (block !== null) blocks.set(path, block);
  }
  return blocks;
}

/** For a file that is not understood: a root too many is seen by people, and one too few is not. */
function guessed(path: string, text: string): StateBlock | null {
  if (stateBlock(path, text) === null) return null;
  const [, type, cloud] = /^\s*(?:backend\s+"([\w-]+)"|(cloud))\s*\{/m.exec(text) ?? [];
  if (type !== undefined) return { kind: 'backend', type, settings: '' };
  return cloud === undefined ? null : { kind: 'cloud', type: 'cloud', settings: '' };
}

/** The files that links among the code lead to, by the link's path. */
async function linkTargets(git: RunGit, links: readonly Entry[]): Promise<ReadonlyMap<string, string>> {
  const oids = [...new Set(links.map((link) => link.oid))].slice(0, MOST_LINKS);
  const targets = new Map<string, string>();
  for (const oid of oids) targets.set(oid, await git(['cat-file', 'blob', oid]));
  return new Map(
    links.flatMap(({ path, oid }): [string, string][] => {
      const target = targets.get(oid);
      return target === undefined ? [] : [[path, posix.join(posix.dirname(path), target)]];
    }),
  );
}

/** Reads the repository at a commit that was fetched before. `files`: what `filesAt` gives. Rejects where git fails. */
export async function readSnapshot(git: RunGit, commit: string, files?: readonly Entry[]): Promise<Snapshot> {
  const entries = files ?? (await filesAt(git, commit));
  const code = entries.filter(({ path }) => CODE.test(path));
  const own = entries.filter(({ path, mode }) => posix.basename(path) === OWN_FILE && mode !== SYMLINK);
  const blocks = await stateBlocks(git, commit);
  const links = await linkTargets(
    git,
    code.filter(({ mode }) => mode === SYMLINK),
  );
  const ownTexts = await textsOf(
    git,
    commit,
    own.map(({ path }) => path),
  );

  const folders = new Map<string, Folder>();
  const add = (path: string, what: (known: Folder) => Folder): void => {
    const folder = folderOf(path);
    folders.set(
      folder,
      what(folders.get(folder) ?? { path: folder, code: false, unit: false, state: null, own: null }),
    );
  };
  for (const { path } of code) {
    const state = blocks.get(path) ?? blocks.get(links.get(path) ?? '') ?? null;
    add(path, (known) => ({ ...known, code: true, state: known.state ?? state }));
  }
  for (const path of unitFolders(entries)) {
    add(posix.join(path, UNIT_FILE), (known) => ({ ...known, unit: true }));
  }
  for (const { path } of own) {
    const text = (ownTexts.get(path) ?? '').slice(0, LONGEST_OWN_FILE + 1);
    add(path, (known) => ({ ...known, own: text }));
  }
  return {
    commit,
    folders: [...folders.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    varFiles: entries.flatMap(({ path }) => (VAR_FILE.test(path) ? [path] : [])),
  };
}

/** Folders with a terragrunt.hcl that have none below them: one with others below is what those include. */
function unitFolders(entries: readonly { readonly path: string }[]): readonly string[] {
  const all = entries.flatMap(({ path }) => (posix.basename(path) === UNIT_FILE ? [folderOf(path)] : []));
  const above = new Set<string>();
  for (const folder of all) {
    for (let at = folder; at !== ''; ) {
      at = folderOf(at);
      above.add(at);
    }
  }
  return all.filter((folder) => !above.has(folder));
}

/**
 * Folders whose code moved between two commits, by where they were. A folder moved where most of its code files did,
 * to one other folder. Empty where git can't compare the two, as after a forced push whose old commits are gone.
 */
export async function readMoves(git: RunGit, from: string, to: string): Promise<ReadonlyMap<string, string>> {
  const options = ['--no-color', '--name-status', '-z', '-M50%', '-l5000', '--diff-filter=R'];
  const output = await git(['diff', ...options, from, to, '--', ...CODE_SPECS, UNIT_SPEC]).catch(() => '');
  const fields = output.split('\0');
  const votes = new Map<string, Map<string, number>>();
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const [before, after] = [folderOf(fields[i + 1] ?? ''), folderOf(fields[i + 2] ?? '')];
    if (before === after) continue;
    const of = votes.get(before) ?? new Map<string, number>();
    of.set(after, (of.get(after) ?? 0) + 1);
    votes.set(before, of);
  }
  return new Map(
    [...votes].flatMap(([before, of]): [string, string][] => {
      const [first, second] = [...of].sort((a, b) => b[1] - a[1]);
      return first === undefined || first[1] === second?.[1] ? [] : [[before, first[0]]];
    }),
  );
}
