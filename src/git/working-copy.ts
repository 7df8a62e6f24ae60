/** Copies a folder as it is on the disk into a Git repository of its own, without a change to the folder. */
import { cp, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { baseEnvironment } from '../base/base-environment.ts';
import { errorText } from '../base/error-text.ts';
import type { CodeVersion, CommitInfo } from '../model/code-version.ts';
import { refuseUrl, scrubUrl } from './address.ts';
import { GitError } from './git-error.ts';
import { type PlainGit, plainGit } from './plain-git.ts';
import { remoteOf } from './remote.ts';

/** A folder of a person's working copy. */
export interface WorkingCopy {
  /** The top of the work tree; the folder itself where no repository has it. */
  readonly top: string;
  /** The folder below `top`, with `/`; empty for the top. */
  readonly path: string;
  /** What is checked out, as people know it; null outside of a repository, or before its first commit. */
  readonly head: CodeVersion | null;
  /** The newest commit that changed something in the folder. Left out without `head`. */
  readonly touched?: CommitInfo;
  /** The folder with the repository's index and excludes; null outside of a repository. */
  readonly gitDir: string | null;
}

export interface Snapshot {
  /** The path of the repository that has the copy, on its branch `ref`. */
  readonly repository: string;
  readonly ref: string;
  /** False where the copy is what `WorkingCopy.head` has, but for files that Git ignores. */
  readonly changed: boolean;
}

const LIMIT_MS = 5 * 60_000;
const REF = 'working-copy';
/** The subject of the commit of what is not committed. */
const NOT_COMMITTED = 'not committed yet';
/** Files that have not changed since the last commit are in the repository of the folder. */
const WRITE_TREE = ['write-tree', '--missing-ok'];
/** What tools write. Never copied: the tools make it again. */
const WRITTEN = [
  ...['.terraform', '.terragrunt-cache', '.terragrunt-stack', 'node_modules', '.venv', '__pycache__'],
];
const STATES = ['*.tfstate', '*.tfstate.*', 'terraform.tfstate.d'];
/** Of files that Git ignores, larger ones are left out: they are no code. */
const MOST_IGNORED_BYTES = 20 * 1024 * 1024;

type Git = (args: readonly string[], more?: Partial<PlainGit>) => Promise<string>;

function gitAt(cwd: string, base: Readonly<Record<string, string | undefined>>, own = {}): Git {
  const env = { ...baseEnvironment(base), ...own };
  return async (args, more = {}) =>
    (await plainGit(args, { cwd, env, limitMs: LIMIT_MS, ...more })).toString('utf8').trim();
}

/** Finds the repository that has the folder. Reads only. `base`: m0's environment. Rejects with a GitError. */
export async function openWorkingCopy(
  folder: string,
  base: Readonly<Record<string, string | undefined>>,
): Promise<WorkingCopy> {
  const real = await realpath(folder).catch(() => null);
  if (real === null) throw new GitError(`looking for code in ${folder}: there is no such folder`, folder);
  if (!(await lstat(real)).isDirectory())
    throw new GitError(`looking for code in ${folder}: it is a file: name its folder`, folder);
  // The person named the folder, so it may belong to another user than m0's.
  const git = gitAt(real, base);
  const ask = (...args: string[]): Promise<string | null> =>
    git(['-c', 'safe.directory=*', ...args]).catch(() => null);
  const top = await ask('rev-parse', '--show-toplevel');
  if (top === null || top === '') return { top: real, path: '', head: null, gitDir: null };
  const gitDir = await ask('rev-parse', '--absolute-git-dir');
  const path = relative(await realpath(top), real)
    .split(sep)
    .join('/');
  const log = ['log', '-1', '--no-show-signature', `--format=${FORMAT}`, 'HEAD', '--'];
  const newest = commitOf(await ask(...log));
  if (newest === null) return { top, path, head: null, gitDir };
  const touched = commitOf(await ask(...log, real)) ?? newest;
  const origin = (await ask('config', '--get', 'remote.origin.url')) ?? '';
  const isElsewhere = remoteOf(origin) !== null && refuseUrl(origin) === null;
  const head: CodeVersion = {
    repository: isElsewhere ? scrubUrl(origin) : top,
    ref: (await ask('symbolic-ref', '--quiet', '--short', 'HEAD')) || newest.commit,
    ...newest,
  };
  return { top, path, head, touched, gitDir };
}

const FORMAT = ['%H', '%an', '%ae', '%ct', '%s'].join('%x00');

function commitOf(said: string | null): CommitInfo | null {
  if (said === null || said === '') return null;
  const [commit = '', author = '', authorEmail = '', seconds = '0', subject = ''] = said.split('\0');
  return { commit, author, authorEmail, committedAt: Number(seconds) * 1000, subject };
}

export interface SnapshotOptions {
  /** The folder of the new repository; it must not exist. */
  readonly into: string;
  /** m0's environment. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** Files that the copy has besides, by their paths from the top. */
  readonly files?: ReadonlyMap<string, string>;
  /** True: state files are copied as well. */
  readonly states: boolean;
  /** A folder that is left out where it is inside: m0's own. */
  readonly without: string;
  /** When the copy was made, in ms since epoch, for a commit that is always the same; left out: now. */
  readonly at?: number;
}

/**
 * Commits the folder as it is now, with what is not committed there and with what Git ignores, but for what tools write.
 * Objects, index and settings are in `into`; the repository of the folder is only read. Rejects with a GitError.
 */
export async function snapshotOf(copy: WorkingCopy, options: SnapshotOptions): Promise<Snapshot> {
  const { into, base } = options;
  try {
    await mkdir(into, { recursive: true, mode: 0o700 });
    await gitAt(into, base)(['init', '--quiet', '--bare', '.']);
    const index = join(into, 'own-index');
    const git = gitAt(copy.top, base, { GIT_DIR: into, GIT_WORK_TREE: copy.top, GIT_INDEX_FILE: index });
    if (copy.gitDir !== null) await copyIndex(copy.gitDir, into, index);
    // git sets the time of an object that it would write and finds in a lent folder, so it is lent late. Only a sparse index
    // can't be read before.
    const isEarly = await mayBeSparse(index);
    if (isEarly) await lendObjects(copy, into);
    // An index in parts, or one that was being written: all files are read.
    await git(['ls-files', '--stage', '--', ':/']).catch(() => git(['read-tree', '--empty']));
    const ownPath = await ownFolder(copy.top, options.without);
    await excludeWritten(into, options.states, ownPath);
    await git(['add', '--all', '--', ':/']);
    const committed = await git(WRITE_TREE);
    await addIgnored(git, copy.top, options.states, ownPath);
    for (const [path, text] of options.files ?? []) {
      const blob = await git(['hash-object', '-w', '--stdin'], { input: Buffer.from(text) });
      await git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
    }
    const changed = committed !== (await headTreeOf(copy, base));
    const commit = await commitTree(options, await git(WRITE_TREE), changed ? null : copy.head);
    if (!isEarly) await lendObjects(copy, into);
    await git(['update-ref', `refs/heads/${REF}`, commit]);
    return { repository: into, ref: REF, changed };
  } catch (error) {
    if (error instanceof GitError) throw error;
    throw new GitError(`copying ${copy.top}: ${errorText(error).split('\n').join(' · ')}`, copy.top);
  }
}

async function headTreeOf({ top, head }: WorkingCopy, base: SnapshotOptions['base']): Promise<string | null> {
  if (head === null) return null;
  return gitAt(top, base)(['-c', 'safe.directory=*', 'rev-parse', `${head.commit}^{tree}`]);
}

/** Lets the copy read the objects of the folder's repository where they are. */
async function lendObjects({ gitDir }: WorkingCopy, into: string): Promise<void> {
  if (gitDir === null) return;
  const objects = await realpath(join(await sharedDir(gitDir), 'objects'));
  await writeFile(join(into, 'objects', 'info', 'alternates'), `${objects}\n`);
}

async function sharedDir(gitDir: string): Promise<string> {
  const common = await readFile(join(gitDir, 'commondir'), 'utf8').catch(() => null);
  return common === null ? gitDir : join(gitDir, common.trim());
}

/**
 * True if the index may have folders in place of files that are not checked out: then it has an extension of that name
 * (gitformat-index, "Sparse Directory Entries"). So may the name of a file, which does no harm.
 */
async function mayBeSparse(index: string): Promise<boolean> {
  return (await readFile(index).catch(() => Buffer.alloc(0))).includes('sdir');
}

/** Copies the index, which spares to read files that have not changed, and what the repository excludes. */
async function copyIndex(gitDir: string, into: string, index: string): Promise<void> {
  const excludes = await readFile(join(await sharedDir(gitDir), 'info', 'exclude'), 'utf8').catch(() => '');
  await mkdir(join(into, 'info'), { recursive: true });
  await writeFile(join(into, 'info', 'exclude'), excludes);
  // With its time: git reads a file that is as new as the index, because it may have changed since.
  await cp(join(gitDir, 'index'), index, { preserveTimestamps: true }).catch(() => {});
}

/** `own`: m0's own folder as a path from the top; null where it is elsewhere. */
async function excludeWritten(into: string, states: boolean, own: string | null): Promise<void> {
  const file = join(into, 'info', 'exclude');
  await mkdir(join(into, 'info'), { recursive: true });
  const before = await readFile(file, 'utf8').catch(() => '');
  const lines = [
    ...WRITTEN.map((name) => `${name}/`),
    ...(states ? [] : STATES),
    ...(own === null ? [] : [`/${own}/`]),
  ];
  await writeFile(file, `${before}\n${lines.join('\n')}\n`);
}

async function ownFolder(top: string, without: string): Promise<string | null> {
  const own = relative(await realpath(top), await realpath(without).catch(() => without));
  const isInside = own !== '' && own !== '..' && !own.startsWith(`..${sep}`) && !isAbsolute(own);
  return isInside ? own.split(sep).join('/') : null;
}

/** Var files and overrides are often ignored, and the tool reads them all the same. */
async function addIgnored(git: Git, top: string, states: boolean, own: string | null): Promise<void> {
  const skipped = [
    ...WRITTEN.map((name) => `**/${name}/**`),
    ...(states ? [] : ['**/*.tfstate', '**/*.tfstate.*', '**/terraform.tfstate.d/**']),
    ...(own === null ? [] : [`${own}/**`]),
  ];
  const ignored = await git([
    ...['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--', ':/'],
    ...skipped.map((name) => `:(top,exclude,glob)${name}`),
  ]);
  const paths: string[] = [];
  for (const path of ignored.split('\0')) {
    if (path === '') continue;
    const stats = await lstat(join(top, path)).catch(() => null);
    if (stats !== null && !stats.isDirectory() && stats.size <= MOST_IGNORED_BYTES) paths.push(path);
  }
  if (paths.length === 0) return;
  const input = Buffer.from(`${paths.map((path) => `:(top,literal)${path}`).join('\0')}\0`);
  await git(['add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'], { input });
}

/** A commit without a parent, so that no history is copied. Of an unchanged copy it looks as `head` does. */
async function commitTree(
  { into, base, at }: SnapshotOptions,
  tree: string,
  head: CodeVersion | null,
): Promise<string> {
  const name = head?.author || 'working copy';
  const email = head?.authorEmail || 'working-copy@noreply.invalid';
  const ms = head?.committedAt ?? at;
  const date = ms === undefined ? null : `@${Math.floor(ms / 1000)} +0000`;
  const git = gitAt(into, base, {
    ...{ GIT_DIR: into, GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
    ...(date === null ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
  });
  const subject = head === null ? NOT_COMMITTED : head.subject || 'no subject';
  return git(['-c', 'commit.gpgsign=false', 'commit-tree', tree, '-m', subject]);
}
