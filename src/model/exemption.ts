import type { Finding } from '../drift/finding.ts';
import type { Actor } from './run.ts';

/**
 * Something a person wants left as it is: a snooze (quiet until a time) or an accept (part of the baseline).
 * A keep with an address is bound to that finding's fingerprint and ends as soon as one of its values moves;
 * one without an address covers the whole stack until its time.
 */
export interface Exemption {
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
type Bound = Pick<Exemption, 'kind' | 'address' | 'fingerprint' | 'until' | 'endedAt'>;
type FindingKey = Pick<Finding, 'address' | 'fingerprint'>;

/** True while the keep holds for the finding at `now` (ms since epoch). */
export function exemptionHolds(exemption: Bound, finding: FindingKey, now: number): boolean {
  if (exemption.endedAt !== null) return false;
  if (exemption.until !== null && exemption.until <= now) return false;
  if (exemption.address === null) return true;
  return exemption.address === finding.address && exemption.fingerprint === finding.fingerprint;
}

/** A keep of the same resource that no longer holds: its time is `over`, or a value `moved` since. */
export interface Lapsed {
  readonly exemption: Exemption;
  readonly why: 'over' | 'moved';
}

/** What was kept of the finding's resource and is no longer, the newest; undefined where nothing was. */
export function lapsedOf(
  finding: Finding,
  exemptions: readonly Exemption[],
  now: number,
): Lapsed | undefined {
  return exemptions
    .filter((k) => k.endedAt === null && k.address === finding.address && !exemptionHolds(k, finding, now))
    .map(
      (exemption): Lapsed => ({
        exemption: exemption,
        why: exemption.fingerprint === finding.fingerprint ? 'over' : 'moved',
      }),
    )
    .filter(({ exemption, why }) => why === 'over' || exemption.until === null || exemption.until > now)
    .at(-1);
}

/** The keep that holds the finding, or undefined. An accept is told before a snooze. */
export function exemptionOf<K extends Bound>(
  finding: FindingKey,
  exemptions: readonly K[],
  now: number,
): K | undefined {
  const holding = exemptions.filter((k) => exemptionHolds(k, finding, now));
  return holding.find((k) => k.kind === 'accept') ?? holding[0];
}
