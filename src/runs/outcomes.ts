/** Where a run goes once something is known: decided, approved, moved, verified, failed. All pure. */

import { approvable, type OpenFinding, openFindings, sameScope, toScope } from '../model/open-findings.ts';
import { type Actor, type Failure, isTerminal, type Run, type RunState } from '../model/run.ts';
import { durationText } from '../text/words.ts';
import { heldBack } from './held-back.ts';
import type { Effect, Next, RunEvent } from './run-event.ts';

function names(actors: readonly Actor[]): string {
  return actors.map((a) => a.name).join(' and ');
}

/** Where a run goes once its newest plan is decided. Nothing here is applied that is not `auto`. */
export function afterDecision(run: Run, event: Extract<RunEvent, { type: 'decided' }>, now: number): Next {
  const openAlertRun = event.openAlertRun;
  // The plan file is only kept where it is applied at once: plan files hold secrets.
  const change = { ...heldBack(run, event.decision, openAlertRun), plan: null };
  const decided = { ...run, ...change };
  const open = openFindings(decided, event.exemptions, now);
  const worked: Effect = { type: 'check-worked' };

  if (openAlertRun?.state === 'applying' || openAlertRun?.state === 'verifying') {
    // Under way beyond recall: it will plan by itself once it is through, and tell.
    return {
      to: 'quiet',
      change: { ...change, relatedRun: openAlertRun.id },
      effects: [worked, { type: 'seen' }],
    };
  }

  if (open.length === 0) {
    const kept = run.findings.some((f) => f.actionable);
    const outcome = kept ? 'everything that is left is snoozed or accepted' : 'the drift is gone';
    return {
      to: kept ? 'quiet' : 'clean',
      change,
      effects: [
        worked,
        ...(openAlertRun && !isTerminal(openAlertRun.state)
          ? [{ type: 'supersede' as const, run: openAlertRun.id }]
          : []),
        { type: 'resolve', outcome: kept ? outcome : `${outcome}: code and cloud agree (run #${run.id})` },
      ],
    };
  }

  const auto = open.filter((o) => o.verdict === 'auto');
  // As it was when it was told: a snooze that is over since makes news of what it hid.
  if (openAlertRun && sameScope(openFindings(openAlertRun, event.exemptions, openAlertRun.updatedAt), open)) {
    const active = openAlertRun.state === 'awaiting_approval';
    const asked = run.trigger === 'command' || run.trigger === 'verify';
    // An approved run is under way already; it will verify and tell by itself.
    const underWay = openAlertRun.state === 'approved';
    if (
      underWay ||
      (auto.length === 0 && (active || (!asked && ENDED_BY_PEOPLE.includes(openAlertRun.state))))
    ) {
      return {
        to: 'quiet',
        change: { ...change, relatedRun: openAlertRun.id },
        effects: [worked, { type: 'seen' }],
      };
    }
  }

  const takeOver: Effect[] = [
    worked,
    ...(openAlertRun && !isTerminal(openAlertRun.state)
      ? [{ type: 'supersede' as const, run: openAlertRun.id }]
      : []),
    { type: 'announce' },
  ];
  if (auto.length > 0) {
    return {
      to: 'approved',
      change: { ...change, plan: run.plan, scope: toScope(auto) },
      effects: takeOver,
    };
  }
  if (approvable(open).length > 0) {
    return { to: 'awaiting_approval', change, effects: [...takeOver, { type: 'ask' }] };
  }
  return { to: 'denied', change, effects: takeOver };
}

/** Ends in which the drift itself was answered; all others leave it to be asked about again. */
const ENDED_BY_PEOPLE: readonly RunState[] = ['denied', 'rejected', 'canceled'];

export function afterApproval(
  run: Run,
  event: Extract<RunEvent, { type: 'approve' }>,
  now: number,
): Next | string {
  const open = approvable(openFindings(run, event.exemptions, now));
  if (open.length === 0) return `nothing of run #${run.id} waits for approval`;
  if (!sameScope(open, event.approval.scope)) {
    return `what waits on run #${run.id} has changed since that card was shown; look at it again`;
  }
  const { person, name: by } = event.approval.by;
  // Only words about exactly what waits now count, and only of those who may still say them.
  const counting = run.approvals.filter(
    (a) => sameScope(a.scope, open) && !event.voids?.includes(a.by.person ?? ''),
  );
  if (counting.some((a) => a.by.person === person) && counting.length < event.need) {
    return `${by} has approved run #${run.id} already: ${counting.length} of ${event.need}, somebody else must too`;
  }
  const approvals = [...counting.filter((a) => a.by.person !== person), event.approval];
  if (approvals.length < event.need) {
    return {
      to: 'awaiting_approval',
      change: { approvals },
      effects: [
        { type: 'refresh' },
        { type: 'history', text: `${by} approved run #${run.id} (${approvals.length} of ${event.need})` },
      ],
    };
  }
  return {
    to: 'approved',
    change: { approvals, scope: toScope(open), moved: null },
    effects: [
      { type: 'refresh' },
      { type: 'history', text: `${by} approved run #${run.id}; planning again before the apply` },
    ],
  };
}

const MINUTE = 60_000;
/** After which an apply that met a lock is tried again: half an hour in all, then people are told. */
const LOCK_PAUSES = [1, 2, 5, 10, 12].map((minutes) => minutes * MINUTE);
export const LONGEST_LOCK_PAUSE_MS = Math.max(...LOCK_PAUSES);

