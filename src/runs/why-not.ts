/** Why m0 may not apply a plan by itself, whatever the policies say. Pure. */
import type { Analysis } from '../drift/finding.ts';
import { clip, listed } from '../text/words.ts';

/** The longest reason, in characters: it stands on cards. */
const MAX_REASON = 500;
/** How many addresses a reason names; the others are counted. */
const MOST_NAMED = 3;

/**
 * Why a person decides on the first apply of a stack without a backend, as one sentence without a full stop: whoever
 * looks for the state elsewhere finds none, and would create everything again.
 */
export function whyNotFirst({
  stateOnlyHere = false,
  analysis,
}: {
  readonly stateOnlyHere?: boolean;
  readonly analysis: Pick<Analysis, 'resourcesInState'>;
}): string | null {
  if (!stateOnlyHere || (analysis.resourcesInState ?? 0) > 0) return null;
  return "the stack has no remote backend, and its state would be in m0's data folder alone";
}

/**
 * One sentence without a full stop; null if nothing is in the way. `whole`: false for a plan that m0 itself limited
 * to some addresses, which is partial by intent.
 */
export function whyNotByItself(
  analysis: Pick<Analysis, 'notUnderstood' | 'partial' | 'untold' | 'invocations'>,
  whole: boolean,
): string | null {
  const { notUnderstood = [], partial = [], untold, invocations = [] } = analysis;
  const named = untold.slice(0, MOST_NAMED);
  const more = untold.length - named.length;
  const reasons = [
    ...(notUnderstood.length > 0 ? [`the plan is not fully understood: ${notUnderstood.join('; ')}`] : []),
    ...(named.length > 0
      ? [
          `no finding tells all that the plan changes of ${listed(more > 0 ? [...named, `${more} more`] : named)}`,
        ]
      : []),
    ...(invocations.length > 0
      ? [`an apply would also invoke ${listed(invocations.slice(0, MOST_NAMED).map((one) => one.address))}`]
      : []),
    ...(whole && partial.length > 0 ? [`the plan is partial: ${partial.join('; ')}`] : []),
  ];
  return reasons.length === 0 ? null : clip(reasons.join('; '), MAX_REASON);
}
