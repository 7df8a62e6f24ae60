/** The abort signals of the checks that are planning now: a newer check of the stack aborts an older one. */
import type { Run } from '../model/run.ts';

export interface RunningPlans {
  /** The abort signal for the check of the run; it also aborts with `signal`. Call `ended` after the plan has ended. */
  begin(run: Run, signal: AbortSignal): { readonly signal: AbortSignal; ended(): void };
  /** Aborts the plan of that run, if it is running. */
  abort(run: Pick<Run, 'id' | 'stack'>): void;
  /** The checks that are planning now. */
  all(): readonly Pick<Run, 'id' | 'stack'>[];
}

export function createRunningPlans(): RunningPlans {
  const planByStack = new Map<string, { readonly run: number; readonly stop: AbortController }>();
  return {
    begin(run, signal) {
      const entry = { run: run.id, stop: new AbortController() };
      planByStack.set(run.stack, entry);
      return {
        signal: AbortSignal.any([signal, entry.stop.signal]),
        ended() {
          if (planByStack.get(run.stack) === entry) planByStack.delete(run.stack);
        },
      };
    },
    abort(run) {
      const entry = planByStack.get(run.stack);
      if (entry?.run === run.id) entry.stop.abort();
    },
    all: () => [...planByStack].map(([stack, { run }]) => ({ id: run, stack })),
  };
}