/**
 * The state was locked by somebody else, so the tool began nothing: the run is still approved, and before it
 * tries again it plans and compares afresh, as ever. A lock is never broken.
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

/** What is open is asked about again; where the policies deny all of it, nobody can be. */
function backToPeople(open: readonly OpenFinding[], change: Partial<Run>, effects: readonly Effect[]): Next {
  if (approvable(open).length === 0) return { to: 'denied', change, effects };
  return { to: 'awaiting_approval', change, effects: [...effects, { type: 'ask' }] };
}

/** What people said yes to is not done: the card says so, and they are called back to it. */
function calledOff(run: Run, text: string): readonly Effect[] {
  const people = run.approvals.flatMap(({ by }) => (by.person === null ? [] : [by.person]));
  const recall: Effect = { type: 'recall', people, text: `${text}. Please look again` };
  return [{ type: 'refresh' }, { type: 'history', text }, ...(people.length > 0 ? [recall] : [])];
}

/** What people approved never came to be applied, and is not any more: they are asked about a fresh plan. */
export function afterTooLong(run: Run, now: number): Next {
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

/** Somebody snoozed or accepted something: it leaves what is asked, and what was about to be applied. */
export function afterExemption(run: Run, event: Extract<RunEvent, { type: 'kept' }>, now: number): Next {
  const open = openFindings(run, event.exemptions, now);
  const scope = run.scope.filter((s) => open.some((o) => sameScope([o], [s])));
  // What people approved together is asked again as a whole; what the policies allow, they allow one by one.
  const goesOn = run.approvals.length === 0 ? scope.length > 0 : sameScope(scope, run.scope);
  if (run.state === 'approved' && goesOn) {
    return { to: 'approved', change: { scope }, effects: [{ type: 'refresh' }] };
  }
  if (open.length === 0) {
    return {
      to: 'quiet',
      change: { scope: [] },
      effects: [{ type: 'resolve', outcome: 'everything left is snoozed or accepted' }],
    };
  }
  if (run.state === 'awaiting_approval') return { to: run.state, effects: [{ type: 'refresh' }] };
  const change = { scope: [], approvals: [] };
  const text = 'Not applied: something of it was snoozed or accepted meanwhile';
  return backToPeople(open, change, calledOff(run, text));
}

/**
 * The policies, asked with the approvers, do not let it happen yet. Each yes stands: one more may be what is
 * missing. What they deny now nobody can approve.
 */
export function afterObjection(run: Run, event: Extract<RunEvent, { type: 'objected' }>, now: number): Next {
  const asked = new Map(event.decision.findings.map((d) => [`${d.address} ${d.fingerprint}`, d]));
  const before = run.decision ?? event.decision;
  const decision = {
    ...before,
    findings: before.findings.map((d) => asked.get(`${d.address} ${d.fingerprint}`) ?? d),
  };
  const change: Partial<Run> = { decision, scope: [], plan: null, lock: null };
  const said = event.said.map((r) => `${r.policy ?? 'm0'}: ${r.text}`);
  const text = `Not applied yet: ${[...new Set(said)].slice(0, 3).join('; ')}`;
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  return backToPeople(open, change, calledOff(run, text));
}

export function afterMoved(run: Run, event: Extract<RunEvent, { type: 'moved' }>, now: number): Next {
  if (run.approvals.length === 0) {
    // The policies approved something that is no longer there: forget it and judge afresh.
    return {
      to: 'superseded',
      change: { scope: [] },
      effects: [
        { type: 'history', text: `Not applied: it moved since it was decided. Checking again` },
        {
          type: 'check',
          trigger: 'verify',
          // Once is somebody else's change; again and again would be a loop that nobody watches.
          forceHuman: run.trigger === 'verify' ? 'it keeps moving between the decision and the apply' : null,
        },
      ],
    };
  }
  const { planned } = event;
  const change: Partial<Run> = {
    ...planned,
    plan: null,
    decision: event.decision,
    scope: [],
    approvals: [],
    moved: event.moved,
    lock: null,
    forceHuman: 'it moved since it was approved',
  };
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  if (open.length === 0) {
    const kept = planned.findings.some((f) => f.actionable);
    return {
      to: kept ? 'quiet' : 'clean',
      change,
      effects: [
        { type: 'resolve', outcome: 'nothing was applied: the drift was gone before the apply began' },
      ],
    };
  }
  const text = `Not applied: it moved since ${names(event.moved.approvedBy)} approved it`;
  return backToPeople(open, change, calledOff(run, text));
}

export function afterVerify(run: Run, event: Extract<RunEvent, { type: 'verified' }>, now: number): Next {
  const { planned } = event;
  const inScope = new Set(run.scope.map((s) => s.address));
  const left = planned.findings.filter((f) => f.actionable && inScope.has(f.address));
  const applied = run.applied.map((part) =>
    part.verifiedAt === null && left.length === 0 ? { ...part, verifiedAt: now } : part,
  );
  const change: Partial<Run> = {
    ...planned,
    plan: null,
    decision: event.decision,
    scope: [],
    approvals: [],
    applied,
    forceHuman: left.length === 0 ? run.forceHuman : 'the last apply left it as it was',
  };
  const open = openFindings({ ...run, ...change }, event.exemptions, now);
  const proof =
    left.length === 0
      ? `Realigned and verified: the plan after the apply has nothing left of it`
      : `Applied, but the plan after it still shows ${left.map((f) => f.address).join(', ')}`;
  if (open.length === 0) {
    return {
      to: 'realigned',
      change,
      effects: [{ type: 'resolve', outcome: 'realigned and verified', line: proof }],
    };
  }
  const proven: Effect[] = [{ type: 'refresh' }, { type: 'history', text: proof }];
  return backToPeople(open, change, left.length > 0 ? calledOff(run, proof) : proven);
}

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
