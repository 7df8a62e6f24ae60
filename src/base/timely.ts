/** A time limit for a promise. */

/**
 * Resolves or rejects as `work` does. After `ms` milliseconds without an answer it rejects with an Error that
 * begins with `doing` (what was being done). It does not stop `work`.
 */
export async function withTimeout<T>(doing: string, ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${doing}: no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
