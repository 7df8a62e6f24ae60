/** What a stack's code can read at a commit, and who wrote it. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import {
  type ChangedInputs,
  type CodeAuthor,
  type CommitInfo,
  type StackInputs,
  sourceId,
} from '../model/code-version.ts';
import { withMerges } from './brought-by.ts';
import {
  foldersAbove,
  followCode,
  literalSpec,
  type RunGit,
  type StackCode,
  SUBMODULE,
  type Texts,
} from './dependencies.ts';
import type { TreeListing } from './tree-listing.ts';
import { mayLookAround } from './unbounded-paths.ts';

/** The fields of a commit in the output of `git log`. No field can hold a zero byte, which ends each of them. */
const FIELDS = ['%H', '%P', '%an', '%ae', '%cn', '%ce', '%ct', '%s', '%B'];
/** A commit message may name co-authors in any of its lines, not only in its last paragraph. */
const CO_AUTHOR = /^\s*co-authored-by:\s*(.*?)\s*<([^>]*)>\s*$/gim;
/** The most commits, var files and modules that are told. */
const MOST_TOLD = 5;
/** Enough commits to find one that is no merge. */
const NEWEST = ['-n', '50'];
/**
 * The committer of what people merge or edit on github.com: a service, not a person. See
 * https://docs.github.com/authentication/managing-commit-signature-verification/about-commit-signature-verification.
 */
const GITHUB = 'noreply@github.com';

/** What the code of a stack can read at a commit. */
export interface InputFiles {
  readonly commit: string;
  /** Paths of the repository; null: every path counts. */
  readonly paths: readonly string[] | null;
  /** As in StackInputs. */
  readonly digest: string;
  /** What a work tree of the inputs alone has; null where the stack needs the whole repository. */
  readonly tree: InputTree | null;
}

/** A work tree that has only the inputs of a stack. */
export interface InputTree {
  /** SHA-256 (hex) of the paths and contents of its files. */
  readonly digest: string;
  /** The files and folders to check out; the commit has each of them. */
  readonly paths: readonly string[];
  /** Its files and links, from the repository's root. */
  readonly files: readonly string[];
}

