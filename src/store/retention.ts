/** Deletes, day by day, what has been over for long. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import type { Clock } from '../model/directory.ts';
import type { Cutoffs, Pruned } from './prune.ts';

const DAY_MS = 86_400_000;
/** More than a year, so that last year's same week can still be looked up in chat. */
const RUNS_MS = 400 * DAY_MS;
/** Far longer than anything is still tried again. */
const DELIVERIES_MS = 30 * DAY_MS;

export interface RetentionParts {
  readonly store: { readonly prune: (before: Cutoffs) => Promise<Pruned> };
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Retention {
  /** Deletes all there is to delete by now; stops early when stopped. Never rejects. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** Looks at once and then once a day. */
export function startRetention({ store, clock, log }: RetentionParts): Retention {
  let stopped = false;

  async function look(): Promise<void> {
    const total = { runs: 0, deliveries: 0 };
    try {
      while (!stopped) {
        const now = clock();
        const gone = await store.prune({ runs: now - RUNS_MS, deliveries: now - DELIVERIES_MS });
        total.runs += gone.runs;
        total.deliveries += gone.deliveries;
        if (gone.runs + gone.deliveries === 0) break;
        await breathe();
      }
    } catch (error) {
      log.error({ err: error }, 'deleting what is long over broke; it is tried again tomorrow');
    }
    if (total.runs + total.deliveries > 0) log.info(total, 'deleted what is long over');
  }

  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, DAY_MS);
  timer.unref();

  return {
    look() {
      looking = looking.then(look);
      return looking;
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}
