/** Local copies of Git repositories: one bare mirror per URL, and the work trees of stacks. */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import { type CodeVersion, isFullCommit, type StackInputs } from '../model/code-version.ts';
import type { Reads } from '../ports/code-changes.ts';
import { type Access, accessOf, moduleAccessOf } from './access.ts';
import { refuseCommits, refuseRef, refuseUrl, scrubCredentials, scrubSecrets, scrubUrl } from './address.ts';
import { credentialFor, type GitCredential } from './credentials.ts';
import { literalSpec, type RunGit, type StackCode } from './dependencies.ts';
import { explainFailure } from './failure.ts';
import { GitError, throwIfRefused, withGitError } from './git-error.ts';
import { occupyGitFolder } from './git-folder.ts';
import { gitIn, gitText } from './git-in.ts';
import type { InputTree } from './inputs.ts';
import { isBroken, withRepairs } from './repairs.ts';
import { createStackCodeReader } from './stack-code.ts';
import { checkoutSubmodules } from './submodules.ts';
import { CLEAN, ensureWorkTree, exists } from './work-trees.ts';

/** Local copies of Git repositories: one bare mirror per URL, shared by everything in this process. */
export interface Mirrors {
  /**
   * Updates the mirror and resolves a branch, a tag or a commit (in this order). Rejects with a GitError
   * `running git fetch for <url>: …` where the repository or the ref does not exist, or m0 may not read it.
   * Tokens and keys are read each time, so a new one is used from the next fetch on. `within`: a fetch of the
   * repository that began at most so many ms ago is new enough, and its answer is used again; at most 15 s. Left
   * out: 0.
   */
  fetch(url: string, ref: string, within?: number): Promise<CodeVersion>;
  /**
   * Makes `into` exactly the tree of a commit that was fetched before, and creates the directory. Files that
   * the commit does not have are removed, except ignored ones and Terraform's own (lock file, local state).
   * Submodules are fetched too, at the commits that the tree names, without more access than modules get
   * (`modules: true`). Rejects with a GitError, which names a submodule that can't be fetched.
   */
  checkout(url: string, commit: string, into: string): Promise<void>;
  /**
   * What a work tree with only the stack's inputs has at a commit that was fetched before; null where the stack needs
   * the whole repository. See inputs.ts. Rejects with a GitError.
   */
  inputTree(commit: string, code: StackCode): Promise<InputTree | null>;
  /**
   * Makes `into` exactly these files and folders of a commit, which it must have, with the same exceptions as
   * `checkout`. `index` is a file that git
   * needs for that, outside of `into`. The directory is no repository then. Rejects with a GitError.
   */
  checkoutFiles(
    url: string,
    commit: string,
    paths: readonly string[],
    where: { readonly into: string; readonly index: string },
  ): Promise<void>;
  /**
   * Whether the stack may depend on what changed between two commits that were both fetched before. See
   * changes.ts.
   */
  touches(from: string, to: string, code: StackCode): Promise<boolean>;
  /** As `touches`, and whether that is certain. */
  reads(from: string, to: string, code: StackCode): Promise<Reads>;
  /**
   * What the stack's code can read at a commit that was fetched before, and who wrote it since the commit `since`;
   * null: ever. See inputs.ts. Rejects with a GitError.
   */
  inputs(commit: string, since: string | null, code: StackCode): Promise<StackInputs>;
  /**
   * Runs `work` with git commands in the mirror of the repository, which was fetched before. `doing`: what for, as the
   * beginning of a sentence. Rejects with a GitError.
   */
  reading<T>(url: string, doing: string, work: (git: RunGit, mirror: string) => Promise<T>): Promise<T>;
  /** The directory of the repository's mirror. It exists once the repository was fetched. */
  directory(url: string): string;
}

/**
 * Options of the mirrors. `base` is m0's environment; git gets only PATH, HOME, proxies and certificates from
 * it.
 */
export interface MirrorOptions {
  /** Directory of the mirrors; created if needed. */
  readonly dir: string;
  readonly log: Logger;
  readonly base: Readonly<Record<string, string | undefined>>;
  /** Credentials for private repositories; none where left out. */
  readonly credentials?: readonly GitCredential[];
  /** Time limit of one git command in ms; default 5 minutes. */
  readonly timeLimitMs?: number;
}

