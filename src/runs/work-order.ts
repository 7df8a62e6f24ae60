/** The order in which the worker takes runs: work that a person waits for comes before scheduled checks. Pure. */

import type { Run, RunState, Trigger } from '../model/run.ts';
import { LONGEST_LOCK_PAUSE_MS } from './outcomes.ts';

/** States in which the worker must act on a run, most urgent first. */
export const STATES_WITH_WORK: readonly RunState[] = ['verifying', 'approved', 'queued'];
const URGENCY: Record<Trigger, number> = { command: 0, verify: 1, push: 2, schedule: 3 };

/** True for applies, verifications and checks by command: they may start although all slots for checks are in use. */
export function isUrgent(run: Run): boolean {
  return run.state !== 'queued' || run.trigger === 'command';
}

/**
 * True if the run can start at `now` (ms since epoch). An apply that found the state locked has a time for its next
 * try; a time further away than the longest pause means that the clock was set back, and the run is due.
 */
export function isDue({ state, lock }: Run, now: number): boolean {
  if (state !== 'approved' || lock == null) return true;
  return lock.retryAt <= now || lock.retryAt > now + LONGEST_LOCK_PAUSE_MS;
}

/** When the next run that is not due yet becomes due, in ms since epoch; Infinity if all are due. */
export function nextDue(waiting: readonly Run[], now: number): number {
  return Math.min(...waiting.flatMap((run) => (isDue(run, now) ? [] : (run.lock?.retryAt ?? []))));
}

/**
 * Sorts the runs into the order of work. Scheduled checks are sorted by when the worker last took a run of their
 * stack (ms since epoch): the stack that has waited longest comes first.
 */
export function inWorkOrder(
  waiting: readonly Run[],
  lastWorkedAt: (stack: string) => number,
): readonly Run[] {
  const lastWorked = (run: Run): number => (run.trigger === 'schedule' ? lastWorkedAt(run.stack) : 0);
  return [...waiting].sort(
    (a, b) =>
      STATES_WITH_WORK.indexOf(a.state) - STATES_WITH_WORK.indexOf(b.state) ||
      URGENCY[a.trigger] - URGENCY[b.trigger] ||
      lastWorked(a) - lastWorked(b) ||
      a.id - b.id,
  );
}
