/** A task that runs repeatedly. */
export interface Repeated {
  /** Starts no more runs. Resolves once the current one has ended. */
  stop(): Promise<void>;
}

/** Runs `work` now, and again `everyMs` after each end, until it is stopped. `work` must not reject. */
export function repeat(everyMs: number, work: () => Promise<void>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();
  const begin = (): void => {
    current = work().finally(() => {
      if (!stopped) timer = setTimeout(begin, everyMs);
    });
  };
  begin();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
