/** What m0 watches and why, for `m0 stacks`, the status and the digest. */

/** A stack and where it comes from. */
export interface WatchedStack {
  readonly stack: string;
  /** The repository's address, without a user or a password. */
  readonly repository: string;
  readonly ref: string;
  /** '' is the repository's root. */
  readonly path: string;
  readonly workspace: string;
  /** What takes it: `stacks`, or the rule and the glob, as `discover[0], glob "envs/*"`. */
  readonly by: string;
  /** The name that its folder would give it, where it has another one because it moved; else null. */
  readonly nameOfFolder: string | null;
  /** What people should know: refused keys of its `.m0.yaml`, var files that are missing. */
  readonly notes: readonly string[];
}

/** A root that is not watched. `excluded`: a rule says so; `unwatched`: nothing says so, or it can't be. */
export interface LeftRoot {
  readonly repository: string;
  readonly ref: string;
  readonly path: string;
  /** Null: the whole folder. */
  readonly workspace: string | null;
  readonly status: 'excluded' | 'unwatched';
  readonly why: string;
}

export interface Watching {
  readonly stacks: readonly WatchedStack[];
  readonly left: readonly LeftRoot[];
  /** What else is wrong: repositories that can't be read, globs that match nothing. */
  readonly problems: readonly string[];
}

/** How many roots are not watched: by a rule, and without one. */
export interface LeftCounts {
  readonly excluded: number;
  readonly unwatched: number;
}

export function countLeft({ left }: Watching): LeftCounts {
  const excluded = left.filter((root) => root.status === 'excluded').length;
  return { excluded, unwatched: left.length - excluded };
}
