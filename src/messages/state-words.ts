/** How many stacks are in each state, in words: the same in the digest, at home and in `status`. */
import type { StackState, StateCounts } from '../model/overview.ts';
import { count } from '../text/words.ts';

type Troubled = Exclude<StackState, 'aligned'>;

/** The states that are not aligned, the most urgent first, as a list shows them. */
export const STATE_ORDER: readonly Troubled[] = [
  ...(['failing', 'empty', 'drifted', 'unmet', 'unknown', 'stale', 'quiet'] as const),
];

/** The order in which a sentence counts them. */
const TOLD: readonly Troubled[] = [
  ...(['drifted', 'failing', 'empty', 'unmet', 'unknown', 'stale', 'quiet'] as const),
];

const WORDS: Readonly<Record<Troubled, (n: number) => string>> = {
  failing: (n) => `${n} can’t be checked`,
  empty: (n) => `${n} with an empty state`,
  drifted: (n) => `${n} drifted`,
  unmet: (n) => `${n} with failing checks of the code`,
  unknown: (n) => `${n} never checked`,
  stale: (n) => `${n} last checked too long ago`,
  quiet: (n) => `${n} quiet`,
};

/** One part for each of the states that has stacks, in the given order: `2 never checked`. */
export function statePartsOf(counts: StateCounts, states: readonly Troubled[] = TOLD): readonly string[] {
  return states.flatMap((state) => (counts[state] === 0 ? [] : [WORDS[state](counts[state])]));
}

/** `3 being checked`; nothing where no check is under way. */
export function checkingParts({ checking }: StateCounts): readonly string[] {
  return checking === 0 ? [] : [`${checking} being checked`];
}

/** True if every stack was checked recently and is aligned. */
export function allAligned(counts: StateCounts): boolean {
  return counts.total > 0 && counts.aligned === counts.total;
}

/** `all 400 stacks aligned` where that is so; else `390 of 400 aligned`. */
export function alignedWords(counts: StateCounts): string {
  if (allAligned(counts)) return `all ${count(counts.total, 'stack')} aligned`;
  return `${counts.aligned} of ${counts.total} aligned`;
}
