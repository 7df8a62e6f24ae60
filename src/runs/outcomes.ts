/** Where a run goes once something is known: decided, approved, moved, verified, failed. All pure. */
import type { Effect, RunEvent } from './machine.ts';
import { type Actor, type Failure, RUN_STATES, type Run, type RunState } from './run.ts';
import { approvable, openFindings, sameScope, toScope } from './waiting.ts';

/** A step of the table: the state to go to, what changes with it, and what has to follow. */
export interface Next {
  readonly to: RunState;
  readonly change?: Partial<Run>;
  readonly effects?: readonly Effect[];
}

function names(actors: readonly Actor[]): string {
  return actors.map((a) => a.name).join(' and ');
}

/** Where a run goes once its newest plan is decided. Nothing here is applied that is not `auto`. */
export function afterDecision(run: Run, event: Extract<RunEvent, { e: 'decided' }>, now: number): Next {
  // The plan file is only kept where it is applied at once: plan files hold secrets.
  const change = { decision: event.decision, plan: null };
  const decided = { ...run, ...change };
  const open = openFindings(decided, event.keeps, now);
  const told = event.told;
  const worked: Effect = { f: 'check-worked' };

  if (open.length === 0) {
    const kept = run.findings.some((f) => f.actionable);
    const outcome = kept ? 'everything that is left is snoozed or accepted' : 'the drift is gone';
    return {
      to: kept ? 'quiet' : 'clean',
      change,
      effects: [
        worked,
        ...(told && !isDone(told.state) ? [{ f: 'supersede' as const, run: told.id }] : []),
        { f: 'resolve', outcome: kept ? outcome : `${outcome}: code and cloud agree (run #${run.id})` },
      ],
    };
  }

  const auto = open.filter((o) => o.verdict === 'auto');
  if (told && sameScope(openFindings(told, event.keeps, now), open)) {
    const active = told.state === 'awaiting_approval';
    const settled = run.trigger === 'schedule' || run.trigger === 'push';
    const nothingNew = auto.length === 0 || told.forceHuman !== null;
    // An approved or applying run is under way already; it will verify and tell by itself.
    const underWay = told.state === 'approved' || told.state === 'applying' || told.state === 'verifying';
    if (underWay || ((active || settled) && nothingNew)) {
      return { to: 'quiet', change: { ...change, relatedRun: told.id }, effects: [worked, { f: 'seen' }] };
    }
  }

  const takeOver: Effect[] = [
    worked,
    ...(told && !isDone(told.state) ? [{ f: 'supersede' as const, run: told.id }] : []),
    { f: 'announce' },
  ];
  if (auto.length > 0) {
    return {
      to: 'approved',
      change: { decision: event.decision, scope: toScope(auto) },
      effects: takeOver,
    };
  }
  if (approvable(open).length > 0) {
    return { to: 'awaiting_approval', change, effects: [...takeOver, { f: 'ask' }] };
  }
  return { to: 'denied', change, effects: takeOver };
}

function isDone(state: RunState): boolean {
  return RUN_STATES[state].length === 0;
}

export function afterApproval(
  run: Run,
  event: Extract<RunEvent, { e: 'approve' }>,
  now: number,
): Next | string {
  const open = approvable(openFindings(run, event.keeps, now));
  if (open.length === 0) return `nothing of run #${run.id} waits for approval`;
  if (!sameScope(open, event.approval.scope)) {
    return `what waits on run #${run.id} has changed since that card was shown; look at it again`;
  }
  // The newest word of a person counts, and only words about exactly what waits now.
  const others = run.approvals.filter(
    (a) => a.by.person !== event.approval.by.person && sameScope(a.scope, open),
  );
  const approvals = [...others, event.approval];
  const by = event.approval.by.name;
  if (approvals.length < event.need) {
    return {
      to: 'awaiting_approval',
      change: { approvals },
      effects: [
        { f: 'refresh' },
        { f: 'history', text: `${by} approved run #${run.id} (${approvals.length} of ${event.need})` },
      ],
    };
  }
  return {
    to: 'approved',
    change: { approvals, scope: toScope(open), moved: null },
    effects: [
      { f: 'refresh' },
      { f: 'history', text: `${by} approved run #${run.id}; planning again before the apply` },
    ],
  };
}

export function afterMoved(run: Run, event: Extract<RunEvent, { e: 'moved' }>, now: number): Next {
  if (run.approvals.length === 0) {
    // The policies approved something that is no longer there: forget it and judge afresh.
    return {
      to: 'superseded',
      change: { scope: [] },
      effects: [
        { f: 'history', text: `Not applied: it moved since it was decided. Checking again` },
        {
          f: 'check',
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
    forceHuman: 'it moved since it was approved',
  };
  const open = openFindings({ ...run, ...change }, event.keeps, now);
  if (open.length === 0) {
    const kept = planned.findings.some((f) => f.actionable);
    return {
      to: kept ? 'quiet' : 'clean',
      change,
      effects: [{ f: 'resolve', outcome: 'nothing was applied: the drift was gone before the apply began' }],
    };
  }
  const text = `Not applied: it moved since ${names(event.moved.approvedBy)} approved it`;
  const told: Effect[] = [{ f: 'refresh' }, { f: 'history', text }];
  if (approvable(open).length === 0) return { to: 'denied', change, effects: told };
  return { to: 'awaiting_approval', change, effects: [...told, { f: 'ask' }] };
}

export function afterVerify(run: Run, event: Extract<RunEvent, { e: 'verified' }>, now: number): Next {
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
  const open = openFindings({ ...run, ...change }, event.keeps, now);
  const proof =
    left.length === 0
      ? `Realigned and verified: the plan after the apply has nothing left of it`
      : `Applied, but the plan after it still shows ${left.map((f) => f.address).join(', ')}`;
  const told: Effect[] = [{ f: 'refresh' }, { f: 'history', text: proof }];
  if (open.length === 0) {
    return {
      to: 'realigned',
      change,
      effects: [...told.slice(1), { f: 'resolve', outcome: 'realigned and verified' }],
    };
  }
  if (approvable(open).length === 0) return { to: 'denied', change, effects: told };
  return { to: 'awaiting_approval', change, effects: [...told, { f: 'ask' }] };
}

export function afterFailure(run: Run, failure: Failure): Next {
  if (run.state === 'applying' || run.state === 'verifying') {
    const what = run.state === 'applying' ? 'the apply failed' : 'it was applied but not verified';
    return {
      to: 'failed',
      change: { failure },
      effects: [
        { f: 'refresh' },
        { f: 'history', text: `Run #${run.id}: ${what}. It is not tried again by itself` },
        { f: 'check', trigger: 'verify', forceHuman: `${what} in run #${run.id}` },
      ],
    };
  }
  if (run.state === 'approved') {
    return {
      to: 'failed',
      change: { failure },
      effects: [
        { f: 'refresh' },
        { f: 'history', text: `Not applied: ${failure.message}` },
        { f: 'check', trigger: 'verify', forceHuman: `run #${run.id} could not be applied` },
      ],
    };
  }
  return { to: 'failed', change: { failure }, effects: [{ f: 'check-failed' }] };
}
