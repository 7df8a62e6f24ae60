/** `75000` -> `1 min 15 s`; under ten seconds with one decimal. Takes milliseconds. */
export function formatElapsed(ms: number): string;

/**
 * Runs one step of set-up between a line that says what it does and a line that says how long it took.
 * Whatever `work` throws is thrown on.
 */
export function step<T>(
  label: string,
  what: string,
  work: () => Promise<T> | T,
  options?: { ownProgress?: boolean },
): Promise<T>;
