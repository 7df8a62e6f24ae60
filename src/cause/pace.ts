/** CloudTrail takes two lookups a second from an account in a region. */

/** Resolves when the place may be asked again. */
export type Pace = (place: string) => Promise<void>;

const BETWEEN_MS = 500;

/** `sleep`: waits that many ms. Callers of one place wait in their order; places do not wait for each other. */
export function createPace(now: () => number, sleep: (ms: number) => Promise<void>): Pace {
  const nextAt = new Map<string, number>();
  return async (place) => {
    const at = Math.max(now(), nextAt.get(place) ?? 0);
    nextAt.set(place, at + BETWEEN_MS);
    const wait = at - now();
    if (wait > 0) await sleep(wait);
  };
}
