/** Codifications: one finding on its way into the code, from the question to the merged pull request. */
import type { PullRequest } from './pull-request.ts';
import type { Actor } from './run.ts';

/**
 * Each state, and the states it may go to. `proven` is also where it stays if m0 may not write to the repository: the
 * patch is then given in chat. `open` goes back to `asked` when the drift moves.
 */
export const CODIFICATION_STATES = {
  asked: ['proving', 'closed', 'failed'],
  proving: ['proven', 'refused', 'disagreed', 'closed', 'failed'],
  proven: ['proven', 'open', 'asked', 'closed', 'failed'],
  open: ['asked', 'merged', 'closed', 'failed'],
  merged: ['done', 'closed'],
  done: [],
  refused: [],
  disagreed: [],
  closed: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export type CodificationState = keyof typeof CODIFICATION_STATES;

/** The states in which m0 still works on it, or waits for the pull request. */
export const ACTIVE_CODIFICATIONS: readonly CodificationState[] = [
  'asked',
  'proving',
  'proven',
  'open',
  'merged',
];

/** True while m0 still works on it, or waits for the pull request. */
export function isActive({ state }: Pick<Codification, 'state'>): boolean {
  return ACTIVE_CODIFICATIONS.includes(state);
}

/** One place in the code that was edited. `says`: for people, as `adds the rule to web (main.tf:41)`. */
export interface Edit {
  readonly file: string;
  readonly line: number;
  readonly says: string;
}

/** What a plan with the edit said about one stack. */
export interface StackProof {
  readonly stack: string;
  /**
   * How many changes an apply would make without the edit, and with it. `before` is null where that was not planned: with
   * the edit an apply changes nothing at all, so there is nothing to compare.
   */
  readonly before: number | null;
  readonly after: number;
  /** What speaks against it, one sentence each; empty: it agrees. */
  readonly against: readonly string[];
}

/** One finding on its way into the code. Times in ms since epoch. It contains no secrets. */
export interface Codification {
  readonly id: number;
  readonly stack: string;
  readonly state: CodificationState;
  /** Grows by one with each stored change. Compare-and-set uses it. */
  readonly version: number;
  readonly address: string;
  /** Of the finding as it was asked about; a pull request follows the drift, and this with it. */
  readonly fingerprint: string;
  readonly run: number;
  /** The alert whose card follows it; null if there was none. */
  readonly alert: number | null;
  readonly by: Actor;
  readonly at: number;
  readonly updatedAt: number;
  /** True if the person was told why a person should be asked first (see `ask`), and asked again. */
  readonly confirmed: boolean;
  readonly branch: string;
  /** The newest code without the edit, and m0's commit with it; null before. */
  readonly base: string | null;
  readonly commit: string | null;
  readonly edits: readonly Edit[];
  /** The edit as a unified diff; also of one that was refused because too many stacks would have to be planned. */
  readonly patch: string;
  readonly proof: readonly StackProof[];
  /** What m0.yaml said when it was proven, see `provenFor`. Left out before, and by an older version: then it is proven anew. */
  readonly provenFor?: string;
  /** Why m0 may not write to the repository, so that the patch is given in chat; null: it may, or nobody looked. */
  readonly unwritable: string | null;
  readonly pullRequest: PullRequest | null;
  readonly mergedBy: string | null;
  /** When the pull request was seen merged. */
  readonly mergedAt: number | null;
  /** The check that was asked for since it was seen merged. Left out before. */
  readonly mergedCheck?: number;
  /** Why it ended, as one sentence; null while it has not, and if it is done. */
  readonly why: string | null;
  /** True if it was refused only because a person should say so once more. */
  readonly asks: boolean;
  /** What went wrong last, and how often in a row; it is tried again. */
  readonly trouble: string | null;
  readonly tries: number;
  /** When it is looked at next. */
  readonly dueAt: number;
}

export type NewCodification = Omit<Codification, 'id' | 'version'>;

/** True if people are given its patch: m0 may not write to the repository, or can't prove the edit. */
export function givesPatch({ state, unwritable, patch }: Codification): boolean {
  return state === 'proven' ? unwritable !== null : state === 'refused' && patch !== '';
}

/** `PR #118`, `MR !118`, or the branch. */
export function pullRequestName({ kind, number, branch }: PullRequest): string {
  if (number === null) return `branch ${branch}`;
  return kind === 'gitlab' ? `MR !${number}` : `PR #${number}`;
}
