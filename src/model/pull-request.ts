/** A change of code that m0 published. */

/** `number` and `url` are null where only a branch was pushed. */
export interface PullRequest {
  readonly kind: 'github' | 'gitlab' | 'branch';
  /** Address of the repository, as in m0.yaml. */
  readonly git: string;
  /** The branch that it should be merged into, and m0's own. */
  readonly base: string;
  readonly branch: string;
  readonly number: number | null;
  readonly url: string | null;
}
