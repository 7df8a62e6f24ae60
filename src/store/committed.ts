/** What a commit has changed that other processes wait for. */
import type { RunState, Trigger } from '../model/run.ts';
import type { StackJob } from '../ports/shared-work.ts';
import type { Change } from '../ports/store.ts';
import type { Inserted } from './write.ts';

/** A run that waits for a worker now. */
export interface WaitingRun {
  readonly id: number;
  readonly stack: string;
  readonly state: RunState;
  readonly trigger: Trigger;
  /** The label of the workers that may work on it; undefined: those without a label of their own. */
  readonly worker?: string | undefined;
}

export interface Committed {
  /** The runs that the commit inserted or moved. */
  readonly runs: readonly number[];
  /** Those of them that a worker must work on. */
  readonly waiting: readonly WaitingRun[];
}

/** Makes a job of a run that waits. */
export type JobOf = (run: WaitingRun) => StackJob;

/** What the changes have done; `inserted` has the ids of the new rows. */
export function committedOf(changes: readonly Change[], { runs }: Inserted): Committed {
  let next = 0;
  const moved = changes.flatMap((change) => {
    if (change.type === 'run.update') return [change.run];
    const id = change.type === 'run.insert' ? runs[next++] : undefined;
    return change.type === 'run.insert' && id !== undefined ? [{ ...change.run, id }] : [];
  });
  return {
    runs: moved.map(({ id }) => id),
    waiting: moved
      .filter(({ state }) => state === 'queued' || state === 'approved')
      .map(({ id, stack, state, trigger, worker }) => ({ id, stack, state, trigger, worker })),
  };
}
