/** The JSON output of `m0 explain`. */
import type { Analysis, Finding } from '../drift/finding.ts';

/** The JSON output. Scripts rely on its keys and their order. */
export function explainJson(analysis: Analysis, withNoise: boolean): string {
  return JSON.stringify(
    {
      formatVersion: 1,
      findings: analysis.findings.map(findingJson),
      outputs: analysis.outputs.map(({ name, action, sensitive }) => ({ name, action, sensitive })),
      counts: analysis.counts,
      checks: analysis.checks,
      inputs: analysis.inputs,
      partial: analysis.partial,
      notUnderstood: analysis.notUnderstood,
      ...(withNoise ? { noise: analysis.noise.map(findingJson) } : {}),
    },
    null,
    2,
  );
}

function findingJson(finding: Finding): object {
  const { address, type, origin, action, actionable, attributes, previousAddress, deletedByHand } = finding;
  return { address, type, origin, action, actionable, attributes, previousAddress, deletedByHand };
}
