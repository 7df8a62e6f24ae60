import type { Finding } from '../drift/finding.ts';
import type { Actor } from './run.ts';

/**
 * Something a person wants left as it is: a snooze (quiet until a time) or an accept (part of the baseline).
 * A keep with an address is bound to that finding's fingerprint and ends as soon as one of its values moves;
 * one without an address covers the whole stack until its time.
 */
export interface Keep {
  readonly id: number;
  readonly kind: 'snooze' | 'accept';
  readonly stack: string;
  readonly address: string | null;
  readonly fingerprint: string | null;
  /** ms since epoch; null: until a value moves. */
  readonly until: number | null;
  readonly by: Actor;
  readonly at: number;
  readonly reason: string;
  readonly runId: number | null;
  /** Set when somebody ended it. */
  readonly endedBy: Actor | null;
  readonly endedAt: number | null;
}

/** What of a keep says for what it holds. */
type Bound = Pick<Keep, 'kind' | 'address' | 'fingerprint' | 'until' | 'endedAt'>;
type Kept = Pick<Finding, 'address' | 'fingerprint'>;

/** True while the keep holds for the finding at `now` (ms since epoch). */
export function keepHolds(keep: Bound, finding: Kept, now: number): boolean {
  if (keep.endedAt !== null) return false;
  if (keep.until !== null && keep.until <= now) return false;
  if (keep.address === null) return true;
  return keep.address === finding.address && keep.fingerprint === finding.fingerprint;
}

/** The keep that holds the finding, or undefined. An accept is told before a snooze. */
export function keepOf<K extends Bound>(finding: Kept, keeps: readonly K[], now: number): K | undefined {
  const holding = keeps.filter((k) => keepHolds(k, finding, now));
  return holding.find((k) => k.kind === 'accept') ?? holding[0];
}
