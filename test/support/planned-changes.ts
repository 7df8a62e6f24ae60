/** Planned changes of made-up findings, as the analysis of a real plan would have them. */
import type { Finding, PlannedChange } from '../../src/drift/finding.ts';

const ACTIONS: Partial<Record<Finding['action'], readonly string[]>> = {
  replace: ['delete', 'create'],
  none: ['no-op'],
};

/** The finding with a change hash, which moves with its fingerprint. */
export function withChange(finding: Finding): Finding {
  const nothing = finding.action === 'none' && finding.previousAddress === undefined;
  if (nothing || finding.change !== undefined) return finding;
  return { ...finding, change: `c1:${Buffer.from(finding.fingerprint).toString('hex')}` };
}

/** Findings and their planned changes, as an analysis has them. */
export function plannedFrom(given: readonly Finding[]): {
  readonly findings: readonly Finding[];
  readonly changes: readonly PlannedChange[];
} {
  const findings = given.map(withChange);
  const changes = findings.flatMap((finding): PlannedChange[] =>
    finding.change === undefined
      ? []
      : [
          {
            kind: 'resource',
            address: finding.address,
            actions: ACTIONS[finding.action] ?? [finding.action],
            paths: finding.attributes.map(({ path }) => path),
            effect: finding.action === 'forget' || finding.action === 'none' ? 'state' : 'change',
            hash: finding.change,
          },
        ],
  );
  return { findings, changes };
}
