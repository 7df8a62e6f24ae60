/**
 * Gives work to the workers of a database, in the process that owns it. A step that leaves work adds its job in the same
 * transaction; this finds the rest: what waited for a time, a pause or another stack, and what a worker has left that died.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../base/error-text.ts';
import { withoutLogFields } from '../base/log-context.ts';
import { labelOf } from '../model/worker-label.ts';
import type { Consumer, SharedWork, StackJob } from '../ports/shared-work.ts';
import { startJobWorker } from './job-worker.ts';
import type { Pump } from './pump.ts';
import type { RunWriter } from './run-writer.ts';
import { createWaitingWork } from './waiting-work.ts';
import type { Walker } from './walk.ts';
import { jobOf, type Waiting } from './work-order.ts';
import type { WorkerParts } from './worker-parts.ts';

/** How often it is looked for work that no job stands for, in ms. */
const LOOK_MS = 2_000;
/** How often plan files are deleted that a killed worker left, in ms. They hold secrets. */
const DISCARD_MS = 60_000;
/** The pause after a look is so many times as long as the look, at most LOOK_MS: with many stacks a look takes a while. */
const PAUSE_FACTOR = 5;

export interface JobGiverParts extends WorkerParts {
  readonly shared: SharedWork;
}

/** Creates it. `stopping` aborts when this process takes no more work. */
export function createJobGiver(
  parts: JobGiverParts,
  writer: RunWriter,
  walker: Walker,
  stopping: AbortSignal,
): Pump {
  const { store, clock, log, directory, shared, labels = [] } = parts;
  const waitingWork = createWaitingWork({ store, clock, directory, order: writer.order });
  let timer: NodeJS.Timeout | undefined;
  let giving: Promise<void> | null = null;
  let isAskedAgain = false;
  let silentRemovedAt = Number.NEGATIVE_INFINITY;
  let discardedAt = Number.NEGATIVE_INFINITY;
  let discarding: Promise<void> | null = null;
  let consumer: Consumer | null = null;
  let stopListening = (): void => {};

  /** The job of a run, with the label that m0.yaml names now. */
  function currentJobOf(run: Waiting): StackJob {
    const stack = directory.stacks.find(({ name }) => name === run.stack);
    return stack === undefined ? jobOf(run) : { ...jobOf(run), label: labelOf(stack) };
  }

  async function giveOnce(): Promise<void> {
    if (performance.now() - silentRemovedAt >= LOOK_MS) {
      silentRemovedAt = performance.now();
      await shared.removeSilentWorkers();
    }
    // Read before the jobs: whose job ends in between gets one more, which finds nothing to do.
    const begun = await store.runs({ states: ['planning', 'deciding', 'applying'] });
    await writer.order.refresh();
    const { due } = await waitingWork();
    const jobs = await shared.jobs();
    const missing = [...begun, ...due].filter((run) => {
      const { stack, label } = currentJobOf(run);
      const there = jobs.get(stack) ?? [];
      // While a worker with another label has the stack, nobody else gets it.
      return !there.some((job) => job.isBegun || job.label === label);
    });
    if (missing.length > 0) await shared.add(missing.map(currentJobOf));
    if (discarding === null && performance.now() - discardedAt >= DISCARD_MS) {
      discardedAt = performance.now();
      // Nobody waits for it: a storage of plan files that does not answer must not hold up work.
      discarding = writer.discardPlansOfIdle().finally(() => {
        discarding = null;
      });
    }
  }

  /** Resolves after that time, or when this process takes no more work. */
  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stopping }).catch(() => {});
  }

  function give(): void {
    if (stopping.aborted) return;
    if (giving !== null) {
      isAskedAgain = true;
      return;
    }
    const begun = performance.now();
    giving = withoutLogFields(giveOnce)
      .catch((error: unknown) => {
        log.warn({ problem: errorText(error) }, 'work could not be given to workers; it is tried again');
      })
      // A step adds its job by itself, so what else there is can wait for a moment.
      .then(() => pause(Math.min(LOOK_MS, PAUSE_FACTOR * (performance.now() - begun))))
      .finally(() => {
        giving = null;
        if (!isAskedAgain) return;
        isAskedAgain = false;
        give();
      });
  }

  /** Tells this process of runs that another one has moved. */
  async function hear(ids: readonly number[] | null): Promise<void> {
    const runs = await store.runsById(ids ?? []);
    writer.changed(runs.length === 0 ? null : runs, true);
  }

  return {
    pump: give,
    asked() {},
    async start() {
      await walker.endWorkOfRemovedStacks();
      stopListening = shared.onChange((ids) => {
        hear(ids).catch((error: unknown) => {
          log.warn({ problem: errorText(error) }, 'what another process has changed could not be read');
        });
      });
      timer = setInterval(give, LOOK_MS);
      if (labels.length > 0) consumer = startJobWorker({ ...parts, labels }, writer, walker, stopping);
      give();
    },
    async drain() {
      clearInterval(timer);
      stopListening();
      await giving;
      await consumer?.stop();
    },
  };
}
