import { describe, expect, it } from 'vitest';
import { openFindings, toScope } from '../../../src/model/open-findings.ts';
import { isTerminal, RUN_STATES, type Run, type RunState } from '../../../src/model/run.ts';
import { EVENT_STATES, transition } from '../../../src/runs/machine.ts';
import type { RunEvent, RunEventName } from '../../../src/runs/run-event.ts';
import {
  CODE,
  DANA,
  decidedRun,
  decision,
  exemption,
  KIM,
  NOON,
  planned,
  run,
  sshFinding,
  tagFinding,
} from '../../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const TAG_AUTO = { [TAG.address]: 'auto' } as const;

const EVENTS: Record<RunEventName, RunEvent> = {
  start: { type: 'start' },
  planned: { type: 'planned', planned: planned([SSH]) },
  decided: { type: 'decided', decision: decision([SSH], {}), exemptions: [], openAlertRun: null },
  approve: {
    type: 'approve',
    approval: { by: DANA, at: NOON, scope: toScope([SSH]), commit: CODE.commit, bundles: {} },
    need: 1,
    exemptions: [],
  },
  recounted: { type: 'recounted', dropped: [], enough: null, exemptions: [] },
  reject: { type: 'reject', by: DANA, reason: null },
  cancel: { type: 'cancel', by: DANA, reason: null },
  supersede: { type: 'supersede', by: 43 },
  kept: { type: 'kept', exemptions: [exemption()] },
  expire: { type: 'expire' },
  restored: { type: 'restored' },
  postponed: { type: 'postponed' },
  confirmed: {
    type: 'confirmed',
    plan: { artifact: 'p', madeAt: NOON, targets: null, touches: [] },
    alongside: [],
    code: CODE,
  },
  objected: { type: 'objected', decision: decision([SSH], {}), reasons: [], exemptions: [] },
  held: {
    type: 'held',
    pause: { id: 1, target: 'prod', by: DANA, at: NOON, reason: 'freeze', endedBy: null, endedAt: null },
  },
  moved: {
    type: 'moved',
    planned: planned([SSH]),
    decision: decision([SSH], {}),
    exemptions: [],
    moved: { approvedBy: [DANA], approvedAt: NOON, before: [], after: [], also: [] },
  },
  locked: { type: 'locked', lock: { who: 'kim@laptop', id: 'f00', operation: null, since: null } },
  applied: { type: 'applied' },
  verified: { type: 'verified', planned: planned([]), decision: decision([], {}), exemptions: [] },
  lost: { type: 'lost' },
  fail: { type: 'fail', failure: { phase: 'planning', message: 'AccessDenied' } },
  requeue: { type: 'requeue' },
};

const STATES = Object.keys(RUN_STATES) as RunState[];
const NAMES = Object.keys(EVENTS) as RunEventName[];

function approvalOf(finding: typeof TAG): Run['approvals'][number] {
  return { by: DANA, at: NOON, scope: toScope([finding]), commit: CODE.commit, bundles: {} };
}

function step(from: Run, event: RunEvent): { readonly run: Run; readonly effects: readonly string[] } {
  const result = transition(from, event, NOON);
  if (!result.ok) throw new Error(result.refusal);
  return { run: result.run, effects: result.effects.map((e) => e.type) };
}

describe('every state and event pair', () => {
  const pairs = STATES.flatMap((state) => NAMES.map((name) => [state, name] as const));

  it.each(pairs)('%s + %s is refused or goes where the table says', (state, name) => {
    const from = decidedRun(state, [SSH]);
    const result = transition(from, EVENTS[name], NOON);
    if (!EVENT_STATES[name].includes(state)) {
      expect(result).toMatchObject({ ok: false, refusal: expect.stringContaining('#42') });
      return;
    }
    expect(result.ok).toBe(true);
    if (!result.ok) return;
    expect(RUN_STATES[state]).toContain(result.run.state);
    expect(result.run.version).toBe(from.version + 1);
  });

  it('no event moves a terminal run', () => {
    for (const state of STATES.filter(isTerminal)) {
      for (const name of NAMES) expect(transition(run({ state }), EVENTS[name], NOON).ok).toBe(false);
    }
  });
});

