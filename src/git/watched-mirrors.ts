/** Mirrors that remember which repositories could not be fetched. */
import { errorText } from '../base/error-text.ts';
import { scrubUrl } from './address.ts';
import type { Mirrors } from './mirrors.ts';

export interface MirrorTrouble {
  readonly repository: string;
  /** What was being done and git's own words. */
  readonly problem: string;
  /** Ms since epoch; `fails` times in a row since then. */
  readonly since: number;
  readonly fails: number;
}

export interface WatchedMirrors extends Mirrors {
  /** Those whose last fetch failed. */
  troubles(): readonly MirrorTrouble[];
}

export function watchedMirrors(mirrors: Mirrors, clock: () => number): WatchedMirrors {
  const troubles = new Map<string, MirrorTrouble>();

  return {
    async fetch(url, ref) {
      const key = JSON.stringify([url, ref]);
      try {
        const code = await mirrors.fetch(url, ref);
        troubles.delete(key);
        return code;
      } catch (error) {
        const before = troubles.get(key);
        troubles.set(key, {
          repository: scrubUrl(url),
          problem: errorText(error),
          since: before?.since ?? clock(),
          fails: (before?.fails ?? 0) + 1,
        });
        throw error;
      }
    },
    checkout: (url, commit, into) => mirrors.checkout(url, commit, into),
    touches: (from, to, code) => mirrors.touches(from, to, code),
    troubles: () => [...troubles.values()],
  };
}
