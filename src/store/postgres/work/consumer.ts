/** Takes jobs as long as there is room for them, keeps them alive, and does them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/log.ts';
import type { ConsumeOptions, Consumer } from '../../../ports/shared-work.ts';
import type { BegunJob, Jobs } from './jobs.ts';

/** How often it is looked for jobs that no notice has told of, in ms. */
const POLL_MS = 2_000;
/** How often a job gets a heartbeat, in ms: several of them may be lost before it is given away. */
const BEAT_MS = 2_500;

export interface ConsumerParts {
  readonly jobs: Jobs;
  readonly log: Logger;
  /** Calls the listener when there may be new jobs; returns how to stop that. */
  readonly onNews: (listener: () => void) => () => void;
}

/** See SharedWork. */
export function startConsumer({ jobs, log, onNews }: ConsumerParts, options: ConsumeOptions): Consumer {
  const { limits, concurrency, urgentFrom, work } = options;
  const stopping = new AbortController();
  /** The jobs that are being done, with their labels. */
  const running = new Map<Promise<void>, string>();
  /** The order in which the labels are asked: the one that was served last comes last. */
  let labels = [...options.labels];
  let wake = Promise.withResolvers<void>();

  /** Sends heartbeats until `signal` aborts; aborts `lost` when the job was given away. */
  async function keepAlive(job: BegunJob, signal: AbortSignal, lost: AbortController): Promise<void> {
    while (!signal.aborted) {
      await sleep(BEAT_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        if (await jobs.isMine(job)) continue;
        log.warn({ stack: job.stack, run: job.run }, 'the job was given to another worker');
        return lost.abort();
      } catch (error) {
        log.warn(
          { problem: errorText(error), stack: job.stack },
          'a sign of life of a job could not be stored',
        );
      }
    }
  }

  async function done(job: BegunJob): Promise<void> {
    const ended = new AbortController();
    const lost = new AbortController();
    const alive = keepAlive(job, ended.signal, lost);
    try {
      await work(job, lost.signal);
    } catch (error) {
      log.error({ err: error, stack: job.stack, run: job.run }, 'the job of a stack broke');
    } finally {
      ended.abort();
      await alive;
    }
    // What is left to do is found in the store, and gets a new job.
    if (!lost.signal.aborted) await jobs.end(job);
  }

  /** How many jobs of the label may begin; below 0: not even an urgent one. */
  function roomOf(label: string): number {
    const limit = limits?.get(label);
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    return limit - [...running.values()].filter((other) => other === label).length;
  }

  /** Begins the next job of any label. False: there is none, or no room. */
  async function beginNext(): Promise<boolean> {
    for (const label of labels) {
      const room = Math.min(concurrency - running.size, roomOf(label));
      if (room < 0) continue;
      const job = await jobs.begin(label, room > 0 ? 0 : urgentFrom);
      if (job === null) continue;
      labels = [...labels.filter((other) => other !== label), label];
      const doing = done(job)
        .catch((error: unknown) => log.error({ err: error, stack: job.stack }, 'a job could not be ended'))
        .finally(() => {
          running.delete(doing);
          wake.resolve();
        });
      running.set(doing, label);
      return true;
    }
    return false;
  }

  async function takeJobs(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = Promise.withResolvers();
      try {
        while (!stopping.signal.aborted && (await beginNext()));
      } catch (error) {
        log.warn({ problem: errorText(error) }, 'looking for work failed; it is tried again');
      }
      const pause = new AbortController();
      const timer = sleep(POLL_MS, undefined, { signal: AbortSignal.any([pause.signal, stopping.signal]) });
      await Promise.race([wake.promise, timer.catch(() => {})]);
      pause.abort();
    }
  }

  const stopListening = onNews(() => wake.resolve());
  const taking = takeJobs();
  return {
    async stop() {
      stopping.abort();
      stopListening();
      await taking;
      await Promise.all(running.keys());
    },
  };
}
