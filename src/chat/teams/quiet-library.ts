import { AsyncLocalStorage } from 'node:async_hooks';

const isSilenced = new AsyncLocalStorage<true>();
let isPatched = false;

/**
 * Runs `work` without its output on console.error. botframework-connector prints each refused token there,
 * with the keys it was checked against, so that anybody could fill a disk. m0 logs refusals itself, at most
 * once a minute.
 */
export function withoutConsoleErrors<T>(work: () => Promise<T>): Promise<T> {
  if (!isPatched) {
    isPatched = true;
    // Only output from within `work` is dropped.
    const printError = console.error.bind(console);
    console.error = (...words: unknown[]) => {
      if (isSilenced.getStore() !== true) printError(...words);
    };
  }
  return isSilenced.run(true, work);
}
