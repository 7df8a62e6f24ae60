/** The data of the card about a changed m0.yaml. Times in ms since epoch. */
export interface ConfigView {
  /** The file, or its address in Git without a user. */
  readonly file: string;
  /** `refused`: the file can't be used as it is. `restart`: some of its changes count only after a restart. */
  readonly what: 'refused' | 'restart';
  /** One sentence for each problem, or for each change that waits for a restart. */
  readonly problems: readonly string[];
  /** Since when the m0.yaml in use is in use, and its commit; null for a file. */
  readonly inUse: { readonly since: number; readonly commit: string | null };
  readonly since: number;
  readonly resolvedAt: number | null;
  /** How it ended; null while it is open. */
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
}
