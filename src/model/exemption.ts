/** Exemptions: drift that a person decided to leave as it is (snooze, accept, or while it goes into the code). */
import type { Finding } from '../drift/finding.ts';
import type { Actor } from './run.ts';

/**
 * Drift that a person wants left as it is: a snooze (quiet until a time), an accept (part of the baseline), or a
 * codify (as long as a pull request that puts it into the code is open). An exemption with an address is bound to that finding's fingerprint and ends when one of its values changes. One
 * without an address covers the whole stack until its time.
 */
export interface Exemption {
  readonly id: number;
  readonly kind: 'snooze' | 'accept' | 'codify';
  readonly stack: string;
  readonly address: string | null;
  readonly fingerprint: string | null;
  /** ms since epoch; null: until a value changes. */
  readonly until: number | null;
  readonly by: Actor;
  readonly at: number;
  readonly reason: string;
  readonly runId: number | null;
  /** Set if a person ended it. */
  readonly endedBy: Actor | null;
  readonly endedAt: number | null;
}

/** The fields of an exemption that determine what it covers. */
export type ExemptionTerms = Pick<Exemption, 'kind' | 'address' | 'fingerprint' | 'until' | 'endedAt'>;
type FindingKey = Pick<Finding, 'address' | 'fingerprint'>;

/** True if the exemption covers the finding at `now` (ms since epoch). */
export function exemptionHolds(exemption: ExemptionTerms, finding: FindingKey, now: number): boolean {
  if (exemption.endedAt !== null) return false;
  if (exemption.until !== null && exemption.until <= now) return false;
  if (exemption.address === null) return true;
  return exemption.address === finding.address && exemption.fingerprint === finding.fingerprint;
}

/** An exemption of the finding's resource that no longer covers it: its time is `over`, or a value has `moved`. */
export interface LapsedExemption {
  readonly exemption: Exemption;
  readonly why: 'over' | 'moved';
}

/**
 * The newest exemption of the finding's resource that lapsed by `now` (ms since epoch); undefined if there is none.
 */
export function lapsedExemption(
  finding: Finding,
  exemptions: readonly Exemption[],
  now: number,
): LapsedExemption | undefined {
  return exemptions
    .filter((k) => k.endedAt === null && k.address === finding.address && !exemptionHolds(k, finding, now))
    .map(
      (exemption): LapsedExemption => ({
        exemption: exemption,
        why: exemption.fingerprint === finding.fingerprint ? 'over' : 'moved',
      }),
    )
    .filter(({ exemption, why }) => why === 'over' || exemption.until === null || exemption.until > now)
    .at(-1);
}

/** The exemption that covers the finding at `now` (ms since epoch), or undefined. The most lasting kind comes first. */
export function exemptionOf<K extends ExemptionTerms>(
  finding: FindingKey,
  exemptions: readonly K[],
  now: number,
): K | undefined {
  const covering = exemptions.filter((k) => exemptionHolds(k, finding, now));
  return (
    covering.find((k) => k.kind === 'accept') ?? covering.find((k) => k.kind === 'codify') ?? covering[0]
  );
}

/** What a finding with such an exemption is, in a sentence: `snoozed by Dana`. */
export const EXEMPT_WORDS: Readonly<Record<Exemption['kind'], string>> = {
  snooze: 'snoozed',
  accept: 'accepted',
  codify: 'on its way into the code',
};

/** How the alert of a stack ends whose every finding is exempt. */
export function allExemptWords(
  exemptions: readonly Pick<Exemption, 'kind'>[],
  all = 'everything left',
): string {
  const others = exemptions.some(({ kind }) => kind !== 'codify');
  const codified = exemptions.some(({ kind }) => kind === 'codify');
  if (!codified) return `${all} is snoozed or accepted`;
  return `${all} is ${others ? 'snoozed, accepted or ' : ''}${EXEMPT_WORDS.codify}`;
}
