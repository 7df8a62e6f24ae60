/**
 * Takes runs from the store in the order of work, in the process that owns the database. It looks for work after each
 * stored change, and when a run that waited is due.
 */
import { withLogFields } from '../base/log-context.ts';
import type { Stack } from '../model/directory.ts';
import type { RunWriter } from './run-writer.ts';
import { createWaitingWork } from './waiting-work.ts';
import type { Hold, Walker } from './walk.ts';
import { inWorkOrder, isUrgent } from './work-order.ts';
import type { WorkerParts } from './worker-parts.ts';

/** The default pause of a stack after the store failed. A new check of the stack ends the pause. */
const STACK_PAUSE_MS = 10_000;
/** Longest sleep before the queue is read again: the clock may be changed during a sleep. */
const LONGEST_SLEEP_MS = 15_000;

export interface Pump {
  /** Looks for work. */
  pump(): void;
  /** Somebody asked for checks of these stacks: their pauses end. */
  asked(stacks: readonly string[]): void;
  /** Continues what an earlier process left, and looks for work from now on. */
  start(): Promise<void>;
  /** Resolves when the work that has begun is done. */
  drain(): Promise<void>;
}

/** Creates the pump. `signal` aborts when the process takes no more work. */
export function createPump(parts: WorkerParts, writer: RunWriter, walker: Walker, signal: AbortSignal): Pump {
  const { store, clock, log, directory } = parts;
  const hold: Hold = { fence: null, signal };
  const busy = new Map<string, Promise<void>>();
  const pausedStacks = new Map<string, NodeJS.Timeout>();
  let wakeTimer: NodeJS.Timeout | undefined;
  /** When a run of each stack was last taken, in ms since epoch. */
  const lastWorkedAt = new Map<string, number>();
  const waitingWork = createWaitingWork({ store, clock, directory, order: writer.order });
  let started = false;
  let pumping: Promise<void> | null = null;
  let pumpAgain = false;
  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);

  async function pumpOnce(): Promise<void> {
    await recover();
    // This runs after every stored change, so it does not read the queue while all slots are in use.
    if (busy.size > parts.concurrency) return;
    const { due, next, now } = await waitingWork();
    wakeAt(next, now);
    for (const run of inWorkOrder(due, (stack) => lastWorkedAt.get(stack) ?? 0)) {
      if (signal.aborted) return;
      if (busy.size >= parts.concurrency + (isUrgent(run) ? 1 : 0)) continue;
      if (busy.has(run.stack) || pausedStacks.has(run.stack)) continue;
      // A worker with that label must do it; `/readyz` says that there is none.
      if (stackOf(run.stack)?.worker !== undefined) continue;
      lastWorkedAt.set(run.stack, clock());
      const about = { run: run.id, stack: run.stack };
      const job = withLogFields(about, () => walker.walk(run, hold));
      busy.set(
        run.stack,
        job
          .catch((error: unknown) => {
            log.error({ err: error, run: run.id, stack: run.stack }, 'working on a run failed');
            return walker.failAfterError(run, error, hold).then(() => writer.discardLeftoverPlans(run.stack));
          })
          .catch((error: unknown) => {
            log.error({ err: error, ...about }, 'nothing can be stored of a run; its stack waits');
            pauseStack(run.stack);
          })
          .then(async () => {
            // The stack went while a job had it: what the job has opened must not stay open.
            if (!stackOf(run.stack)) await walker.endWorkOfRemovedStacks();
          })
          .catch((error: unknown) => {
            log.error({ err: error, ...about }, 'the work of a stack that is gone could not be ended');
            pauseStack(run.stack);
          })
          .finally(() => {
            busy.delete(run.stack);
            pump();
          }),
      );
    }
  }

  function pump(): void {
    if (!started || signal.aborted) return;
    if (pumping) {
      pumpAgain = true;
      return;
    }
    pumping = pumpOnce()
      .catch((error: unknown) => {
        log.error({ err: error }, 'looking for work broke');
        pauseStack('');
      })
      .finally(() => {
        pumping = null;
        if (pumpAgain) {
          pumpAgain = false;
          pump();
        }
      });
  }

  /** Sets the timer to look for work at `at` (ms since epoch). Infinity: no timer, the next change starts it. */
  function wakeAt(at: number, now: number): void {
    clearTimeout(wakeTimer);
    if (at === Number.POSITIVE_INFINITY || signal.aborted) return;
    wakeTimer = setTimeout(pump, Math.min(Math.max(0, at - now), LONGEST_SLEEP_MS));
  }

  /**
   * Takes no work of the stack for a while: it would probably fail again. With '' only the next look for work waits.
   */
  function pauseStack(stack: string): void {
    if (signal.aborted || pausedStacks.has(stack)) return;
    const timer = setTimeout(() => {
      pausedStacks.delete(stack);
      pump();
    }, parts.stackPauseMs ?? STACK_PAUSE_MS);
    pausedStacks.set(stack, timer);
  }

  /** Continues runs that are stored as active, but that no job works on: a process crashed or the store failed. */
  async function recover(): Promise<void> {
    for (const run of await store.runs({ states: ['planning', 'deciding', 'applying'] })) {
      if (busy.has(run.stack) || pausedStacks.has(run.stack)) continue;
      await walker.recover(run, hold);
    }
  }

  /** Reads from the store when each stack was last worked on, because a restart must not change the order. */
  async function restoreLastWorkedAt(): Promise<void> {
    for (const { name } of directory.stacks) {
      const [run] = (await store.runs({ stack: name, limit: 2 })).filter((r) => r.state !== 'queued');
      if (run) lastWorkedAt.set(name, run.updatedAt);
    }
  }

  return {
    pump,
    asked(stacks) {
      for (const paused of [...stacks, '']) {
        clearTimeout(pausedStacks.get(paused));
        pausedStacks.delete(paused);
      }
    },
    async start() {
      await recover();
      await walker.endWorkOfRemovedStacks();
      await restoreLastWorkedAt();
      started = true;
      pump();
    },
    async drain() {
      clearTimeout(wakeTimer);
      for (const timer of pausedStacks.values()) clearTimeout(timer);
      await pumping;
      await Promise.all(busy.values());
    },
  };
}
