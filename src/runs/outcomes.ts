/** The next state of a run after the verification of its apply, or after a failure. Pure. */

import { ownerOf } from '../drift/planned-change.ts';
import { openFindings } from '../model/open-findings.ts';
import type { Failure, Run } from '../model/run.ts';
import { stillGiven } from './approval.ts';
import { emptiedByApply, emptyStateText, hasEmptied, seenBy, stateEmpty } from './empty-state.ts';
import { askPeopleAgain, recallApprovers } from './not-applied.ts';
import type { Effect, Next, Planned, RunEvent } from './run-event.ts';

/** The step after the plan that verifies an apply. What still drifts then waits for a person. */
export function afterVerify(run: Run, event: Extract<RunEvent, { type: 'verified' }>, now: number): Next {
  const { planned } = event;
  const inScope = new Set(run.scope.map((s) => s.address));
  const left = leftAfterApply(planned, inScope);
  const applied = run.applied.map((part) =>
    part.verifiedAt === null && left.length === 0 ? { ...part, verifiedAt: now } : part,
  );
  const change: Partial<Run> = {
    ...planned,
    plan: null,
    decision: event.decision,
    scope: [],
    approvals: stillGiven(run, planned.code, event.decision),
    otherApprovals: [],
    applied,
    ...(left.length === 0 ? {} : { forceHuman: 'the last apply left it as it was', forceHumanFor: null }),
  };
  if (hasEmptied(run.resourcesInState, planned.resourcesInState) && !emptiedByApply(run)) {
    const seen = seenBy(run);
    return stateEmpty(change, seen, recallApprovers(run, `Applied, and now ${emptyStateText(seen)}`));
  }
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  const proof =
    left.length === 0
      ? `Realigned and verified: the plan after the apply has nothing left of it${planned.unsure ? `, but ${planned.unsure}` : ''}`
      : `Applied, but the plan after it still shows ${left.join(', ')}`;
  if (open.length === 0) {
    return {
      to: 'realigned',
      change,
      effects: [
        {
          type: 'resolve',
          outcome: `realigned and verified${planned.unsure ? `, but ${planned.unsure}` : ''}`,
          line: proof,
        },
      ],
    };
  }
  const showProof: Effect[] = [{ type: 'refresh' }, { type: 'history', text: proof }];
  return askPeopleAgain(open, change, left.length > 0 ? recallApprovers(run, proof) : showProof);
}

/**
 * The addresses in the scope that an apply would still change, sorted. Values that only would be spelled anew are
 * not left: some providers plan them for ever.
 */
function leftAfterApply(planned: Planned, inScope: ReadonlySet<string>): readonly string[] {
  const changes = planned.changes.filter((change) => change.effect !== 'spelling').map(ownerOf);
  const findings = planned.findings.filter((f) => f.actionable).map((f) => f.address);
  return [...new Set([...findings, ...changes])].filter((address) => inScope.has(address)).sort();
}

/** The step after an error. A failed apply is never tried again without a person. */
export function afterFailure(run: Run, failure: Failure): Next {
  if (run.state === 'applying' || run.state === 'verifying') {
    const what = run.state === 'applying' ? 'the apply failed' : 'it was applied but not verified';
    return {
      to: 'failed',
      change: { failure },
      effects: [
        { type: 'refresh' },
        { type: 'history', text: `Run #${run.id}: ${what}. It is not tried again by itself` },
        { type: 'check', trigger: 'verify', forceHuman: `${what} in run #${run.id}` },
      ],
    };
  }
  if (run.state === 'approved') {
    return {
      to: 'failed',
      change: { failure },
      effects: [
        { type: 'refresh' },
        { type: 'history', text: `Not applied: ${failure.message}` },
        { type: 'check', trigger: 'verify', forceHuman: `run #${run.id} could not be applied` },
      ],
    };
  }
  return { to: 'failed', change: { failure }, effects: [{ type: 'check-failed' }] };
}
