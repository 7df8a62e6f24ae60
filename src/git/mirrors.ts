import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve as resolvePath } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { baseEnvironment } from '../base/base-environment.ts';
import { errorText } from '../base/error-text.ts';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { CodeVersion } from '../model/run.ts';
import { type Access, accessOf } from './access.ts';
import { refuseRef, refuseUrl, scrubCredentials, scrubSecrets, scrubUrl } from './address.ts';
import { type StackCode, touches } from './changes.ts';
import { credentialFor, type GitCredential } from './credentials.ts';
import { explainFailure } from './failure.ts';
import { GitError } from './git-error.ts';

/** Local copies of Git repositories: one bare mirror per URL, shared by everything in this process. */
export interface Mirrors {
  /**
   * Updates the mirror and resolves a branch, a tag or a commit (in this order). Rejects with a GitError
   * `running git fetch for <url>: …` where the repository or the ref does not exist, or m0 may not read it.
   * Tokens and keys are read each time, so a new one is used from the next fetch on.
   */
  fetch(url: string, ref: string): Promise<CodeVersion>;
  /**
   * Makes `into` exactly the tree of a commit that was fetched before, and creates the directory. Files that
   * the commit does not have are removed, except ignored ones and Terraform's own (lock file, local state).
   * Rejects with a GitError.
   */
  checkout(url: string, commit: string, into: string): Promise<void>;
  /**
   * Whether the stack may depend on what changed between two commits that were both fetched before. See
   * changes.ts.
   */
  touches(from: string, to: string, code: StackCode): Promise<boolean>;
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

/** GIT_ variables that m0 sets itself. simple-git removes all others. */
const OWN_VARIABLES = [
  ...[
    'GIT_TERMINAL_PROMPT',
    'GIT_ASKPASS',
    'GIT_ALLOW_PROTOCOL',
    'GIT_SSL_CAINFO',
    'GIT_CEILING_DIRECTORIES',
  ],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT'],
];
/** Settings that simple-git refuses unless the caller says that they are its own. */
const OWN_SETTINGS = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeHooksPath: true,
  allowUnsafeSshCommand: true,
};
/** Files that Terraform writes next to the code and needs again, even where Git does not ignore them. */
const TERRAFORM_FILES = [
  '.terraform',
  '.terraform.lock.hcl',
  '*.tfstate',
  '*.tfstate.backup',
  'terraform.tfstate.d',
];
/** Longest error text. */
const MAX_ERROR_CHARS = 1_000;
/** Errors that mean: this mirror or work tree is broken, and making a new one is cheaper than a repair. */
const BROKEN = new RegExp(
  [
    'not a git repository|dubious ownership|on a directory that does not exist|EEXIST|ENOTDIR|EISDIR',
    'corrupt|bad object|loose object|unable to read (tree|sha1 file)|did not send all necessary objects',
    'is not a tree|object directory|alternate object path|packfile|index file|bad signature',
    "\\.lock': File exists|unexpected line in|in file (\\S+/)?config\\b|reference broken|broken ref",
  ].join('|'),
  'i',
);
/** Errors of a full disk. A new copy would not help then. */
const DISK_FULL = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/i;

/**
 * Tells simple-git that a command's output is complete. Otherwise it waits 50 ms for more after each command
 * without output.
 */
function endOutput(_command: string, output: NodeJS.ReadableStream): void {
  output.once('end', () => output.emit('data', Buffer.alloc(0)));
}

