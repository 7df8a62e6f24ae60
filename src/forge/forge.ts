/** The port to Git hosts: GitHub, GitLab, and a pushed branch anywhere else. */
import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import { createKeyedLock } from '../base/keyed-lock.ts';
import { scrubUrl } from '../git/address.ts';
import { credentialName, type WriteCredential, writeCredentialFor } from '../git/credentials.ts';
import { type ForgeKind, forgeOf } from '../model/links/forge.ts';
import { type Forge, ForgeError, type PullRequest } from '../ports/forge.ts';
import { createBareBranch } from './bare-branch.ts';
import { failedWith } from './failure.ts';
import type { ForgeParts, HostAdapter, Repository } from './host.ts';

export interface ForgeOptions extends ForgeParts {
  /** `writeCredentials` of m0.yaml. Read at each use, because another m0.yaml may be in use by then. */
  readonly credentials: () => readonly WriteCredential[];
  /** `forges` of m0.yaml. Read at each use as well. */
  readonly kinds: () => Readonly<Record<string, ForgeKind>>;
}

/** Which adapter speaks to the host of a repository: without a token there is only git. */
function kindOf(kind: ForgeKind | null, { kind: by }: WriteCredential): PullRequest['kind'] {
  if (by === 'sshKey' || kind === null) return 'branch';
  return kind === 'github' || (kind === 'gitlab' && by === 'token') ? kind : 'branch';
}

/** Asks hosts what m0 may do there, for those who set m0 up. */
export interface ForgeAccess {
  /**
   * Resolves with what m0 may do there, in a few words, if it may push its branches to the repository. `base`: the
   * branch that would be merged into. Changes nothing at the host. Rejects with a ForgeError, which holds no secrets.
   */
  mayWrite(git: string, base: string, signal: AbortSignal): Promise<string>;
}

export function createForge(options: ForgeOptions): Forge & ForgeAccess {
  /** One at a time for each branch, so that two publications make one pull request. */
  const lock = createKeyedLock();
  const adapters = new Map<PullRequest['kind'], Promise<HostAdapter>>();

  /** The SDKs are loaded at their first use, because most repositories are never written to. */
  async function load(kind: PullRequest['kind']): Promise<HostAdapter> {
    switch (kind) {
      case 'github':
        return (await import('./github/github.ts')).createGitHub(options);
      case 'gitlab':
        return (await import('./gitlab/gitlab.ts')).createGitLab(options);
      case 'branch':
        return createBareBranch(options);
      default:
        return assertNever(kind);
    }
  }

  function adapter(kind: PullRequest['kind']): Promise<HostAdapter> {
    const known = adapters.get(kind) ?? load(kind);
    adapters.set(kind, known);
    return known;
  }

  /** The repository and the kind of its host, or why m0 may not write to it. */
  function find(
    git: string,
  ): { readonly repository: Repository; readonly kind: PullRequest['kind'] } | string {
    const access = writeCredentialFor(git, options.credentials());
    if (access === null) {
      return `no entry under credentials in m0.yaml with write: true is for ${scrubUrl(git)}`;
    }
    const { credential, address } = access;
    const place = forgeOf(git, options.kinds());
    const kind = kindOf(place?.kind ?? null, credential);
    if (credential.kind === 'githubApp' && kind !== 'github') {
      return `${credentialName(credential)} is a GitHub App, and m0 does not know ${scrubUrl(git)} as a repository on GitHub: name its host under forges in m0.yaml, or use a token`;
    }
    return {
      kind,
      repository: { git, address, host: place?.host ?? '', path: place?.path ?? [], credential },
    };
  }

  async function on<T>(
    doing: string,
    git: string,
    kindNow: PullRequest['kind'] | null,
    signal: AbortSignal,
    work: (adapter: HostAdapter, repository: Repository) => Promise<T>,
  ): Promise<T> {
    const what = `${doing} ${scrubUrl(git)}`;
    const found = find(git);
    if (typeof found === 'string') throw new ForgeError(`${what}: ${found}`, { permanent: true });
    const secrets = secretsOf(found.repository.credential);
    try {
      signal.throwIfAborted();
      return await work(await adapter(kindNow ?? found.kind), found.repository);
    } catch (error) {
      // If the work was stopped, the reason of the signal is the error, not what the stop broke.
      signal.throwIfAborted();
      throw failedWith(what, error, secrets);
    }
  }

  return {
    refusal(git) {
      const found = find(git);
      return typeof found === 'string' ? found : null;
    },
    mayWrite: (git, base, signal) =>
      on('asking for the rights to write to', git, null, signal, (adapter, repository) =>
        adapter.mayWrite(repository, base, signal),
      ),
    publish: (publication, signal) =>
      on('opening a pull request at', publication.git, null, signal, async (adapter, repository) => {
        if (publication.branch === publication.base) {
          throw new ForgeError('m0 never pushes to the branch that is merged into', { permanent: true });
        }
        const { git, branch } = publication;
        return lock(keyOf(git, branch), () => adapter.publish(repository, publication, signal), signal);
      }),
    state: (pullRequest, signal) =>
      on('looking at a pull request of', pullRequest.git, pullRequest.kind, signal, (adapter, repository) =>
        adapter.state(repository, pullRequest, signal),
      ),
    close: (pullRequest, why, signal) =>
      on('closing a pull request of', pullRequest.git, pullRequest.kind, signal, (adapter, repository) =>
        lock(
          keyOf(pullRequest.git, pullRequest.branch),
          () => adapter.close(repository, pullRequest, why, signal),
          signal,
        ),
      ),
  };
}

function keyOf(git: string, branch: string): string {
  return JSON.stringify([git, branch]);
}

/** What must be in no error. A token that can't be read is in none. */
function secretsOf(credential: WriteCredential): readonly string[] {
  if (credential.kind !== 'token') return [];
  try {
    return [credential.readToken()];
  } catch (error) {
    throw new ForgeError(`the token of ${credentialName(credential)}: ${errorText(error)}`);
  }
}
