/** The abort signals of the checks that are planning now: a newer check of the stack aborts an older one. */
import type { Run } from '../model/run.ts';

export interface RunningPlans {
  /** The abort signal for the check of the run; it also aborts with `stop`. Call `ended` after the plan has ended. */
  begin(run: Run): { readonly signal: AbortSignal; ended(): void };
  /** Aborts the plan of that run, if it is running. */
  abort(run: Run): void;
}

export function createRunningPlans(stop: AbortSignal): RunningPlans {
  const planByStack = new Map<string, { readonly run: number; readonly stop: AbortController }>();
  return {
    begin(run) {
      const entry = { run: run.id, stop: new AbortController() };
      planByStack.set(run.stack, entry);
      return {
        signal: AbortSignal.any([stop, entry.stop.signal]),
        ended() {
          if (planByStack.get(run.stack) === entry) planByStack.delete(run.stack);
        },
      };
    },
    abort(run) {
      const entry = planByStack.get(run.stack);
      if (entry?.run === run.id) entry.stop.abort();
    },
  };
}
