/** What an adapter of one kind of host gets, and what it must do. */
import type { Logger } from '../base/log.ts';
import type { WriteCredential } from '../git/credentials.ts';
import type { Mirrors } from '../git/mirrors.ts';
import type { Pusher } from '../git/push.ts';
import type { Publication, PullRequest, PullRequestState } from '../ports/forge.ts';

/** A repository that m0 may write to. */
export interface Repository {
  /** Its address as in m0.yaml, and the one that is pushed to. */
  readonly git: string;
  readonly address: string;
  /** Name of the host. */
  readonly host: string;
  /** Steps of its own page: owner and name, or groups and name. */
  readonly path: readonly string[];
  readonly credential: WriteCredential;
}

export interface ForgeParts {
  readonly pusher: Pusher;
  /** m0's mirrors, which are read with the credential for reading. */
  readonly mirrors: Pick<Mirrors, 'fetch' | 'reading' | 'directory'>;
  /** ms since epoch. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** One kind of host. The methods are those of the port; they may also reject with errors of git and of an SDK. */
export interface HostAdapter {
  publish(repository: Repository, publication: Publication, signal: AbortSignal): Promise<PullRequest>;
  state(repository: Repository, pullRequest: PullRequest, signal: AbortSignal): Promise<PullRequestState>;
  /**
   * Resolves with what m0 may do there, in a few words, if it may push its branches. `base`: the branch that would be
   * merged into. Changes nothing at the host.
   */
  mayWrite(repository: Repository, base: string, signal: AbortSignal): Promise<string>;
  close(repository: Repository, pullRequest: PullRequest, why: string, signal: AbortSignal): Promise<void>;
}

/** Origin of the host's pages and API, `https://github.acme.dev`. */
export function originOf({ address, host }: Repository): string {
  return /^https?:/.test(address) ? new URL(address).origin : `https://${host}`;
}

/** The page of a pull request as the host names it, if it is one of that host; else null. */
export function pageOf(repository: Repository, url: unknown): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  const { protocol, hostname, href, username } = new URL(url);
  const expected = new URL(originOf(repository));
  return protocol === expected.protocol && hostname === expected.hostname && username === '' ? href : null;
}
