/** m0's own commits of edited code: made in m0's mirror with a temporary index, and pushed by nothing here. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { baseEnvironment } from '../base/base-environment.ts';
import type { CodeChanges, OwnEdit } from '../ports/code-changes.ts';
import type { Mirrors } from './mirrors.ts';
import { type PlainGit, plainGit } from './plain-git.ts';
import { repositoryKey } from './remote.ts';
import { listTree, type TreeEntry } from './tree-listing.ts';

/** Files that can say what a resource is. */
const CODE = /\.(tf|tofu|tfvars)(\.json)?$/;
const LIMIT_MS = 60_000;
/** The largest file of code that is read, and the most of all of them, in bytes: a repository must not fill the memory. */
const MAX_FILE = 4 * 1024 * 1024;
const MAX_ALL = 256 * 1024 * 1024;
/** The author of m0's commits. It is no person, so it counts as nobody of m0.yaml. */
const AUTHOR = { name: 'm0', email: 'm0@noreply.invalid' };
/** Kept beside the branches, which a fetch replaces by those of the server. */
const REFS = 'refs/m0/codify/';

type Git = (args: readonly string[], more?: Partial<PlainGit>) => Promise<Buffer>;

/** m0's own commits in these mirrors. `base`: m0's environment. */
export function createCodeChanges(
  mirrors: Mirrors,
  base: Readonly<Record<string, string | undefined>>,
): CodeChanges {
  const env = baseEnvironment(base);

  function within<T>(url: string, doing: string, work: (git: Git, mirror: string) => Promise<T>): Promise<T> {
    return mirrors.reading(url, doing, (_, mirror) =>
      work((args, more = {}) => plainGit(args, { cwd: mirror, limitMs: LIMIT_MS, env, ...more }), mirror),
    );
  }

  async function filesOf(git: Git, commit: string): Promise<readonly TreeEntry[]> {
    const listing = await listTree(async (args) => (await git(args)).toString('utf8'), commit);
    return listing.below(null);
  }

  return {
    texts: (url, commit) =>
      within(url, 'reading the code of', async (git) => {
        const code = (await filesOf(git, commit)).filter((entry) => isPlain(entry) && CODE.test(entry.path));
        const sizes = sizesIn(
          await git(['cat-file', '--batch-check=%(objectsize)'], { input: objectsOf(code) }),
        );
        const files = code.filter((_, i) => (sizes[i] ?? 0) <= MAX_FILE);
        if (sizes.reduce((sum, size) => sum + (size <= MAX_FILE ? size : 0), 0) > MAX_ALL) {
          throw new Error(`the repository has more than ${MAX_ALL / 1024 / 1024} MB of code`);
        }
        const input = objectsOf(files);
        const blobs = blobsIn(await git(['cat-file', '--batch'], { input }));
        return new Map(
          files.flatMap(({ path }, i) => {
            const text = utf8(blobs[i]);
            return text === null ? [] : [[path, text] as const];
          }),
        );
      }),

    commit: (edit) =>
      within(edit.git, 'committing an edit of', async (git, mirror) => {
        const commit = await commitOf(git, mirror, edit, await filesOf(git, edit.base.commit), env);
        await git(['update-ref', `${REFS}${edit.name}`, commit]);
        const { name: author, email: authorEmail } = AUTHOR;
        const [subject = ''] = edit.message.split('\n');
        return {
          ...{ repository: edit.base.repository, ref: edit.base.ref, commit },
          ...{ author, authorEmail, committedAt: edit.at, subject },
        };
      }),

    forget: (url, name) =>
      within(url, 'forgetting an edit of', async (git) => {
        await git(['update-ref', '-d', `${REFS}${name}`]);
      }),

    patch: (url, from, to, context = 3) =>
      within(url, 'reading an edit of', async (git) => {
        // `git apply` takes this form without options, whatever m0's user or the repository's attributes say of diffs.
        const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--text'];
        const form = ['--src-prefix=a/', '--dst-prefix=b/', '--inter-hunk-context=0', '--indent-heuristic'];
        const args = ['diff', ...plain, ...form, `--unified=${context}`, from, to, '--'];
        return (await git(['-c', 'diff.suppressBlankEmpty=false', ...args])).toString('utf8');
      }),

    reads: (from, to, code) => mirrors.reads(from, to, code),
    keyOf: repositoryKey,
    directory: (url) => mirrors.directory(url),
  };
}

async function commitOf(
  git: Git,
  mirror: string,
  { base, files, message, at }: OwnEdit,
  tree: readonly TreeEntry[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const index = join(mirror, `m0-index-${randomUUID()}`);
  const withIndex = { env: { ...env, GIT_INDEX_FILE: index } };
  try {
    await git(['read-tree', base.commit], withIndex);
    for (const [path, text] of files) {
      const input = Buffer.from(text, 'utf8');
      const object = lineOf(await git(['hash-object', '-w', '--no-filters', '--stdin'], { input }));
      const known = tree.find((entry) => entry.path === path);
      // A link would be followed out of the repository, and the code has no other file that is edited.
      if (known === undefined || !isPlain(known)) throw new Error(`${path} is no file of ${base.commit}`);
      await git(['update-index', '--cacheinfo', `${known.mode},${object},${path}`], withIndex);
    }
    const written = lineOf(await git(['write-tree'], withIndex));
    const seconds = `@${Math.floor(at / 1000)} +0000`;
    const by = {
      ...{ GIT_AUTHOR_NAME: AUTHOR.name, GIT_AUTHOR_EMAIL: AUTHOR.email, GIT_AUTHOR_DATE: seconds },
      ...{ GIT_COMMITTER_NAME: AUTHOR.name, GIT_COMMITTER_EMAIL: AUTHOR.email, GIT_COMMITTER_DATE: seconds },
    };
    return lineOf(
      await git(['commit-tree', written, '-p', base.commit, '-F', '-'], {
        ...{ env: { ...env, ...by }, input: Buffer.from(message, 'utf8') },
      }),
    );
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** False for links and submodules. */
function isPlain({ mode }: TreeEntry): boolean {
  return mode.startsWith('100');
}

/** What `git cat-file --batch` reads. */
function objectsOf(files: readonly TreeEntry[]): Buffer {
  return Buffer.from(files.map(({ object }) => `${object}\n`).join(''));
}

function sizesIn(output: Buffer): readonly number[] {
  const lines = output.toString('latin1').split('\n').slice(0, -1);
  return lines.map((line) => {
    if (!/^\d+$/.test(line)) throw new Error('git cat-file: an object is missing');
    return Number(line);
  });
}

/** The contents in what `git cat-file --batch` prints, in order. */
function blobsIn(output: Buffer): readonly Buffer[] {
  const blobs: Buffer[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0x0a, at);
    const size = Number(output.subarray(at, end).toString('latin1').split(' ')[2]);
    if (!Number.isInteger(size)) throw new Error('git cat-file: an object is missing');
    blobs.push(output.subarray(end + 1, end + 1 + size));
    at = end + 1 + size + 1;
  }
  return blobs;
}

/** Null where the bytes are no UTF-8: such a file can't be written back byte for byte. */
function utf8(bytes: Buffer | undefined): string | null {
  if (bytes === undefined) return null;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : null;
}

function lineOf(output: Buffer): string {
  return output.toString('latin1').trim();
}
