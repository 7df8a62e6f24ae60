/** Compares a plan with one that leaves ignored attributes as they are, and joins what both tell. Pure. */
import { countsOf } from './counts.ts';
import type { Analysis, AttributeDrift, Finding, IgnoredAttribute, PlannedChange } from './finding.ts';
import { applyChanges, type Ignores } from './ignore.ts';

/** An ignored attribute that an apply would change. */
export interface IgnoredChange {
  readonly address: string;
  readonly path: string;
}

/**
 * The ignored attributes that an apply would change, after `ignoreFindings`. Empty where nothing is actionable, because
 * then nothing is applied. Resources that rules ignore as a whole are left out: they are no part of any apply.
 */
export function ignoredChanges(analysis: Analysis, ignores: Ignores): readonly IgnoredChange[] {
  if (!analysis.findings.some((finding) => finding.actionable)) return [];
  return analysis.findings.flatMap(({ address, action, attributes, ignored, revertsIgnored }) => {
    if (revertsIgnored !== undefined) return revertsIgnored.map(({ path }) => ({ address, path }));
    if (ignored === undefined || action !== 'update' || ignores(address, null)) return [];
    return attributes.filter(applyChanges).map(({ path }) => ({ address, path }));
  });
}

/**
 * True if both plans change the same apart from ignored attributes, so that the second one may take the place of the
 * first. A replace may have become an update.
 */
export function changesTheRest(first: Analysis, second: Analysis, ignores: Ignores): boolean {
  const before = rest(first, ignores);
  const after = rest(second, ignores);
  return (
    [...after].every(([address, paths]) => isWithin(paths, before.get(address) ?? null)) &&
    [...before].every(([address, paths]) => isWithin(paths, after.get(address) ?? null)) &&
    second.changes.every((change) => first.changes.some((other) => isPartOf(change, other)))
  );
}

/** True if the change is to the same object and to no other path. */
function isPartOf(change: PlannedChange, other: PlannedChange): boolean {
  return (
    change.kind === other.kind &&
    change.address === other.address &&
    change.deposed === other.deposed &&
    isWithin(change.paths, other.paths)
  );
}

/** What an apply changes of each resource that is not ignored. */
function rest(analysis: Analysis, ignores: Ignores): ReadonlyMap<string, readonly string[]> {
  const actionable = analysis.findings.filter((finding) => finding.actionable);
  return new Map(
    actionable.map((finding) => [
      finding.address,
      finding.attributes
        .filter(
          (attribute) =>
            applyChanges(attribute) &&
            !ignores(finding.address, attribute.path) &&
            // What a replace computes anew is known in an update.
            !(finding.action === 'replace' && isUnknown(attribute)),
        )
        .map(({ path }) => path),
    ]),
  );
}

function isUnknown({ desired }: AttributeDrift): boolean {
  return JSON.stringify(desired).includes('{"unknown":true}');
}

function isWithin(paths: readonly string[], others: readonly string[] | null): boolean {
  return others !== null && paths.every((path) => others.includes(path));
}

/**
 * The second analysis, with everything ignored that only the first one tells: its plan has no differences there any
 * more, for example where the code sets another value than the one that was recorded.
 */
export function withIgnoredOf(first: Analysis, second: Analysis): Analysis {
  const earlier = new Map(first.findings.map((finding) => [finding.address, finding]));
  const findings = second.findings.map((finding) => joined(earlier.get(finding.address), finding));
  const known = new Set(findings.map(({ address }) => address));
  const gone = first.findings
    .filter((finding) => finding.ignored !== undefined && !known.has(finding.address))
    .map((finding) => toldBy(finding, undefined));
  const all = [...findings, ...gone].sort((a, b) => (a.address < b.address ? -1 : 1));
  const listed = new Set(gone.map(({ address }) => address));
  const noise = second.noise.filter(({ address }) => !listed.has(address));
  return { ...second, findings: all, noise, counts: countsOf(all, noise) };
}

function joined(first: Finding | undefined, second: Finding): Finding {
  if (first === undefined) return second;
  // The first plan tells what the code sets.
  if (first.ignored !== undefined && second.ignored !== undefined) return { ...first, action: second.action };
  const still = new Set(second.revertsIgnored?.map(({ path }) => path));
  const left = (first.revertsIgnored ?? []).filter(({ path }) => !still.has(path));
  if (!second.actionable || left.length === 0) return second;
  const paths = new Set(left.map(({ path }) => path));
  const others = (second.leavesIgnored ?? []).filter(({ path }) => !paths.has(path));
  const leavesIgnored: readonly IgnoredAttribute[] = [...left, ...others];
  return { ...second, leavesIgnored };
}

/** An ignored finding with what the first plan tells, and with what the second one does. */
function toldBy(first: Finding, second: Finding | undefined): Finding {
  const { change: _, follows: __, ...told } = first;
  return {
    ...told,
    action: second?.action ?? 'none',
    ...(second?.change === undefined ? {} : { change: second.change }),
    ...(second?.follows === undefined ? {} : { follows: second.follows }),
  };
}
