/** The findings of a run that still need a decision, and the fingerprint that an approval is bound to. Pure. */
import { createHash } from 'node:crypto';
import type { Verdict } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import { type ExemptionTerms, exemptionOf } from './exemption.ts';
import type { Run, ScopeEntry } from './run.ts';

/** An actionable finding that no exemption covers, with its verdict. */
export interface OpenFinding extends ScopeEntry {
  readonly verdict: Verdict;
  readonly finding: Finding;
}

/** The open findings of the run's newest plan at `now` (ms since epoch), in the order of its findings. */
export function openFindings(
  run: Pick<Run, 'findings' | 'decision'>,
  exemptions: readonly ExemptionTerms[],
  now: number,
): readonly OpenFinding[] {
  return run.findings.flatMap((finding) => {
    if (!finding.actionable || exemptionOf(finding, exemptions, now) !== undefined) return [];
    const decided = run.decision?.findings.find(
      (d) => d.address === finding.address && d.fingerprint === finding.fingerprint,
    );
    // Fail closed: a finding without a decision waits for a person.
    return [
      {
        address: finding.address,
        fingerprint: finding.fingerprint,
        change: finding.change,
        verdict: decided?.verdict ?? 'human',
        finding,
      },
    ];
  });
}

/** The open findings that a person's approval would apply: all that are not denied. */
export function approvable(open: readonly OpenFinding[]): readonly OpenFinding[] {
  return open.filter((o) => o.verdict !== 'deny');
}

/** SHA-256 (hex) of a set of findings of one run, independent of their order. An approve button carries its start. */
export function scopeFingerprint(entries: readonly ScopeEntry[]): string {
  const lines = entries
    .map((e) => JSON.stringify([e.address, e.fingerprint, ...(e.change === undefined ? [] : [e.change])]))
    .sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** The entries as a scope stores them: address, fingerprint and change hash. */
export function toScope(entries: readonly ScopeEntry[]): readonly ScopeEntry[] {
  return entries.map(({ address, fingerprint, change }) => ({
    ...{ address, fingerprint },
    ...(change === undefined ? {} : { change }),
  }));
}

/** True if both lists have the same findings with the same three values, whatever an apply does to them. */
export function sameDrift(a: readonly ScopeEntry[], b: readonly ScopeEntry[]): boolean {
  const drift = (entries: readonly ScopeEntry[]): readonly ScopeEntry[] =>
    entries.map(({ address, fingerprint }) => ({ address, fingerprint }));
  return sameScope(drift(a), drift(b));
}

/** True if both lists have the same findings of one run: the same values and the same planned changes. */
export function sameScope(a: readonly ScopeEntry[], b: readonly ScopeEntry[]): boolean {
  return a.length === b.length && scopeFingerprint(a) === scopeFingerprint(b);
}
