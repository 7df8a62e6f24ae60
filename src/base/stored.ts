/** Tells a piece of work whether it, or something that it called, has stored anything: kept in an AsyncLocalStorage. */
import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<{ hasStored: boolean }>();

/** Does `work`. `hasStored` tells whether `noteStored` was called by it, or by what it called. */
export function noticingStored<T>(work: (hasStored: () => boolean) => T): T {
  const noted = { hasStored: false };
  return current.run(noted, () => work(() => noted.hasStored));
}

/** Call after something was stored for good. */
export function noteStored(): void {
  const noted = current.getStore();
  if (noted !== undefined) noted.hasStored = true;
}