/** Mirrors under `dir`, each named by the hash of its URL, so that no URL can choose a path. */
export function createMirrors(options: MirrorOptions): Mirrors {
  const { log } = options;
  // Absolute, because git runs inside these directories.
  const dir = resolvePath(options.dir);
  const timeLimitMs = options.timeLimitMs ?? 5 * 60_000;
  const lock = createKeyedLock();
  const mirrorOf = (url: string): string =>
    join(dir, createHash('sha256').update(url).digest('hex').slice(0, 32));

  /** Git in `baseDir`. Only a fetch gets `access`, so that no other command has the token. */
  function git(baseDir: string, access?: Access): SimpleGit {
    const plain = simpleGit({
      baseDir,
      trimmed: true,
      abort: AbortSignal.timeout(timeLimitMs),
      allowEnvironment: OWN_VARIABLES,
      config: [...(access?.config ?? [])],
      unsafe: OWN_SETTINGS,
    });
    return plain.outputHandler(endOutput).env({
      ...baseEnvironment(options.base),
      // m0 recognises errors by their English text.
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '',
      GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
      // If the repository is broken, git must not use one that contains m0's data folder.
      GIT_CEILING_DIRECTORIES: dirname(baseDir),
      ...access?.environment,
    });
  }

  /** Runs `work`. If the local copy is broken, runs the next of `repairs` and then `work` again. */
  async function withRepairs<T>(
    url: string,
    work: () => Promise<T>,
    repairs: readonly (() => Promise<unknown>)[],
  ): Promise<T> {
    const [repair, ...others] = repairs;
    try {
      return await work();
    } catch (error) {
      const text = textOf(error);
      if (repair === undefined || error instanceof GitError || !BROKEN.test(text) || DISK_FULL.test(text))
        throw error;
      log.warn(
        { repository: scrubUrl(url), why: scrubCredentials(text, url) },
        'local copy of a repository is broken, making it anew',
      );
      await repair();
      return withRepairs(url, work, others);
    }
  }

  /** How git reaches the repository. Tokens and keys are read at this moment. */
  function openAccess(url: string): { readonly credential: GitCredential | null; readonly access: Access } {
    const credential = credentialFor(url, options.credentials ?? []);
    return { credential, access: accessOf(url, credential) };
  }

  /** Updates the mirror from the server. */
  async function updateFromServer(
    url: string,
    mirror: string,
    { credential, access } = openAccess(url),
  ): Promise<void> {
    await update(access, mirror).catch((error: unknown) => {
      const text = scrubCredentials(scrubSecrets(textOf(error), access.secrets), url);
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
          if (BROKEN.test(textOf(error))) throw error;
          return '';
        });
      const found = commit.split('\n').at(-1)?.trim() ?? '';
      if (/^[0-9a-f]{40,64}$/.test(found)) return found;
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

  return {
    async fetch(url, ref) {
      check(url, refuseUrl(url), 'running git fetch for');
      check(url, refuseRef(ref), 'running git fetch for');
      const mirror = mirrorOf(url);
      return lock(mirror, () =>
        withGitError('running git fetch for', url, async () => {
          const opened = openAccess(url);
          const work = async (): Promise<CodeVersion> => {
            await updateFromServer(url, mirror, opened);
            return describe(url, mirror, ref, await resolve(url, mirror, ref));
          };
          return withRepairs(url, work, [() => rm(mirror, { recursive: true, force: true })]);
        }),
      );
    },

    async checkout(url, commit, where) {
      const into = resolvePath(where);
      check(url, refuseUrl(url), 'running git checkout for');
      check(url, /^[0-9a-f]{40,64}$/.test(commit) ? null : 'that is no commit', 'running git checkout for');
      const mirror = mirrorOf(url);
      await lock(mirror, () =>
        withGitError('running git checkout for', url, () =>
          withRepairs(url, async () => {
            await ensureWorkTree(mirror, into);
            await git(into).raw(['checkout', '--quiet', '--force', '--detach', commit, '--']);
            await git(into).raw([
              'clean',
              '--quiet',
              '-f',
              '-f',
              '-d',
              ...TERRAFORM_FILES.flatMap((name) => ['-e', name]),
            ]);
          }, [
            () => rm(into, { recursive: true, force: true }),
            // The work tree uses the mirror's objects, so the mirror is broken too.
            async () => {
              await rm(mirror, { recursive: true, force: true });
              await updateFromServer(url, mirror);
              await rm(into, { recursive: true, force: true });
            },
          ]),
        ),
      );
    },

    async touches(from, to, code) {
      const { git: url } = code;
      check(url, refuseUrl(url), 'comparing commits of');
      const commits = /^[0-9a-f]{40,64}$/.test(from) && /^[0-9a-f]{40,64}$/.test(to);
      check(url, commits ? null : 'that is no commit', 'comparing commits of');
      const mirror = mirrorOf(url);
      return lock(mirror, () =>
        withGitError('comparing commits of', url, () =>
          touches((args) => git(mirror).raw([...args]), from, to, code),
        ),
      );
    },
  };

  /** A work tree shares the mirror's objects, so that a checkout copies only files. */
  async function ensureWorkTree(mirror: string, into: string): Promise<void> {
    const sharedObjects = await readFile(join(into, '.git/objects/info/alternates'), 'utf8').catch(() => '');
    if (sharedObjects.trim() === join(mirror, 'objects')) return;
    if (!(await exists(join(mirror, 'objects')))) throw new Error(`${mirror} is not a git repository`);
    await rm(into, { recursive: true, force: true });
    await mkdir(dirname(into), { recursive: true, mode: 0o700 });
    await git(mirror).raw(['clone', '--quiet', '--shared', '--no-checkout', '--', mirror, into]);
  }
}

async function withGitError<T>(doing: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitError) throw error;
    const text = scrubCredentials(textOf(error), url).slice(0, MAX_ERROR_CHARS);
    throw new GitError(`${doing} ${scrubUrl(url)}: ${text}`, scrubUrl(url));
  }
}

function check(url: string, refusal: string | null, doing: string): void {
  if (refusal !== null) throw new GitError(`${doing} ${scrubUrl(url)}: ${refusal}`, scrubUrl(url));
}

function textOf(error: unknown): string {
  const text = errorText(error).trim();
  if (/^Abort (signal received|already signaled)$/.test(text)) return 'it took too long and was stopped';
  const lines = text.split('\n').map((line) => line.replace(/^(fatal|error): /, '').trim());
  return lines.filter((line) => line !== '').join(' · ');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
