/** Repeats what is to be stored while the store can't be written, for example because another process has locked it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { storeUnavailable, type Unavailable } from '../ports/store-error.ts';

/** The pause between two tries, in ms. The store itself has waited for some seconds before. */
const PAUSE_MS = 500;

/**
 * Runs `write`, which may be run again after it was refused. Resolves with its result. `mayTryAgain` is asked before
 * each further try, with the reason and the error. Rejects with the error if it says something else than that the store
 * can't be written now, or if there is no further try.
 */
export async function untilStored<T>(
  write: () => Promise<T>,
  mayTryAgain: (why: Unavailable, error: unknown) => boolean,
): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const why = storeUnavailable(error);
      if (why === null || !mayTryAgain(why, error)) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

/** True for so many ms from now on, by a clock that nobody sets. */
export function within(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() < end;
}