describe('what a decision leads to', () => {
  const decided = (
    findings: (typeof TAG)[],
    verdicts: Parameters<typeof decision>[1],
    more: Partial<Extract<RunEvent, { type: 'decided' }>> = {},
    from: Partial<Run> = {},
  ) =>
    step(run({ state: 'deciding', ...planned(findings), ...from }), {
      type: 'decided',
      decision: decision(findings, verdicts),
      exemptions: [],
      openAlertRun: null,
      ...more,
    });

  it('nothing drifted: clean, and an open alert ends', () => {
    expect(decided([], {})).toMatchObject({ run: { state: 'clean' }, effects: ['check-worked', 'resolve'] });
  });

  it('nothing found in a partial plan is not clean, and an open alert stays', () => {
    const unsure = 'the plan is partial: aws_thing.a is deferred';
    const openAlertRun = decidedRun('awaiting_approval', [SSH], {}, { id: 41 });
    const found = decided([], {}, { openAlertRun }, { unsure });
    expect(found).toMatchObject({ run: { state: 'quiet', unsure }, effects: ['check-worked'] });
    const moved = step(decidedRun('approved', [TAG], {}, { approvals: [approvalOf(TAG)] }), {
      type: 'moved',
      planned: { ...planned([]), unsure },
      decision: decision([], {}),
      exemptions: [],
      moved: { approvedBy: [DANA], approvedAt: NOON, before: [TAG], after: [], also: [] },
    });
    expect(moved.run.state).toBe('quiet');
    const whole = step(run({ state: 'planning', unsure }), {
      type: 'planned',
      planned: { ...planned([]), unsure: null },
    });
    expect(whole.run.unsure).toBeNull();
  });

  it('a finding an apply would not change is no drift to act on', () => {
    const kept = { ...TAG, actionable: false };
    expect(decided([kept], {}).run.state).toBe('clean');
  });

  it('only what the policies allow enters the scope; the rest waits for its turn', () => {
    const { run: next, effects } = decided([TAG, SSH], TAG_AUTO);
    expect(next.state).toBe('approved');
    expect(next.scope).toEqual(toScope([TAG]));
    expect(effects).toEqual(['check-worked', 'announce']);
  });

  it('a finding no policy decided on waits for a person', () => {
    const { run: next, effects } = step(run({ state: 'deciding', ...planned([SSH]) }), {
      type: 'decided',
      decision: { findings: [], warnings: [], bundles: {} },
      exemptions: [],
      openAlertRun: null,
    });
    expect(next).toMatchObject({ state: 'awaiting_approval', scope: [] });
    expect(effects).toEqual(['check-worked', 'announce', 'ask']);
  });

  it('all denied: told, and nobody can approve', () => {
    const { run: next } = decided([SSH], { [SSH.address]: 'deny' });
    expect(next.state).toBe('denied');
    expect(transition(next, EVENTS.approve, NOON).ok).toBe(false);
  });

  it('all snoozed: quiet', () => {
    expect(decided([SSH], {}, { exemptions: [exemption()] }).run.state).toBe('quiet');
  });

  it('a snoozed finding is never healed by itself', () => {
    const snoozed = exemption({ address: TAG.address, fingerprint: TAG.fingerprint });
    expect(decided([TAG], TAG_AUTO, { exemptions: [snoozed] }).run).toMatchObject({
      state: 'quiet',
      scope: [],
    });
  });

  it('a snooze ends with its time and with a moved value', () => {
    const over = exemption({ address: TAG.address, fingerprint: TAG.fingerprint, until: NOON });
    const other = exemption({ address: TAG.address, fingerprint: 'another value' });
    expect(decided([TAG], {}, { exemptions: [over, other] }).run.state).toBe('awaiting_approval');
  });

  it('the same drift seen again is not told again', () => {
    const openAlertRun = decidedRun('awaiting_approval', [SSH], {}, { id: 41 });
    const { run: next, effects } = decided([SSH], {}, { openAlertRun });
    expect(next).toMatchObject({ state: 'quiet', relatedRun: 41 });
    expect(effects).toEqual(['check-worked', 'seen']);
  });

  it('changed drift takes the place of what was told', () => {
    const openAlertRun = decidedRun('awaiting_approval', [SSH], {}, { id: 41 });
    const { run: next, effects } = decided([sshFinding('0.0.0.0/0')], {}, { openAlertRun });
    expect(next.state).toBe('awaiting_approval');
    expect(effects).toEqual(['check-worked', 'supersede', 'announce', 'ask']);
  });

  it('what an apply left behind is not applied again by itself on the next check', () => {
    const openAlertRun = decidedRun(
      'awaiting_approval',
      [TAG],
      {},
      { id: 41, forceHuman: 'the last apply left it' },
    );
    expect(decided([TAG], TAG_AUTO, { openAlertRun }).run).toMatchObject({ state: 'quiet', scope: [] });
  });

  it('rejected drift stays quiet for the schedule and is told again to whoever asks', () => {
    const openAlertRun = decidedRun('rejected', [SSH], {}, { id: 41 });
    expect(decided([SSH], {}, { openAlertRun }).run.state).toBe('quiet');
    expect(decided([SSH], {}, { openAlertRun }, { trigger: 'command' }).run.state).toBe('awaiting_approval');
  });
});

