/** The error of the store. */

/** The cause of a store error, if people can do something about it. `uncertain`: it may have been stored. */
export type StoreProblem = 'full' | 'busy' | 'corrupt' | 'denied' | 'uncertain' | 'other';

/** An error of the store. The message says what the store was doing and, if known, what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly problem: StoreProblem;
  constructor(message: string, options: { problem?: StoreProblem; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.problem = options.problem ?? 'other';
  }
}

/** True if the error or one of its causes says that it is not known whether something was stored. */
export function isUncertain(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof StoreError && e.problem === 'uncertain') return true;
  }
  return false;
}

/** The problems that end without m0: until then nothing can be stored, and nothing was. */
export type Unavailable = Extract<StoreProblem, 'busy' | 'full' | 'denied'>;

/**
 * Why the store can't be written at this moment, if that is what the error or one of its causes says; null otherwise.
 * The same step may be tried again later.
 */
export function storeUnavailable(error: unknown): Unavailable | null {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (!(e instanceof StoreError)) continue;
    if (e.problem === 'busy' || e.problem === 'full' || e.problem === 'denied') return e.problem;
  }
  return null;
}
