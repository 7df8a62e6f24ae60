/** Something that is done again and again. */
export interface Repeated {
  /** Nothing begins after it; resolves once what is under way has ended. */
  stop(): Promise<void>;
}

/** Does `work` now, and again `everyMs` after it has ended, until it is stopped. `work` must not reject. */
export function repeat(everyMs: number, work: () => Promise<void>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let working: Promise<void> = Promise.resolve();
  const begin = (): void => {
    working = work().finally(() => {
      if (!stopped) timer = setTimeout(begin, everyMs);
    });
  };
  begin();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