describe('approving', () => {
  const waiting = decidedRun('awaiting_approval', [SSH, TAG], { [TAG.address]: 'deny' });
  const yes = (by = DANA, scope = toScope([SSH])): RunEvent => ({
    type: 'approve',
    approval: { by, at: NOON, scope, commit: CODE.commit, bundles: {} },
    need: 1,
    exemptions: [],
  });

  it('covers what waits, never what policy denies', () => {
    expect(step(waiting, yes()).run).toMatchObject({ state: 'approved', scope: toScope([SSH]) });
    expect(transition(waiting, yes(DANA, toScope([SSH, TAG])), NOON).ok).toBe(false);
  });

  it('of something else than what waits is refused', () => {
    expect(transition(waiting, yes(DANA, toScope([sshFinding('0.0.0.0/0')])), NOON)).toMatchObject({
      ok: false,
      refusal: expect.stringContaining('changed since'),
    });
  });

  it('needs as many different people as configured', () => {
    const two = (by: typeof DANA): RunEvent => ({ ...yes(by), need: 2 }) as RunEvent;
    const first = step(waiting, two(DANA)).run;
    expect(first.state).toBe('awaiting_approval');
    expect(transition(first, two(DANA), NOON)).toMatchObject({
      ok: false,
      refusal: expect.stringContaining('1 of 2'),
    });
    expect(step(first, two(KIM)).run.state).toBe('approved');
  });
});

describe('after an approval', () => {
  const approval = { by: DANA, at: NOON, scope: toScope([SSH]), commit: CODE.commit, bundles: {} };
  const approved = decidedRun('approved', [SSH], {}, { scope: toScope([SSH]), approvals: [approval] });

  it('what moved is asked again, and the old approval is void', () => {
    const moved = step(approved, EVENTS.moved);
    expect(moved.run).toMatchObject({ state: 'awaiting_approval', scope: [], approvals: [] });
    expect(moved.effects).toContain('ask');
  });

  it('that is too old, people are asked again, and nothing is in the scope any more', () => {
    const end = step(approved, EVENTS.expire);
    expect(end.run).toMatchObject({ state: 'expired', scope: [], plan: null });
    expect(end.effects).toEqual(['refresh', 'history', 'check']);
  });

  it('what the policies approved and moved is judged afresh by a new check', () => {
    const byPolicy = decidedRun('approved', [TAG], TAG_AUTO, { scope: toScope([TAG]) });
    expect(step(byPolicy, EVENTS.moved)).toMatchObject({
      run: { state: 'superseded', scope: [] },
      effects: ['history', 'check'],
    });
  });

  it('an empty plan after the apply proves it', () => {
    const verifying = step(step(approved, EVENTS.confirmed).run, { type: 'applied' }).run;
    const end = step(verifying, EVENTS.verified);
    expect(end.run).toMatchObject({ state: 'realigned', applied: [{ verifiedAt: NOON }] });
    expect(end.effects).toContain('resolve');
  });

  it('what is left after the apply waits for a person', () => {
    const verifying = step(step(approved, EVENTS.confirmed).run, { type: 'applied' }).run;
    const end = step(verifying, {
      type: 'verified',
      planned: planned([SSH]),
      decision: decision([SSH], {}),
      exemptions: [],
    });
    expect(end.run).toMatchObject({ state: 'awaiting_approval', applied: [{ verifiedAt: null }] });
    expect(end.run.forceHuman).not.toBeNull();
  });

  it('a process that died while applying leaves it to people', () => {
    const applying = step(approved, EVENTS.confirmed).run;
    const lost = step(applying, { type: 'lost' });
    expect(lost.run.state).toBe('apply_unknown');
    expect(lost.effects).toContain('check');
    expect(openFindings(lost.run, [], NOON)).toHaveLength(1);
  });

  it('a failed apply is never tried again by itself', () => {
    const failed = transition(step(approved, EVENTS.confirmed).run, EVENTS.fail, NOON);
    expect(failed).toMatchObject({
      ok: true,
      run: { state: 'failed' },
      effects: expect.arrayContaining([
        expect.objectContaining({ type: 'check', forceHuman: expect.any(String) }),
      ]),
    });
  });
});
