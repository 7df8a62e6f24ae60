/** Waiting for a run to rest, as those do who asked for it. */

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

export function createRunWaiter(store: Pick<Store, 'run'>, stop: AbortSignal): RunWaiter {
  const watchers = new Set<() => void>();
  return {
    recheck() {
      for (const watcher of watchers) watcher();
    },

    settled(runId, timeoutMs) {
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          clearTimeout(timer);
          watchers.delete(look);
          stop.removeEventListener('abort', giveUp);
        };
        const done = (run: Run | undefined): void => {
          leave();
          resolve(run);
        };
        const giveUp = (): void => done(undefined);
        const look = (): void => {
          store.run(runId).then(
            (run) => {
              if (run && !UNDER_WAY.includes(run.state)) done(run);
            },
            (error: unknown) => {
              leave();
              reject(error);
            },
          );
        };
        const timer = setTimeout(giveUp, timeoutMs);
        stop.addEventListener('abort', giveUp, { once: true });
        watchers.add(look);
        look();
        if (stop.aborted) giveUp();
      });
    },
  };
}
