/** Compares the planned changes of a plan with what was approved, and with what was told beside it. Pure. */
import { sameChange } from '../drift/change-hash.ts';
import type { Finding, PlannedChange } from '../drift/finding.ts';
import { ownerOf } from '../drift/planned-change.ts';
import type { Run } from '../model/run.ts';

/** A plan that is about to be applied. */
export interface PlanToApply {
  readonly findings: readonly Finding[];
  readonly changes: readonly PlannedChange[];
  /** The addresses that an apply touches, read from the plan on their own. */
  readonly touches: readonly string[];
  /** True if the plan is limited to the approved addresses. */
  readonly targeted: boolean;
}

/** What a comparison found. An apply may begin only if `moved` and `undecided` are empty. */
export interface ComparedPlan {
  /** Approved addresses to which the plan does something else than was approved, or nothing. */
  readonly moved: readonly string[];
  /** What the plan would do besides, and what nobody decided on: addresses, or `output NAME`. */
  readonly undecided: readonly string[];
  /** Addresses that come along although nobody decided on them: their values are equal before and after. */
  readonly alongside: readonly string[];
}

/** Compares a plan with the run's scope (what was approved) and its changes (what was told). */
export function comparePlan(
  run: Pick<Run, 'scope' | 'changes' | 'findings'>,
  plan: PlanToApply,
): ComparedPlan {
  const moved = run.scope
    .filter(({ address, change }) => {
      const planned = plan.findings.find((finding) => finding.address === address && finding.actionable);
      return change === undefined || planned?.change === undefined || !sameChange(change, planned.change);
    })
    .map(({ address }) => address);
  const approved = new Set(run.scope.map(({ address }) => address));
  const others = plan.changes.filter((change) => !approved.has(ownerOf(change)));
  // A finding that was told as one to decide, and is not in the scope, was kept or denied: nothing of it comes along.
  const kept = new Set(
    run.findings.filter((f) => f.actionable && !approved.has(f.address)).map((f) => f.address),
  );
  const free = others.filter((change) => !kept.has(ownerOf(change)));
  const told = free.filter((change) => wasTold(change, run.changes ?? [], plan.targeted));
  const spelled = free.filter((change) => !told.includes(change) && plan.targeted && isSpelling(change));
  const undecided = others.filter((change) => !told.includes(change) && !spelled.includes(change));
  const known = new Set([...approved, ...told.map(ownerOf), ...spelled.map(ownerOf)]);
  return {
    moved,
    undecided: [
      ...new Set([...undecided.map(nameOf), ...plan.touches.filter((address) => !known.has(address))]),
    ].sort(),
    alongside: [...new Set([...told.filter(isSpelling), ...spelled].map(ownerOf))].sort(),
  };
}

function isSpelling({ effect, kind }: PlannedChange): boolean {
  return effect === 'spelling' && kind === 'resource';
}

/**
 * True if people and policies were told of this change when they decided, and it needs no decision of its own: it
 * changes nothing in the cloud. In a plan that leaves out resources, an output may get another value than in the
 * whole plan.
 */
function wasTold(change: PlannedChange, told: readonly PlannedChange[], targeted: boolean): boolean {
  const harmless = change.kind === 'output' || (change.kind === 'resource' && change.effect !== 'change');
  if (!harmless) return false;
  return told.some(
    (one) =>
      one.kind === change.kind &&
      one.address === change.address &&
      ((targeted && change.kind === 'output') || sameChange(one.hash, change.hash)),
  );
}

function nameOf(change: PlannedChange): string {
  switch (change.kind) {
    case 'output':
      return change.address.replace(/^output\./, 'output ');
    case 'deposed':
      return `${change.address} (deposed ${change.deposed ?? ''})`;
    case 'resource':
    case 'invocation':
      return change.address;
  }
}
