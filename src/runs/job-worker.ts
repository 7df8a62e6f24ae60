/** Does the jobs of stacks that several processes share: takes the stack, and walks its runs. */
import { errorText } from '../base/error-text.ts';
import { createKeyedLock } from '../base/keyed-lock.ts';
import { withLogFields } from '../base/log-context.ts';
import { labelOf } from '../model/worker-label.ts';
import type { Consumer, SharedWork, StackJob } from '../ports/shared-work.ts';
import { clip } from '../text/words.ts';
import type { RunWriter } from './run-writer.ts';
import { createWaitingWorkOf } from './waiting-work.ts';
import type { Hold, Walker } from './walk.ts';
import { inWorkOrder, jobOf, URGENT_PRIORITY } from './work-order.ts';
import type { WorkerParts } from './worker-parts.ts';

/** How often it is looked whether plans that are running were canceled, where no notice told of it, in ms. */
const LOOK_MS = 2_000;
/** The longest problem that is told to the owner, in characters: a notice of PostgreSQL has at most 8,000 bytes. */
const MAX_PROBLEM = 1_000;

export interface JobWorkerParts extends WorkerParts {
  readonly shared: SharedWork;
  /** The labels of the jobs that this process does. */
  readonly labels: readonly string[];
}

/** Starts to do jobs. `stopping` aborts plans and what waits; an apply that has begun is finished. */
export function startJobWorker(
  parts: JobWorkerParts,
  writer: RunWriter,
  walker: Walker,
  stopping: AbortSignal,
): Consumer {
  const { store, clock, log, directory, shared, labels, limits, concurrency } = parts;
  const waitingWorkOf = createWaitingWorkOf({ store, clock, directory, order: writer.order });
  /** A job that this process has lost may still be ending when it gets the next one of that stack. */
  const lockStack = createKeyedLock();

  /** Walks the next run of the stack that can begin. False: there is none, or it did not move. */
  async function walkNext(stack: string, hold: Hold): Promise<boolean> {
    const [next] = inWorkOrder(await waitingWorkOf(stack), () => 0);
    if (next === undefined) return false;
    await withLogFields({ run: next.id, stack }, () => walker.walk(next, hold)).catch((error: unknown) => {
      log.error({ err: error, run: next.id, stack }, 'working on a run failed');
      return walker.failAfterError(next, error, hold).then(() => writer.discardLeftoverPlans(stack));
    });
    return (await store.run(next.id))?.version !== next.version;
  }

  async function workOn(stack: string, given: AbortSignal): Promise<void> {
    const hold: Hold = {
      fence: await store.takeStack(stack),
      signal: AbortSignal.any([stopping, given]),
    };
    for (const run of await store.runs({ stack, states: ['planning', 'deciding', 'applying'] })) {
      await walker.recover(run, hold);
    }
    // A process that was killed may have left one: the worker that made it, or the bot that canceled its run.
    await writer.discardLeftoverPlans(stack);
    // What did not move is given again in a while.
    while (!hold.signal.aborted && (await walkNext(stack, hold)));
  }

  async function work({ stack, run, label }: Omit<StackJob, 'priority'>, given: AbortSignal): Promise<void> {
    const problem = (await parts.prepare?.(stack)) ?? null;
    if (problem !== null) {
      // The owner gives the job again in a while.
      log.warn({ stack, run, problem }, 'this worker can not do a job');
      shared.report({ type: 'refused', stack, label, problem: clip(problem, MAX_PROBLEM) });
      return;
    }
    const known = directory.stacks.find(({ name }) => name === stack);
    // The owner of the database ends what waits of stacks that are gone.
    if (known === undefined) return;
    if (labelOf(known) !== label) {
      const waiting = await store.run(run);
      if (waiting !== undefined) await shared.add([{ ...jobOf(waiting), label: labelOf(known) }]);
      return;
    }
    await lockStack(stack, () => workOn(stack, given));
  }

  /** Aborts plans whose runs were canceled, or superseded by a newer check. */
  async function abortUnneeded(moved: readonly number[] | null): Promise<void> {
    for (const plan of writer.runningPlans.all()) {
      if (moved !== null && !moved.includes(plan.id)) continue;
      const run = await store.run(plan.id);
      if (run !== undefined && run.state !== 'planning') writer.runningPlans.abort(plan);
    }
  }

  function look(moved: readonly number[] | null): void {
    abortUnneeded(moved).catch((error: unknown) => {
      log.warn({ problem: errorText(error) }, 'it could not be read whether plans were canceled');
    });
  }

  const stopListening = shared.onChange(look);
  const timer = setInterval(() => look(null), LOOK_MS);
  const consumer = shared.consume({
    labels,
    ...(limits && { limits }),
    concurrency,
    urgentFrom: URGENT_PRIORITY,
    work,
  });
  return {
    async stop() {
      await consumer.stop();
      clearInterval(timer);
      stopListening();
    },
  };
}
