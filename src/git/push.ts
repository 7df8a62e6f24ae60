/** Pushes m0's own branches. Nothing else is ever pushed. */
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isFullCommit } from '../model/code-version.ts';
import { accessOf } from './access.ts';
import { refuseCommits, refuseRef, refuseUrl, scrubCredentials, scrubSecrets, scrubUrl } from './address.ts';
import { credentialName, type GitCredential } from './credentials.ts';
import { gitIn, gitText } from './git-in.ts';

/** All branches of m0 begin with it. */
const OWN_PREFIX = 'm0/';
/** Time limit of one push in ms. */
const TIME_LIMIT_MS = 5 * 60_000;
const MAX_ERROR_CHARS = 1_000;

/** Where a branch is on the server. `address` is what the credential is for. */
export interface PushTarget {
  readonly address: string;
  readonly credential: GitCredential;
  /** One of m0's own, `m0/…`. */
  readonly branch: string;
}

/** A push failed. The message says what was attempted and why it failed, and holds no credentials. */
export class PushError extends Error {
  override readonly name = 'PushError';
  /** True if a retry can't help. */
  readonly permanent: boolean;
  constructor(message: string, permanent: boolean) {
    super(message);
    this.permanent = permanent;
  }
}

export interface Pusher {
  /**
   * Makes the branch on the server this commit, which the Git directory `repository` must have. Does nothing if it is.
   * What was pushed is remembered in `repository`, see `pushedRef`: where the branch is another commit since then,
   * somebody else has pushed to it, and this rejects. Rejects with a PushError.
   */
  push(repository: string, commit: string, target: PushTarget, signal: AbortSignal): Promise<void>;
  /**
   * Asks the server whether the credential may push, as a push of this commit would ask, and changes nothing there.
   * Rules for branches are not asked. Rejects with a PushError.
   */
  mayPush(repository: string, commit: string, target: PushTarget, signal: AbortSignal): Promise<void>;
  /**
   * Deletes the branch, unless it is another commit than `pushed` (null: not known): then somebody else has pushed to
   * it, and it stays. Rejects with a PushError.
   */
  remove(target: PushTarget, pushed: string | null, signal: AbortSignal): Promise<void>;
}

/** What no retry changes: rights, rules of the host, and what somebody else has pushed. */
const PERMANENT =
  /Authentication failed|could not read (Username|Password)|Access denied|returned error: 40[134]|Permission (to .* )?denied|not found|could not be found|does not (appear to be a git repository|exist)|remote rejected|\[rejected\]|stale info|hook declined|protected branch|Host key verification failed|host key .* (has changed|is known)|redirects to|not allowed/i;
const MOVED = /stale info|\[rejected\]/;

/** The ref in the local Git directory that holds what m0 pushed last as this branch. */
export function pushedRef(branch: string): string {
  return `refs/m0/pushed/${branch}`;
}

/** Why m0 may not push to the branch, or null. */
function refuseBranch(branch: string): string | null {
  if (!branch.startsWith(OWN_PREFIX) || branch.length === OWN_PREFIX.length) {
    return `m0 only pushes to branches of its own, which begin with ${OWN_PREFIX}`;
  }
  return refuseRef(branch);
}

/** Pushes with git. `dir` is a folder of its own; `base` is m0's environment. */
export function createPusher(options: {
  readonly dir: string;
  readonly base: Readonly<Record<string, string | undefined>>;
}): Pusher {
  const empty = join(resolve(options.dir), 'empty.git');

  async function run(
    repository: string,
    target: PushTarget,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<string> {
    const { credential, address } = target;
    const doing = `running git push for ${scrubUrl(address)}`;
    const refusal = refuseUrl(address) ?? refuseBranch(target.branch);
    if (refusal !== null) throw new PushError(`${doing}: ${refusal}`, true);
    let secrets: readonly string[] = [];
    try {
      const access = accessOf(address, credential);
      ({ secrets } = access);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
      const git = gitIn(resolve(repository), { base: options.base, signal: limit, access });
      return await git.raw([...args.map((arg) => (arg === ADDRESS ? access.address : arg))]);
    } catch (error) {
      signal.throwIfAborted();
      const text = scrubCredentials(scrubSecrets(gitText(error), secrets), address).slice(0, MAX_ERROR_CHARS);
      const meaning = MOVED.test(text)
        ? `somebody else has pushed to ${target.branch}: m0 leaves it as it is`
        : text;
      throw new PushError(`${doing} with ${credentialName(credential)}: ${meaning}`, PERMANENT.test(text));
    }
  }

  /** The commit of the branch on the server; null if there is no such branch. */
  async function head(repository: string, target: PushTarget, signal: AbortSignal): Promise<string | null> {
    const ref = `refs/heads/${target.branch}`;
    const lines = await run(repository, target, ['ls-remote', ADDRESS, ref], signal);
    const line = lines.split('\n').find((each) => each.endsWith(`\t${ref}`));
    const commit = line?.split('\t')[0] ?? '';
    return isFullCommit(commit) ? commit : null;
  }

  /** Git in a local directory, without access to any server. */
  const local = (repository: string, args: readonly string[], signal: AbortSignal): Promise<string> =>
    gitIn(resolve(repository), { base: options.base, signal }).raw([...args]);

  async function emptyRepository(signal: AbortSignal): Promise<string> {
    const made = await stat(join(empty, 'HEAD')).catch(() => null);
    if (made === null) {
      await mkdir(empty, { recursive: true, mode: 0o700 });
      await gitIn(empty, { base: options.base, signal }).raw([
        'init',
        '--quiet',
        '--bare',
        '--template=',
        '.',
      ]);
    }
    return empty;
  }

  /** Pushes only if the branch is still `expected` (null: it does not exist). */
  function replace(
    repository: string,
    target: PushTarget,
    expected: string | null,
    source: string,
    signal: AbortSignal,
  ): Promise<string> {
    const ref = `refs/heads/${target.branch}`;
    const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
    const safe = ['--quiet', '--porcelain', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];
    return run(repository, target, ['push', ...safe, lease, ADDRESS, `${source}:${ref}`], signal);
  }

  return {
    async push(repository, commit, target, signal) {
      const refusal = refuseCommits(commit);
      if (refusal !== null) {
        throw new PushError(`running git push for ${scrubUrl(target.address)}: ${refusal}`, true);
      }
      const note = pushedRef(target.branch);
      const pushed = await local(repository, ['for-each-ref', '--format=%(objectname)', note], signal);
      const found = await head(repository, target, signal);
      if (found !== commit) {
        const expected = found === null || pushed === '' ? found : pushed;
        await replace(repository, target, expected, commit, signal);
      }
      if (pushed !== commit) await local(repository, ['update-ref', note, commit], signal);
    },

    async mayPush(repository, commit, target, signal) {
      const ref = `refs/heads/${target.branch}`;
      const args = ['push', '--dry-run', '--quiet', '--porcelain', '--no-verify', '--no-follow-tags'];
      const only = [...args, '--recurse-submodules=no', '--force', ADDRESS, `${commit}:${ref}`];
      await run(repository, target, only, signal);
    },

    async remove(target, pushed, signal) {
      const repository = await emptyRepository(signal);
      const found = await head(repository, target, signal);
      if (found === null || (pushed !== null && found !== pushed)) return;
      await replace(repository, target, found, '', signal);
    },
  };
}

/** Stands for the address, which is known only where the credential is read. */
const ADDRESS = '<address>';
