/** Folds old checks, and deletes old runs and delivered messages, once a day. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import type { Clock } from '../model/directory.ts';
import type { Cutoffs, Pruned } from './prune.ts';

const DAY_MS = 86_400_000;
/** The defaults of m0.yaml: runs for more than a year, so people can look up the same week of last year. */
const DEFAULT_KEEP = { runsMs: 400 * DAY_MS, checksMs: 7 * DAY_MS };
/** How long delivered messages are kept. No message is tried again after such a long time. */
const DELIVERIES_MS = 30 * DAY_MS;

export interface RetentionParts {
  readonly store: { readonly prune: (before: Cutoffs) => Promise<Pruned> };
  readonly clock: Clock;
  readonly log: Logger;
  /** How long ended runs are kept, and after what time clean checks are folded, in ms; the defaults if left out. */
  readonly keep?: { readonly runsMs: number; readonly checksMs: number };
}

export interface Retention {
  /** Deletes everything that is old enough now. Ends early after `stop`. Never rejects. */
  deleteOld(): Promise<void>;
  /** Stops the repetition and waits for a running deletion. */
  stop(): Promise<void>;
}

/** Deletes at once and then once a day. */
export function startRetention({ store, clock, log, keep = DEFAULT_KEEP }: RetentionParts): Retention {
  let stopped = false;

  async function deleteAllOld(): Promise<void> {
    const total = { runs: 0, deliveries: 0, heals: 0, folded: 0 };
    const sum = (of: Pruned): number => of.runs + of.deliveries + of.heals + of.folded;
    try {
      while (!stopped) {
        const now = clock();
        const deleted = await store.prune({
          ...{ runs: now - keep.runsMs, checks: now - keep.checksMs },
          deliveries: now - DELIVERIES_MS,
        });
        total.runs += deleted.runs;
        total.deliveries += deleted.deliveries;
        total.heals += deleted.heals;
        total.folded += deleted.folded;
        if (sum(deleted) === 0) break;
        await yieldToEventLoop();
      }
    } catch (error) {
      log.error({ err: error }, 'deleting old data failed; it is tried again tomorrow');
    }
    if (sum(total) > 0) log.info(total, 'deleted or folded old data');
  }

  let running = deleteAllOld();
  const timer = setInterval(() => {
    running = running.then(deleteAllOld);
  }, DAY_MS);
  timer.unref();

  return {
    deleteOld() {
      running = running.then(deleteAllOld);
      return running;
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
