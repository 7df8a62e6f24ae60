/** Mirrors that remember which fetches failed, for the health check. */
import { errorText } from '../base/error-text.ts';
import { scrubUrl } from './address.ts';
import type { Mirrors } from './mirrors.ts';

export interface FailedFetch {
  readonly repository: string;
  /** What was attempted, and git's error text. */
  readonly problem: string;
  /** When the first of these failures happened, in ms since epoch; `fails` counts the failures in a row. */
  readonly since: number;
  readonly fails: number;
}

export interface WatchedMirrors extends Mirrors {
  /** Repositories whose last fetch failed. */
  failedFetches(): readonly FailedFetch[];
}

export function watchedMirrors(mirrors: Mirrors, clock: () => number): WatchedMirrors {
  const failures = new Map<string, FailedFetch>();

  return {
    async fetch(url, ref, within) {
      const key = JSON.stringify([url, ref]);
      try {
        const code = await mirrors.fetch(url, ref, within);
        failures.delete(key);
        return code;
      } catch (error) {
        const previous = failures.get(key);
        failures.set(key, {
          repository: scrubUrl(url),
          problem: errorText(error),
          since: previous?.since ?? clock(),
          fails: (previous?.fails ?? 0) + 1,
        });
        throw error;
      }
    },
    checkout: (url, commit, into) => mirrors.checkout(url, commit, into),
    inputTree: (commit, code) => mirrors.inputTree(commit, code),
    checkoutFiles: (url, commit, paths, where) => mirrors.checkoutFiles(url, commit, paths, where),
    inputs: (commit, since, code) => mirrors.inputs(commit, since, code),
    reading: (url, doing, work) => mirrors.reading(url, doing, work),
    directory: (url) => mirrors.directory(url),
    touches: (from, to, code) => mirrors.touches(from, to, code),
    reads: (from, to, code) => mirrors.reads(from, to, code),
    failedFetches: () => [...failures.values()],
  };
}
