/** The order in which the worker takes runs: work that a person waits for comes before scheduled checks. Pure. */

import type { Directory } from '../model/directory.ts';
import { type PausableStack, type Pause, pausesOf } from '../model/pause.ts';
import type { Run, RunState, Trigger } from '../model/run.ts';
import { labelOf } from '../model/worker-label.ts';
import type { StackJob } from '../ports/shared-work.ts';
import { expiresAt } from './confirm.ts';
import { LONGEST_LOCK_PAUSE_MS } from './not-applied.ts';

/** States in which the worker must act on a run, most urgent first. */
export const STATES_WITH_WORK: readonly RunState[] = ['verifying', 'approved', 'queued'];
/** The most urgent first. */
export const URGENCY: Record<Trigger, number> = { command: 0, verify: 1, push: 2, schedule: 3 };

/** Jobs with at least this priority may begin although all slots for checks are in use. */
export const URGENT_PRIORITY = 30;
/** The priority of what has begun: an apply that was decided. */
const BEGUN_PRIORITY = 40;

/** The job of a run that waits. Its priority follows the order of work: the most urgent has the largest number. */
export function jobOf(run: Waiting & { readonly worker?: string | undefined }): StackJob {
  const { id, stack, state, trigger } = run;
  const priority = state === 'queued' ? URGENT_PRIORITY - 10 * URGENCY[trigger] : BEGUN_PRIORITY;
  return { stack, run: id, priority, label: labelOf(run) };
}

/** What the order of work needs to know of a run. */
export type Waiting = Pick<Run, 'id' | 'stack' | 'state' | 'trigger'>;

/** True for applies, verifications and checks by command: they may start although all slots for checks are in use. */
export function isUrgent(run: Waiting): boolean {
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

/** The run's stack as m0.yaml has it now, so that a stack that moved to a paused environment is held back too. */
export function pausableStackOf(
  { stacks }: Pick<Directory, 'stacks'>,
  run: Pick<Run, 'stack' | 'environment'>,
): PausableStack {
  return stacks.find((s) => s.name === run.stack) ?? { name: run.stack, environment: run.environment };
}

/**
 * True if the approved run waits for the end of a pause at `now` (ms since epoch), and m0 has nothing to do on it. A run
 * that still has a plan file is not held yet: the file is deleted first. Approvals become too old as ever.
 */
export function isHeld(
  run: Pick<Run, 'state' | 'plan' | 'approvals'>,
  stack: PausableStack,
  pauses: readonly Pause[],
  now: number,
): boolean {
  return (
    run.state === 'approved' &&
    run.plan === null &&
    now < expiresAt(run) &&
    pausesOf(pauses, stack).length > 0
  );
}

/**
 * When the next run that can't start yet can: its time for a new try, or the time at which the approval of a held run is
 * too old. In ms since epoch; Infinity if there is none.
 */
export function nextDue(waiting: readonly Run[], held: readonly Run[], now: number): number {
  const retries = waiting.flatMap((run) => (isDue(run, now) ? [] : (run.lock?.retryAt ?? [])));
  return Math.min(...retries, ...held.map(expiresAt));
}

/**
 * Sorts the runs into the order of work. Scheduled checks are sorted by when the worker last took a run of their
 * stack (ms since epoch): the stack that has waited longest comes first.
 */
export function inWorkOrder<T extends Waiting>(
  waiting: readonly T[],
  lastWorkedAt: (stack: string) => number,
): readonly T[] {
  const lastWorked = (run: Waiting): number => (run.trigger === 'schedule' ? lastWorkedAt(run.stack) : 0);
  return [...waiting].sort(
    (a, b) =>
      STATES_WITH_WORK.indexOf(a.state) - STATES_WITH_WORK.indexOf(b.state) ||
      URGENCY[a.trigger] - URGENCY[b.trigger] ||
      lastWorked(a) - lastWorked(b) ||
      a.id - b.id,
  );
}
