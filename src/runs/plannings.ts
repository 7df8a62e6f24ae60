/** Checks that are being planned now, so that a newer one can end them. */
import type { Run } from '../model/run.ts';

export interface Plannings {
  /** The signal for the check of the run, which also aborts with `stop`; `ended` once it needs none any more. */
  of(run: Run): { readonly signal: AbortSignal; ended(): void };
  /** Stops the planning of exactly that run, where it is under way. */
  abort(run: Run): void;
}

export function createPlannings(stop: AbortSignal): Plannings {
  const underWay = new Map<string, { readonly run: number; readonly stop: AbortController }>();
  return {
    of(run) {
      const entry = { run: run.id, stop: new AbortController() };
      underWay.set(run.stack, entry);
      return {
        signal: AbortSignal.any([stop, entry.stop.signal]),
        ended() {
          if (underWay.get(run.stack) === entry) underWay.delete(run.stack);
        },
      };
    },
    abort(run) {
      const entry = underWay.get(run.stack);
      if (entry?.run === run.id) entry.stop.abort();
    },
  };
}