/** Files of parent folders that tell git how to write the files below, and which to ignore. */
const GIT_FILES = ['.gitattributes', '.gitignore'];
/** Where a plan may run elsewhere, the tool sends the repository there. */
const UPLOADS = /^\s*cloud\s*\{|\bbackend\s+"remote"|"(cloud|remote)"\s*:/m;

/** The stack's inputs at the listed commit. Rejects where git fails. */
export async function inputFiles(git: RunGit, tree: TreeListing, code: StackCode): Promise<InputFiles> {
  const { paths, texts } = await followCode(git, tree, code, true);
  const digest = createHash('sha256')
    .update(JSON.stringify([code.path, code.varFiles, paths]))
    .update(tree.text(paths))
    .digest('hex');
  return { commit: tree.commit, paths, digest, tree: inputTree(tree, paths, texts, code) };
}

/** Null also where the code may look beside its inputs, because a missing file must not change a plan. */
function inputTree(
  tree: TreeListing,
  paths: readonly string[] | null,
  texts: Texts,
  code: StackCode,
): InputTree | null {
  if (paths === null || !isPlainEnvironment(code.environment ?? {})) return null;
  for (const [path, text] of texts) {
    // Terragrunt copies and generates files in ways that only it knows.
    const isLock = posix.basename(path) === '.terraform.lock.hcl';
    if ((path.endsWith('.hcl') && !isLock) || mayLookAround(text) || UPLOADS.test(text)) return null;
  }
  const above = new Set(paths.flatMap(foldersAbove));
  const gitFiles = [...above].flatMap((folder) => GIT_FILES.map((name) => posix.join(folder, name)));
  const wanted = [...paths, ...gitFiles].filter((path) => tree.has(path));
  const entries = tree.below(wanted);
  if (entries.some(({ mode }) => mode === SUBMODULE)) return null;
  const digest = createHash('sha256').update(tree.text(wanted)).digest('hex');
  return { digest, paths: wanted, files: entries.map(({ path }) => path) };
}

/** False if a variable may name files beside the inputs: as an argument of the tool, or for a provider. */
function isPlainEnvironment(environment: Readonly<Record<string, string>>): boolean {
  return Object.entries(environment).every(
    ([name, value]) =>
      !/^(TF_CLI_ARGS|TG_|TERRAGRUNT_)/.test(name) && (!value.includes('..') || name.startsWith('TF_VAR_')),
  );
}

/**
 * The inputs, and who wrote them since the commit at which code and cloud last agreed; null, or a commit that the
 * mirror does not have: in the whole history. Rejects where git fails.
 */
export async function stackInputs(
  git: RunGit,
  { commit, paths, digest }: Pick<InputFiles, 'commit' | 'paths' | 'digest'>,
  since: string | null,
  code: StackCode,
): Promise<StackInputs> {
  const specs = (paths ?? []).map(literalSpec);
  const known = since === commit || (since !== null && (await isKnown(git, since)));
  const range = known ? `${since}..${commit}` : commit;
  const written = since === commit ? [] : await commitsOf(git, [range, '--', ...specs]);
  const [newest] = written;
  const [last] =
    newest === undefined && known ? await commitsOf(git, [...NEWEST, commit, '--', ...specs]) : [newest];
  const newestCommits = written.slice(0, MOST_TOLD).map((one) => one.commit);
  const told = await withMerges(git, commit, newestCommits);
  const older = told.length > 0 || last === undefined ? [] : [last.commit];
  const [touched = null] = [...told, ...(await withMerges(git, commit, older))];
  return {
    digest,
    source: sourceId(code),
    whole: paths === null,
    touched,
    commits: { newest: told, count: written.length },
    ...(known && since !== null && since !== commit
      ? { changed: await changedInputs(git, since, commit, specs, code) }
      : {}),
    authors: peopleOf(written.flatMap((one) => one.people)),
  };
}

/** What differs between the two commits, by what it is for the stack. */
async function changedInputs(
  git: RunGit,
  since: string,
  commit: string,
  specs: readonly string[],
  { path, varFiles }: StackCode,
): Promise<ChangedInputs> {
  const names = await git([
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    since,
    commit,
    '--',
    ...specs,
  ]);
  const files = names.split('\0').filter((file) => file !== '');
  const own = posix.normalize(path === '' ? '.' : path);
  const ofVars = new Set(varFiles.map((file) => posix.normalize(posix.join(own, file))));
  const modules = files
    .filter((file) => /\.(tf|tofu)(\.json)?$/.test(file))
    .map((file) => posix.dirname(file))
    .filter((folder) => folder !== own);
  return {
    providers: files.some((file) => posix.basename(file) === '.terraform.lock.hcl'),
    varFiles: files.filter((file) => ofVars.has(file)).slice(0, MOST_TOLD),
    modules: [...new Set(modules)].slice(0, MOST_TOLD),
  };
}

interface WrittenCommit {
  readonly isMerge: boolean;
  readonly commit: CommitInfo;
  readonly people: readonly CodeAuthor[];
}

/** The commits that changed one of the paths, newest first, without merges that only joined what others wrote. */
async function commitsOf(git: RunGit, what: readonly string[]): Promise<readonly WrittenCommit[]> {
  // Without --full-history, git leaves out commits of a branch whose merge kept the other side.
  const log = ['log', '--full-history', '--no-show-signature'];
  const all = commitsIn(await git([...log, '-z', `--format=${FIELDS.join('%x00')}`, ...what]));
  if (!all.some((one) => one.isMerge)) return all;
  // With -c, a merge lists only files that differ from those of all its parents.
  const merges = await git([...log, '--merges', '-c', '--name-only', '--format=%x01%H', ...what]);
  const own = new Set(
    merges.split('\x01').flatMap((record) => {
      const [commit = '', ...files] = record.split('\n').filter((line) => line !== '');
      return files.length > 0 ? [commit] : [];
    }),
  );
  return all.filter((one) => !one.isMerge || own.has(one.commit.commit));
}

function commitsIn(log: string): readonly WrittenCommit[] {
  const fields = log.split('\0');
  const commits: WrittenCommit[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    commits.push(commitOf(fields.slice(at, at + FIELDS.length)));
  }
  return commits;
}

function commitOf(fields: readonly string[]): WrittenCommit {
  const [commit = '', parents = '', author = '', authorEmail = '', committer = ''] = fields;
  const [committerEmail = '', at = '0', subject = '', body = ''] = fields.slice(5);
  const together = [...body.matchAll(CO_AUTHOR)].map(([, name = '', email = '']) => ({ name, email }));
  const committers = committerEmail === GITHUB ? [] : [{ name: committer, email: committerEmail }];
  return {
    isMerge: parents.includes(' '),
    commit: { commit, author, authorEmail, committedAt: Number(at) * 1000, subject },
    people: [{ name: author, email: authorEmail }, ...committers, ...together],
  };
}

/** Each person once, in order: the newest commit's first. */
function peopleOf(people: readonly CodeAuthor[]): readonly CodeAuthor[] {
  const each = new Map(people.map((one) => [JSON.stringify([one.name, one.email.toLowerCase()]), one]));
  return [...each.values()];
}

async function isKnown(git: RunGit, commit: string): Promise<boolean> {
  const found = await git([
    'rev-parse',
    '--quiet',
    '--verify',
    '--end-of-options',
    `${commit}^{commit}`,
  ]).catch(() => '');
  return found.trim() !== '';
}
