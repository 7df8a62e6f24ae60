import { createHash } from 'node:crypto';
import type { Verdict } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import { type Exemption, exemptionOf } from './exemption.ts';
import type { Run, ScopeEntry } from './run.ts';

/** The actionable findings of a run that nobody wants kept, each with its verdict. */
export interface Open extends ScopeEntry {
  readonly verdict: Verdict;
  readonly finding: Finding;
}

/** What of the run's newest plan is still to be dealt with at `now`, in the order of its findings. */
export function openFindings(
  run: Pick<Run, 'findings' | 'decision'>,
  exemptions: readonly Exemption[],
  now: number,
): readonly Open[] {
  return run.findings.flatMap((finding) => {
    if (!finding.actionable || exemptionOf(finding, exemptions, now) !== undefined) return [];
    const decided = run.decision?.findings.find(
      (d) => d.address === finding.address && d.fingerprint === finding.fingerprint,
    );
    // A finding nobody decided on waits for a person: fail closed.
    return [
      {
        address: finding.address,
        fingerprint: finding.fingerprint,
        verdict: decided?.verdict ?? 'human',
        finding,
      },
    ];
  });
}

/** Those a person's approval would apply: open, and not denied. */
export function approvable(open: readonly Open[]): readonly Open[] {
  return open.filter((o) => o.verdict !== 'deny');
}

/** Digest (hex) of a set of findings, independent of their order: what an approval is bound to. */
export function scopeFingerprint(entries: readonly ScopeEntry[]): string {
  const lines = entries.map((e) => JSON.stringify([e.address, e.fingerprint])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** Address and fingerprint alone, as stored in a scope. */
export function toScope(entries: readonly ScopeEntry[]): readonly ScopeEntry[] {
  return entries.map(({ address, fingerprint }) => ({ address, fingerprint }));
}

/** True where both hold the same findings with the same three values. */
export function sameScope(a: readonly ScopeEntry[], b: readonly ScopeEntry[]): boolean {
  return a.length === b.length && scopeFingerprint(a) === scopeFingerprint(b);
}
