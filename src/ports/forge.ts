/** Port for the host of a stack's repository: m0 pushes a branch there and opens a pull request. */
import type { PullRequest } from '../model/pull-request.ts';

export type { PullRequest } from '../model/pull-request.ts';

export interface Publication {
  /** Address as in m0.yaml. */
  readonly git: string;
  /** Branch that it should be merged into. */
  readonly base: string;
  /** m0's own branch, e.g. `m0/prod-network/3f2a91c0`. */
  readonly branch: string;
  /** Path of the local Git directory (m0's mirror) that holds `commit`. */
  readonly repository: string;
  readonly commit: string;
  readonly title: string;
  /** Markdown. Every text of a cloud, a repository or a person in it is escaped. */
  readonly body: string;
  readonly reviewers: readonly {
    readonly email: string | null;
    readonly github?: string;
    readonly gitlab?: string;
  }[];
}

export type PullRequestState =
  | { readonly state: 'open' }
  | { readonly state: 'closed'; readonly by: string | null }
  | { readonly state: 'merged'; readonly by: string | null; readonly commit: string | null };

export interface Forge {
  /** Why m0 may not write to the repository, in one sentence; null: it may. Looks only at m0.yaml. */
  refusal(git: string): string | null;
  /**
   * Pushes the branch and opens the pull request, or brings the open one of that branch to the new commit and text.
   * Idempotent: twice makes one. Rejects with a ForgeError, which holds no secrets.
   */
  publish(publication: Publication, signal: AbortSignal): Promise<PullRequest>;
  state(pullRequest: PullRequest, signal: AbortSignal): Promise<PullRequestState>;
  /** Closes it with a comment and deletes m0's branch. One that is closed already is no error. */
  close(pullRequest: PullRequest, why: string, signal: AbortSignal): Promise<void>;
}

/** The host refused a request or could not be reached. `retryAfterMs`: when it asked to be called again, if it did. */
export class ForgeError extends Error {
  override readonly name = 'ForgeError';
  /** True if a retry can't help. */
  readonly permanent: boolean;
  readonly retryAfterMs: number | null;
  constructor(
    message: string,
    options: { permanent?: boolean; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.permanent = options.permanent ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