/** The longest time in ms that a fetch counts for others: code that somebody has pushed is seen soon. */
const MOST_SHARED_MS = 15_000;
/** Mirrors under `dir`, each named by the hash of its URL, so that no URL can choose a path. */
export function createMirrors(options: MirrorOptions): Mirrors {
  const { log } = options;
  // Absolute, because git runs inside these directories.
  const dir = resolvePath(options.dir);
  const timeLimitMs = options.timeLimitMs ?? 5 * 60_000;
  const lock = createKeyedLock();
  const codeReader = createStackCodeReader();
  /** The last successful fetch of each mirror: when it began, and what its refs were. */
  const fetched = new Map<string, { readonly began: number; readonly refs: Map<string, CodeVersion> }>();
  const mirrorOf = (url: string): string =>
    join(dir, createHash('sha256').update(url).digest('hex').slice(0, 32));

  /** Git in `baseDir`. Only a fetch gets `access`, so that no other command has the token. */
  function git(baseDir: string, access?: Access, variables?: Readonly<Record<string, string>>): SimpleGit {
    return gitIn(baseDir, {
      base: options.base,
      signal: AbortSignal.timeout(timeLimitMs),
      access,
      variables,
    });
  }

  /** How git reaches the repository. Tokens and keys are read at this moment. */
  function openAccess(url: string): { readonly credential: GitCredential | null; readonly access: Access } {
    const credential = credentialFor(url, options.credentials ?? []);
    return { credential, access: accessOf(url, credential) };
  }

  /** How git reaches a repository that the code of another one names. */
  function openModuleAccess(url: string): ReturnType<typeof openAccess> {
    const ofModules = (options.credentials ?? []).filter(({ modules }) => modules === true);
    const credential = credentialFor(url, ofModules);
    return { credential, access: moduleAccessOf(url, credential) };
  }

  /** Updates the mirror from the server. */
  async function updateFromServer(
    url: string,
    mirror: string,
    { credential, access } = openAccess(url),
  ): Promise<void> {
    await update(access, mirror).catch((error: unknown) => {
      const text = scrubCredentials(scrubSecrets(gitText(error), access.secrets), url);
      throw new Error(explainFailure(text, url, credential));
    });
  }

  async function update(access: Access, mirror: string): Promise<void> {
    if (!(await exists(join(mirror, 'HEAD')))) {
      await mkdir(mirror, { recursive: true, mode: 0o700 });
      await git(mirror).raw(['init', '--quiet', '--bare', '.']);
    }
    const specs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    // The URL is passed each time and never stored, so that no token is on the disk.
    await git(mirror, access).raw([
      'fetch',
      '--quiet',
      '--prune',
      '--force',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      access.address,
      ...specs,
    ]);
  }

  async function resolve(url: string, mirror: string, ref: string): Promise<string> {
    const names = [`refs/heads/${ref}`, `refs/tags/${ref}`, ...(/^[0-9a-f]{7,64}$/.test(ref) ? [ref] : [])];
    for (const name of names) {
      const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`];
      const commit = await git(mirror)
        .raw(args)
        .catch((error: unknown) => {
          if (isBroken(error)) throw error;
          return '';
        });
      const found = commit.split('\n').at(-1)?.trim() ?? '';
      if (isFullCommit(found)) return found;
    }
    throw new GitError(`running git fetch for ${scrubUrl(url)}: there is no "${ref}" in it`, scrubUrl(url));
  }

  async function describe(url: string, mirror: string, ref: string, commit: string): Promise<CodeVersion> {
    const format = ['%an', '%ae', '%ct', '%s'].join('%x00');
    const args = ['log', '-1', '--no-show-signature', `--format=${format}`, commit, '--'];
    const [author = '', authorEmail = '', seconds = '0', subject = ''] = (await git(mirror).raw(args)).split(
      '\0',
    );
    const committedAt = Number(seconds) * 1000;
    return { repository: scrubUrl(url), ref, commit, author, authorEmail, committedAt, subject };
  }

  async function reading<T>(
    url: string,
    doing: string,
    work: (run: RunGit, mirror: string) => Promise<T>,
  ): Promise<T> {
    throwIfRefused(url, refuseUrl(url), doing);
    const mirror = mirrorOf(url);
    const run: RunGit = (args) => git(mirror).raw([...args]);
    return lock(mirror, () => withGitError(doing, url, () => work(run, mirror)));
  }

  async function fetchBy(
    url: string,
    ref: string,
    open: (url: string) => ReturnType<typeof openAccess>,
    within = 0,
  ): Promise<CodeVersion> {
    throwIfRefused(url, refuseUrl(url), 'running git fetch for');
    throwIfRefused(url, refuseRef(ref), 'running git fetch for');
    const mirror = mirrorOf(url);
    const asked = performance.now();
    return lock(mirror, () =>
      withGitError('running git fetch for', url, async () => {
        // What was fetched with other credentials is not shared.
        const last = open === openAccess ? fetched.get(mirror) : undefined;
        let isNew = last !== undefined && asked - last.began <= Math.min(Math.max(within, 0), MOST_SHARED_MS);
        const known = isNew ? last?.refs.get(ref) : undefined;
        if (known !== undefined) return known;
        const began = performance.now();
        const opened = open(url);
        const work = async (): Promise<CodeVersion> => {
          if (!isNew) {
            fetched.delete(mirror);
            await updateFromServer(url, mirror, opened);
            if (open === openAccess) fetched.set(mirror, { began, refs: new Map() });
          }
          return describe(url, mirror, ref, await resolve(url, mirror, ref));
        };
        const code = await withRepairs(url, log, work, [
          () => {
            isNew = false;
            return rm(mirror, { recursive: true, force: true });
          },
        ]);
        if (open === openAccess) fetched.get(mirror)?.refs.set(ref, code);
        return code;
      }),
    );
  }

  async function checkout(url: string, commit: string, where: string): Promise<void> {
    const into = resolvePath(where);
    throwIfRefused(url, refuseUrl(url), 'running git checkout for');
    throwIfRefused(url, refuseCommits(commit), 'running git checkout for');
    const mirror = mirrorOf(url);
    await lock(mirror, () =>
      withGitError('running git checkout for', url, () =>
        withRepairs(
          url,
          log,
          async () => {
            await ensureWorkTree(git, mirror, into);
            await git(into).raw(['checkout', '--quiet', '--force', '--detach', commit, '--']);
            await git(into).raw(CLEAN);
          },
          [
            () => rm(into, { recursive: true, force: true }),
            // The work tree uses the mirror's objects, so the mirror is broken too.
            async () => {
              await rm(mirror, { recursive: true, force: true });
              await updateFromServer(url, mirror);
              await rm(into, { recursive: true, force: true });
            },
          ],
        ),
      ),
    );
    await checkoutSubmodules(url, commit, into, {
      git: (args) => git(into).raw([...args]),
      fetch: (address, at) => fetchBy(address, at, openModuleAccess),
      checkout,
    });
  }

  return {
    fetch: (url, ref, within) => fetchBy(url, ref, openAccess, within),

    checkout,

    async inputs(commit, since, code) {
      const doing = 'reading the history of';
      throwIfRefused(code.git, refuseCommits(commit, ...(since === null ? [] : [since])), doing);
      return reading(code.git, doing, (run, mirror) => codeReader.inputs(run, mirror, commit, since, code));
    },

    async inputTree(commit, code) {
      const doing = 'listing the files of';
      throwIfRefused(code.git, refuseCommits(commit), doing);
      const files = await reading(code.git, doing, (run, mirror) =>
        codeReader.files(run, mirror, commit, code),
      );
      return files.tree;
    },

    async checkoutFiles(url, commit, paths, where) {
      const into = resolvePath(where.into);
      throwIfRefused(url, refuseUrl(url), 'running git checkout for');
      throwIfRefused(url, refuseCommits(commit), 'running git checkout for');
      const mirror = mirrorOf(url);
      const index = resolvePath(where.index);
      const inTree = (args: readonly string[]): Promise<string> =>
        git(mirror, undefined, { GIT_INDEX_FILE: index }).raw([
          ...[`--git-dir=${mirror}`, `--work-tree=${into}`],
          ...args,
        ]);
      await lock(mirror, () =>
        withGitError('running git checkout for', url, () =>
          withRepairs(
            url,
            log,
            async () => {
              const isNew = await mkdir(into, { recursive: true, mode: 0o700 });
              await occupyGitFolder(into);
              await rm(index, { force: true });
              await inTree(['checkout', '--quiet', '--force', commit, '--', ...paths.map(literalSpec)]);
              if (isNew === undefined) await inTree(CLEAN);
            },
            [
              async () => {
                await rm(mirror, { recursive: true, force: true });
                await updateFromServer(url, mirror);
              },
            ],
          ),
        ),
      );
    },

    reading,
    directory: mirrorOf,

    touches: async (from, to, code) => (await reads(from, to, code)) !== 'no',

    reads,
  };

  async function reads(from: string, to: string, code: StackCode): Promise<Reads> {
    const doing = 'comparing commits of';
    throwIfRefused(code.git, refuseCommits(from, to), doing);
    return reading(code.git, doing, (run, mirror) => codeReader.reads(run, mirror, from, to, code));
  }
}
