import { AsyncLocalStorage } from 'node:async_hooks';

const isQuiet = new AsyncLocalStorage<true>();
let isPatched = false;

/**
 * What `work` comes to, without what it says on the console: botframework-connector writes each refused token there,
 * with the keys it was tried against, so that anybody could fill a disk. m0 logs refusals itself, once a minute.
 */
export function quietly<T>(work: () => Promise<T>): Promise<T> {
  if (!isPatched) {
    isPatched = true;
    // Only what is said within `quietly` is dropped: everything else goes where it went.
    const tell = console.error.bind(console);
    console.error = (...words: unknown[]) => {
      if (isQuiet.getStore() !== true) tell(...words);
    };
  }
  return isQuiet.run(true, work);
}
