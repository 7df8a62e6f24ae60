/** The JSON output of `m0 explain`. */
import type { Analysis, Finding, PlannedChange } from '../drift/finding.ts';

/**
 * The JSON output. Scripts rely on its keys and their order. `schema`: whether the providers' schemas were known for all
 * of it.
 */
export function explainJson(analysis: Analysis, withNoise: boolean, schema: boolean): string {
  return JSON.stringify(explainDocument(analysis, withNoise, schema), null, 2);
}

/** The same as a value, for commands that add to it. */
export function explainDocument(analysis: Analysis, withNoise: boolean, schema: boolean): object {
  return {
    formatVersion: 1,
    findings: analysis.findings.map(findingJson),
    outputs: analysis.outputs.map(({ name, action, sensitive }) => ({ name, action, sensitive })),
    counts: analysis.counts,
    checks: analysis.checks,
    inputs: analysis.inputs,
    partial: analysis.partial,
    notUnderstood: analysis.notUnderstood,
    schema,
    changes: analysis.changes.map(changeJson),
    invocations: analysis.invocations,
    ...(analysis.untold.length === 0 ? {} : { untold: analysis.untold }),
    ...(withNoise ? { noise: analysis.noise.map(findingJson) } : {}),
  };
}

function findingJson(finding: Finding): object {
  const { address, type, origin, action, actionable, attributes, previousAddress, deletedByHand } = finding;
  const { contents, follows, actionReason, invokes, importing } = finding;
  return {
    ...{ address, type, origin, action, actionable, attributes, previousAddress, deletedByHand },
    ...{ contents, follows, actionReason, invokes, importing },
  };
}

/** A planned change without its hash, which means nothing outside of one m0. */
function changeJson({ kind, address, deposed, triggeredBy, actions, effect, paths }: PlannedChange): object {
  return { kind, address, deposed, triggeredBy, actions, effect, paths };
}
