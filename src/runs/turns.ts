/** Whose turn it is: what somebody waits for before what the clock asks for. Pure. */

import type { Run, RunState, Trigger } from '../model/run.ts';
import { LONGEST_LOCK_PAUSE_MS } from './outcomes.ts';

/** States in which the worker has something to do, most urgent first. */
export const WORK: readonly RunState[] = ['verifying', 'approved', 'queued'];
const URGENCY: Record<Trigger, number> = { command: 0, verify: 1, push: 2, schedule: 3 };

/** An apply that is due, and what a person asked for, never stand behind checks. */
export function isUrgent(run: Run): boolean {
  return run.state !== 'queued' || run.trigger === 'command';
}

/** An apply that met somebody else's lock has a time of its own; where the clock was set back, that is now. */
export function isDue({ state, lock }: Run, now: number): boolean {
  if (state !== 'approved' || lock == null) return true;
  return lock.retryAt <= now || lock.retryAt > now + LONGEST_LOCK_PAUSE_MS;
}

/** When the first of those that are not due yet is; Infinity where all are. */
export function nextDue(waiting: readonly Run[], now: number): number {
  return Math.min(...waiting.flatMap((run) => (isDue(run, now) ? [] : (run.lock?.retryAt ?? []))));
}

/**
 * In the order in which they are to be worked on. Scheduled checks go by when their stacks were looked at last
 * (ms since epoch), so that a stack which came early for once is not the last one next time.
 */
export function inTurn(waiting: readonly Run[], lookedAt: (stack: string) => number): readonly Run[] {
  const looked = (run: Run): number => (run.trigger === 'schedule' ? lookedAt(run.stack) : 0);
  return [...waiting].sort(
    (a, b) =>
      WORK.indexOf(a.state) - WORK.indexOf(b.state) ||
      URGENCY[a.trigger] - URGENCY[b.trigger] ||
      looked(a) - looked(b) ||
      a.id - b.id,
  );
}
