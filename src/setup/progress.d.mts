/** `75000` -> `1 min 15 s`; below ten seconds with one decimal. Takes milliseconds. */
export function formatElapsed(ms: number): string;

/**
 * Runs one step of set-up. Prints a line that says what it does and one that says how long it took. Rethrows
 * the error of `work`.
 */
export function step<T>(
  label: string,
  what: string,
  work: () => Promise<T> | T,
  options?: { ownProgress?: boolean },
): Promise<T>;
