/** The next state of a run whose apply does not happen as it was decided or approved: who is asked again, and when. Pure. */

import { allExemptWords } from '../model/exemption.ts';
import { approvable, type OpenFinding, openFindings, sameScope, toScope } from '../model/open-findings.ts';
import type { Actor, Run } from '../model/run.ts';
import { withCoupled } from '../model/run-parts.ts';
import { durationText } from '../text/words.ts';
import { stillGiven } from './approval.ts';
import { failedChecks } from './conditions.ts';
import { emptyStateText, hasEmptied, seenBy, stateEmpty } from './empty-state.ts';
import { keepsMoving, requirePeopleFor } from './hold-for-people.ts';
import type { Effect, Next, RunEvent } from './run-event.ts';

const MOVED = 'it moved since it was approved';

function names(actors: readonly Actor[]): string {
  return actors.map((a) => a.name).join(' and ');
}

const MINUTE = 60_000;
/** Pauses before each new try of an apply that found the state locked. After half an hour in all it fails. */
const LOCK_PAUSES = [1, 2, 5, 10, 12].map((minutes) => minutes * MINUTE);
export const LONGEST_LOCK_PAUSE_MS = Math.max(...LOCK_PAUSES);

/**
 * The step after the tool found the state locked and changed nothing. The run stays approved, and each new try
 * starts with a new plan and its comparison. m0 never breaks a lock.
 */
export function afterLocked(run: Run, event: Extract<RunEvent, { type: 'locked' }>, now: number): Next {
  const { who, id, since } = event.lock;
  const times = (run.lock?.times ?? 0) + 1;
  const pause = LOCK_PAUSES[times - 1];
  if (pause === undefined) {
    const message = `the state is still locked by ${who}; nothing was applied`;
    return {
      to: 'failed',
      change: { failure: { phase: 'locking', message }, plan: null },
      effects: [
        { type: 'refresh' },
        { type: 'history', text: `Not applied: ${message}. It is not tried again by itself` },
        { type: 'check', trigger: 'verify', forceHuman: `run #${run.id} found the state locked by ${who}` },
      ],
    };
  }
  const effects: Effect[] =
    times > 1 ? [] : [{ type: 'history', text: `Not applied yet: the state is locked by ${who}` }];
  return {
    to: 'approved',
    change: { plan: null, lock: { who, id, since, times, retryAt: now + pause } },
    effects: [{ type: 'refresh' }, ...effects],
  };
}

/** Asks people again about the open findings, or ends as denied if the policies deny all of them. */
export function askPeopleAgain(
  open: readonly OpenFinding[],
  change: Partial<Run>,
  effects: readonly Effect[],
): Next {
  if (approvable(open).length === 0) return { to: 'denied', change, effects };
  return { to: 'awaiting_approval', change, effects: [...effects, { type: 'ask' }] };
}

/** Shows on the card that the approved apply does not happen, and notifies the people who approved it. */
export function recallApprovers(run: Run, text: string): readonly Effect[] {
  const people = run.approvals.flatMap(({ by }) => (by.person === null ? [] : [by.person]));
  const recall: Effect = { type: 'recall', people, text: `${text}. Please look again` };
  return [{ type: 'refresh' }, { type: 'history', text }, ...(people.length > 0 ? [recall] : [])];
}

/** The step after an approval became too old before its apply: people are asked again about a new plan. */
export function afterExpiry(run: Run, now: number): Next {
  const age = durationText(Math.max(0, now - (run.approvals.at(-1)?.at ?? now)));
  return {
    to: 'expired',
    change: { scope: [], plan: null, lock: null },
    effects: [
      { type: 'refresh' },
      { type: 'history', text: `Not applied: it was approved ${age} ago. Planning afresh, to ask again` },
      { type: 'check', trigger: 'verify', forceHuman: `the approval of run #${run.id} is too old` },
    ],
  };
}

/** The step of a run of a restored back-up whose approvals no longer count: people are asked again, or a new run. */
export function afterRestore(run: Run): Next {
  if (run.state === 'awaiting_approval') {
    const text = `What ${names(run.approvals.map((a) => a.by))} approved no longer counts: m0 was restored from a back-up`;
    return { to: run.state, change: { approvals: [] }, effects: recallApprovers(run, text) };
  }
  const text =
    'Not applied: m0 was restored from a back-up since it was approved. Planning afresh, to ask again';
  const forceHuman = `run #${run.id} was approved before m0 was restored from a back-up`;
  return {
    to: 'expired',
    change: { scope: [], plan: null, lock: null },
    effects: [...recallApprovers(run, text), { type: 'check', trigger: 'verify', forceHuman }],
  };
}

