/**
 * The parts of a run that people approve one by one: what destroys something is never approved together with the rest.
 * Pure.
 */
import { type OpenFinding, scopeFingerprint } from './open-findings.ts';
import type { Approval, Run } from './run.ts';

/** More parts that destroy something than this are one part: a phone shows no more buttons. */
const MOST_LOSSES = 3;

/** What one approval covers. */
export interface RunPart {
  /** Something is deleted or replaced. */
  readonly destroys: boolean;
  /** At least one; what is deleted or replaced comes first. */
  readonly open: readonly OpenFinding[];
  /** SHA-256 (hex): `scopeFingerprint` of the findings. A button carries its start. */
  readonly fingerprint: string;
}

/** True if an apply deletes the resource, or deletes it and creates it anew. */
export function isDestroyed({ action }: OpenFinding['finding']): boolean {
  return action === 'delete' || action === 'replace';
}

/**
 * The parts of what waits (`approvable(openFindings(…))`): first all that destroys nothing, then each finding that does.
 * Findings that depend on each other are one part. So is everything in a run of an older version, which stored no
 * dependencies, and everything that destroys something if that would make more than three parts.
 */
export function partsOf(run: Pick<Run, 'coupled'>, waiting: readonly OpenFinding[]): readonly RunPart[] {
  if (waiting.length === 0) return [];
  const { coupled } = run;
  if (coupled === undefined || !waiting.some(({ finding }) => isDestroyed(finding))) return [partOf(waiting)];
  const groupOf = new Map(coupled.flatMap((group, i) => group.map((address) => [address, i] as const)));
  const groups = [...Map.groupBy(waiting, ({ address }) => groupOf.get(address) ?? address).values()];
  const losses = groups.filter((group) => group.some(({ finding }) => isDestroyed(finding)));
  const rest = groups.filter((group) => !losses.includes(group)).flat();
  const parts = losses.length > MOST_LOSSES ? [losses.flat()] : losses;
  return [...(rest.length === 0 ? [] : [rest]), ...parts].map(partOf);
}

function partOf(open: readonly OpenFinding[]): RunPart {
  const lossFirst = [
    ...open.filter(({ finding }) => isDestroyed(finding)),
    ...open.filter(({ finding }) => !isDestroyed(finding)),
  ];
  return {
    destroys: open.some(({ finding }) => isDestroyed(finding)),
    open: lossFirst,
    fingerprint: scopeFingerprint(open),
  };
}

/** The approvals of exactly this part. */
export function approvalsOf(
  part: Pick<RunPart, 'fingerprint'>,
  approvals: readonly Approval[],
): readonly Approval[] {
  return approvals.filter(({ scope }) => scopeFingerprint(scope) === part.fingerprint);
}

/** True if the person approved every part of what waits, so that somebody else must. */
export function hasApprovedAll(
  run: Pick<Run, 'coupled' | 'approvals'>,
  waiting: readonly OpenFinding[],
  person: string,
): boolean {
  return partsOf(run, waiting).every((part) =>
    approvalsOf(part, run.approvals).some(({ by }) => by.person === person),
  );
}

/** The groups with one more: what was found to depend on each other. Groups that share an address become one. */
export function withCoupled(
  groups: readonly (readonly string[])[],
  more: readonly string[],
): readonly (readonly string[])[] {
  const joined = new Set(more);
  const apart: (readonly string[])[] = [];
  for (const group of groups) {
    if (group.some((address) => joined.has(address))) for (const address of group) joined.add(address);
    else apart.push(group);
  }
  return joined.size < 2 ? groups : [...apart, [...joined].sort()];
}
