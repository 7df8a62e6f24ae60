/** Reads which runs wait for work and can begin now. */
import type { Clock, Directory } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import type { WorkingOrder } from './stack-order.ts';
import { isDue, isHeld, nextDue, pausableStackOf, STATES_WITH_WORK, type Waiting } from './work-order.ts';

/** The states with work whose runs have begun. There are few of them, unlike of queued ones. */
const BEGUN_STATES = STATES_WITH_WORK.filter((state) => state !== 'queued');

export interface WaitingWorkParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly order: WorkingOrder;
}

export interface WaitingWork {
  /** The runs that can begin now: none that a pause, a lock or a stack before it holds back. */
  readonly due: readonly Waiting[];
  /** When the next of the others is due, in ms since epoch; Infinity: it waits for a change. */
  readonly next: number;
  /** When that was read. */
  readonly now: number;
}

/** Returns a function that reads it from the store. It rejects with a StoreError. */
export function createWaitingWork(parts: WaitingWorkParts): () => Promise<WaitingWork> {
  const { store, clock, directory, order } = parts;
  return async () => {
    const begun = await store.runs({ states: BEGUN_STATES });
    const now = clock();
    const pauses = await store.pauses();
    const held = begun.filter((run) => isHeld(run, pausableStackOf(directory, run), pauses, now));
    const waits = new Set(begun.flatMap((run) => (held.includes(run) || !isDue(run, now) ? [run.id] : [])));
    const waiting: readonly Waiting[] = [...begun, ...(await store.queued())];
    const behind = await order.heldBack(waiting);
    return {
      due: waiting.filter(({ id }) => !waits.has(id) && !behind.has(id)),
      next: nextDue(begun, held, now),
      now,
    };
  };
}

/**
 * Returns a function that reads the runs of one stack that can begin now. Its cost does not grow with what waits of other
 * stacks, unless the stack follows some of them. It rejects with a StoreError.
 */
export function createWaitingWorkOf(parts: WaitingWorkParts): (stack: string) => Promise<readonly Run[]> {
  const { store, clock, directory, order } = parts;
  return async (stack) => {
    const waiting = await store.runs({ stack, states: STATES_WITH_WORK });
    if (waiting.length === 0) return [];
    const now = clock();
    const pauses = waiting.some(({ state }) => state === 'approved') ? await store.pauses() : [];
    const due = waiting.filter(
      (run) => isDue(run, now) && !isHeld(run, pausableStackOf(directory, run), pauses, now),
    );
    if (due.length === 0) return due;
    // Another process may have learnt that the stack follows one more.
    await order.refresh();
    if ((await order.allBefore(stack)).length === 0) return due;
    const all = [...(await store.runs({ states: BEGUN_STATES })), ...(await store.queued())];
    const behind = await order.heldBack(due, all);
    return due.filter(({ id }) => !behind.has(id));
  };
}
