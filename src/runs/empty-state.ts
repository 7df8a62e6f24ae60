/** Recognises a state that is empty although it recorded resources before. Nothing is applied on it. Pure. */
import type { Run, SeenState } from '../model/run.ts';
import { count } from '../text/words.ts';
import type { Effect, Next } from './run-event.ts';

/** True if the state is empty and recorded resources before. A number that is not known never raises an alarm. */
export function hasEmptied(before: number | null | undefined, now: number | null | undefined): boolean {
  return now === 0 && (before ?? 0) > 0;
}

/**
 * True if the apply of the run explains that the state is empty: it removed everything that the state recorded, or
 * what it did not remove was deleted by hand before.
 */
export function emptiedByApply(run: Run): boolean {
  const applied = new Set(run.scope.map((s) => s.address));
  const gone = run.findings.filter(
    (f) =>
      f.deletedByHand === true ||
      (applied.has(f.address) && (f.action === 'delete' || f.action === 'forget')),
  );
  return gone.length >= (run.resourcesInState ?? 0);
}

/** The end of a run that found the state empty. `seen`: what m0 had seen in it before. */
export function stateEmpty(change: Partial<Run>, seen: SeenState, effects: readonly Effect[]): Next {
  return {
    to: 'state_empty',
    change: { ...change, plan: null, scope: [], lock: null, emptied: seen },
    effects,
  };
}

/**
 * Why a person decides what is created although the policies may allow it: the state held resources once, and is
 * known to be empty since. Null for a new stack. It does not depend on the run that an `accept` starts, which may fail.
 */
export function whyPersonCreates(run: Run, seen: SeenState | undefined): string | null {
  if (seen?.resources !== 0 || run.resourcesInState !== 0) return null;
  return `the state is empty since run #${seen.run}, so a person decides what is created`;
}

/** What m0 had seen in the state before, for a run that read it itself. */
export function seenBy(run: Run): SeenState {
  return { resources: run.resourcesInState ?? 0, run: run.id, at: run.updatedAt };
}

/** Why nothing is applied, as a sentence for people. */
export function emptyStateText({ resources }: SeenState): string {
  return `the state is empty, though m0 has seen ${count(resources, 'resource')} in it`;
}