/** The step after somebody snoozed or accepted findings: they are removed from the question and from the scope. */
export function afterExemption(run: Run, event: Extract<RunEvent, { type: 'kept' }>, now: number): Next {
  const open = openFindings(run, event.exemptions, now);
  const scope = run.scope.filter((s) => open.some((o) => sameScope([o], [s])));
  // People approve the whole scope, so they are asked again if it shrinks. Policies allow each finding on its own.
  const canContinue = run.approvals.length === 0 ? scope.length > 0 : sameScope(scope, run.scope);
  if (run.state === 'approved' && canContinue) {
    return { to: 'approved', change: { scope }, effects: [{ type: 'refresh' }] };
  }
  if (open.length === 0) {
    return {
      to: 'quiet',
      change: { scope: [] },
      effects: [{ type: 'resolve', outcome: allExemptWords(event.exemptions) }],
    };
  }
  if (run.state === 'awaiting_approval') return { to: run.state, effects: [{ type: 'refresh' }] };
  const change = { scope: [], approvals: run.otherApprovals ?? [], otherApprovals: [] };
  const text = event.exemptions.some(({ kind }) => kind === 'codify')
    ? 'Not applied: something of it was snoozed, accepted or put into the code meanwhile'
    : 'Not applied: something of it was snoozed or accepted meanwhile';
  return askPeopleAgain(open, change, recallApprovers(run, text));
}

/**
 * The step after the policies, with the approvers as input, forbade the apply. The approvals stay, because one more
 * may be enough. A finding that the policies now deny can't be approved.
 */
export function afterObjection(run: Run, event: Extract<RunEvent, { type: 'objected' }>, now: number): Next {
  const asked = new Map(event.decision.findings.map((d) => [`${d.address} ${d.fingerprint}`, d]));
  const before = run.decision ?? event.decision;
  const decision = {
    ...before,
    findings: before.findings.map((d) => asked.get(`${d.address} ${d.fingerprint}`) ?? d),
  };
  const approvals = [...(run.otherApprovals ?? []), ...run.approvals];
  const change: Partial<Run> = {
    ...{ decision, scope: [], plan: null, lock: null, approvals, otherApprovals: [] },
    ...(event.brakes === undefined ? {} : { brakes: event.brakes }),
  };
  const reasons = event.reasons.map((r) => `${r.policy ?? 'm0'}: ${r.text}`);
  const text = `Not applied yet: ${[...new Set(reasons)].slice(0, 3).join('; ')}`;
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  return askPeopleAgain(open, change, recallApprovers(run, text));
}

/** The findings that a plan limited to the scope would have taken along. */
function pulledFindings({ pulls = [], planned }: Extract<RunEvent, { type: 'moved' }>): readonly string[] {
  return planned.findings.flatMap((f) => (f.actionable && pulls.includes(f.address) ? [f.address] : []));
}

/**
 * The step after drift, code or policies changed since the approval: nothing is applied, and people are asked again.
 */
export function afterMoved(run: Run, event: Extract<RunEvent, { type: 'moved' }>, now: number): Next {
  if (hasEmptied(run.resourcesInState, event.planned.resourcesInState)) {
    const seen = seenBy(run);
    const change = { ...event.planned, decision: event.decision };
    return stateEmpty(change, seen, recallApprovers(run, `Not applied: ${emptyStateText(seen)}`));
  }
  if (run.approvals.length === 0) {
    // The policies allowed drift that has changed since: a new run decides about it.
    return {
      to: 'superseded',
      change: { scope: [] },
      effects: [
        { type: 'history', text: `Not applied: it moved since it was decided. Checking again` },
        {
          type: 'check',
          trigger: 'verify',
          // The second time in a row a person must decide: otherwise m0 could repeat this without end.
          forceHuman: run.trigger === 'verify' ? keepsMoving(event.moved.also) : null,
        },
      ],
    };
  }
  const { planned } = event;
  const approved = run.scope.map((s) => s.address);
  const { coupled = [] } = planned;
  const pulled = pulledFindings(event);
  const still = stillGiven(run, planned.code, event.decision);
  const change: Partial<Run> = {
    ...planned,
    plan: null,
    decision: requirePeopleFor(event.decision, approved, MOVED),
    scope: [],
    approvals: still,
    otherApprovals: [],
    coupled: pulled.length === 0 ? coupled : withCoupled(coupled, [...approved, ...pulled]),
    moved: event.moved,
    lock: null,
    forceHuman: MOVED,
    forceHumanFor: approved,
  };
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  if (open.length === 0) {
    const kept = planned.findings.some((f) => f.actionable);
    const outcome = planned.unsure
      ? `nothing was applied: the new plan shows none of it, but ${planned.unsure}`
      : 'nothing was applied: the drift was gone before the apply began';
    return {
      to: kept || planned.unsure || failedChecks(planned) > 0 ? 'quiet' : 'clean',
      change,
      effects: [{ type: 'resolve', outcome }],
    };
  }
  const text = `Not applied: it moved since ${names(event.moved.approvedBy)} approved it`;
  const told = recallApprovers(run, text);
  // What nobody had to approve heals as the policies say; what was approved is asked about again after it.
  const auto = open.filter((o) => o.verdict === 'auto');
  if (auto.length > 0) {
    // No person approved what heals now: the approvals of other parts wait until it has healed.
    const healing = { ...change, scope: toScope(auto), approvals: [], otherApprovals: still };
    return { to: 'approved', change: healing, effects: told };
  }
  return askPeopleAgain(open, change, told);
}
