/** Lets callers wait until a run has ended or needs a person. */

import type { Run, RunState } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import type { RunWaiter } from './worker-parts.ts';

const UNDER_WAY: readonly RunState[] = [
  'queued',
  'planning',
  'deciding',
  'approved',
  'applying',
  'verifying',
];

/** Creates the waiter. All waiting calls resolve with undefined when `stop` aborts. */
export function createRunWaiter(store: Pick<Store, 'run'>, stop: AbortSignal): RunWaiter {
  const watchers = new Set<() => void>();
  return {
    recheck() {
      for (const watcher of watchers) watcher();
    },

    settled(runId, timeoutMs) {
      return new Promise((resolve, reject) => {
        const cleanUp = (): void => {
          clearTimeout(timer);
          watchers.delete(checkRun);
          stop.removeEventListener('abort', giveUp);
        };
        const finish = (run: Run | undefined): void => {
          cleanUp();
          resolve(run);
        };
        const giveUp = (): void => finish(undefined);
        const checkRun = (): void => {
          store.run(runId).then(
            (run) => {
              if (run && !UNDER_WAY.includes(run.state)) finish(run);
            },
            (error: unknown) => {
              cleanUp();
              reject(error);
            },
          );
        };
        const timer = setTimeout(giveUp, timeoutMs);
        stop.addEventListener('abort', giveUp, { once: true });
        watchers.add(checkRun);
        checkRun();
        if (stop.aborted) giveUp();
      });
    },
  };
}
