/** A mutex per key, within this process. */

/**
 * Runs `work` while no other work with the same key runs. Callers with the same key wait in order of arrival.
 * Resolves or rejects as `work` does.
 */
export type KeyedLock = <T>(key: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/**
 * Creates a mutex per key, first come, first served. If a caller's `signal` aborts while the caller waits, the
 * caller leaves the queue and rejects with the signal's reason. The signal does not interrupt work that has begun.
 */
export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();

  return async (key, work, signal) => {
    const before = tails.get(key) ?? Promise.resolve();
    let release = (): void => {};
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before.then(() => done);
    tails.set(key, tail);
    try {
      await waitFor(before, signal);
      return await work();
    } finally {
      release();
      if (tails.get(key) === tail) tails.delete(key);
    }
  };
}

async function waitFor(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  signal.throwIfAborted();
  let leave = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
