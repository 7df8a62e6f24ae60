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

/** A keep of the same resource that no longer holds: its time is `over`, or a value `moved` since. */
export interface Lapsed {
  readonly keep: Keep;
  readonly why: 'over' | 'moved';
}

/** What was kept of the finding's resource and is no longer, the newest; undefined where nothing was. */
export function lapsedOf(finding: Finding, keeps: readonly Keep[], now: number): Lapsed | undefined {
  return keeps
    .filter((k) => k.endedAt === null && k.address === finding.address && !keepHolds(k, finding, now))
    .map((keep): Lapsed => ({ keep, why: keep.fingerprint === finding.fingerprint ? 'over' : 'moved' }))
    .filter(({ keep, why }) => why === 'over' || keep.until === null || keep.until > now)
    .at(-1);
}

/** The keep that holds the finding, or undefined. An accept is told before a snooze. */
export function keepOf<K extends Bound>(finding: Kept, keeps: readonly K[], now: number): K | undefined {
  const holding = keeps.filter((k) => keepHolds(k, finding, now));
  return holding.find((k) => k.kind === 'accept') ?? holding[0];
}
