/**
 * The law of conservation: every planned change is told, as a row of a finding or in a counted line that opens. It
 * compares the finished findings with the planned changes, which are read from the plan on their own.
 */
import type { Analysis, Finding, PlannedChange } from './finding.ts';
import { actionOf } from './resource.ts';

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
  const told = [...finding.attributes.map((attribute) => attribute.path), ...(finding.follows ?? [])];
  const plain = told.map(withoutIndexes);
  return change.paths.every((path) => {
    const changed = withoutIndexes(path);
    return plain.some((row) => isInside(changed, row) || isInside(row, changed));
  });
}

function withoutIndexes(path: string): string {
  return path.replace(/\[(?:\*|\d+)\]/g, '');
}

/** True if the path is the other one, or lies inside it. */
function isInside(path: string, outer: string): boolean {
  return path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
}
