/**
 * The law of conservation: a person can read every planned change, in a row of a finding or in a counted line that
 * opens. The findings are compared with the planned changes, and neither of the two is made from the other.
 */
import { withoutIndexes } from './attribute-path.ts';
import type { Analysis, Finding, PlannedChange } from './finding.ts';
import { actionOf, ownAttribute } from './resource.ts';

/**
 * The addresses with a planned change that is not told, sorted. Changes of outputs, of deposed objects, of the
 * state, and those that only spell a value anew are told in counted lines, which are made from the planned changes
 * themselves.
 */
export function untoldChanges(
  changes: readonly PlannedChange[],
  told: Pick<Analysis, 'findings' | 'invocations'>,
): string[] {
  const findings = new Map(told.findings.map((finding) => [finding.address, finding]));
  const invoked = new Set([
    ...told.findings.flatMap((finding) => finding.invokes ?? []).map(({ address }) => address),
    ...(told.invocations ?? []).map(({ address }) => address),
  ]);
  const untold = changes.filter((change) => {
    if (change.kind === 'invocation') return !invoked.has(change.address);
    if (change.kind !== 'resource' || change.effect !== 'change') return false;
    const finding = findings.get(change.address);
    return finding === undefined || !tells(finding, change);
  });
  return [...new Set(untold.map((change) => change.address))].sort();
}

function tells(finding: Finding, change: PlannedChange): boolean {
  if (finding.action !== actionOf(change.actions)) return false;
  if (finding.action === 'create' || finding.action === 'delete') return true;
  // An update without any place that m0 sees changes something else, and nobody could say what.
  if (finding.action === 'update' && change.paths.length === 0) return false;
  const told = [...finding.attributes.map((attribute) => attribute.path), ...(finding.follows ?? [])];
  const rows = new Set(told.map(plainPath));
  const around = new Set([...rows].flatMap(pathsAround));
  return change.paths.every((path) => {
    const changed = plainPath(path);
    return around.has(changed) || pathsAround(changed).some((outer) => rows.has(outer));
  });
}

/** The path without indexes, and with the name that the code writes for a twin: `tags` for `tags_all`. */
function plainPath(path: string): string {
  return withoutIndexes(path).replace(/^[^.[]+/, (name) => ownAttribute(name) ?? name);
}

/** The path itself, and each path in which it lies. */
function pathsAround(path: string): string[] {
  return [path, ...[...path.matchAll(/[.[]/g)].map(({ index }) => path.slice(0, index))];
}
