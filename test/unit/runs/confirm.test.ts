import { describe, expect, it } from 'vitest';
import type { PlannedChange } from '../../../src/drift/finding.ts';
import { toScope } from '../../../src/model/open-findings.ts';
import type { PlanResult } from '../../../src/ports/runner.ts';
import { confirmPlan, freshAndExact } from '../../../src/runs/confirm.ts';
import { plannedFrom } from '../../support/planned-changes.ts';
import { CODE, DANA, decidedRun, NOON, planned, sshFinding, tagFinding } from '../../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const BUNDLES = { 'tags-auto': 'a1b2c3d4' };

function result(
  findings: readonly (typeof TAG)[],
  commit = CODE.commit,
  touches: readonly string[] = [],
): PlanResult {
  const { counts, outputs } = planned(findings);
  return {
    code: { ...CODE, commit },
    plan: { artifact: 'fresh', madeAt: NOON, targets: null, touches },
    analysis: {
      ...plannedFrom(findings),
      outputs,
      noise: [],
      counts: counts as PlanResult['analysis']['counts'],
      secrets: [],
      untold: [],
    },
    document: {},
  };
}

const approval = { by: DANA, at: NOON, scope: toScope([SSH]), commit: CODE.commit, bundles: BUNDLES };
const approved = decidedRun('approved', [SSH], {}, { scope: toScope([SSH]), approvals: [approval] });

describe('what is approved is what is applied', () => {
  it('the same findings, commit and bundles are confirmed', () => {
    const same = result([SSH], CODE.commit, [SSH.address]);
    expect(confirmPlan(approved, { bundles: BUNDLES, result: same })).toEqual({
      ok: true,
      alongside: [],
    });
  });

  it.each([
    ['a moved value', { bundles: BUNDLES, result: result([sshFinding('0.0.0.0/0')]) }],
    ['one more finding', { bundles: BUNDLES, result: result([SSH, TAG]) }],
    ['a finding that is gone', { bundles: BUNDLES, result: result([]) }],
    ['a moved commit', { bundles: BUNDLES, result: result([SSH], 'ffffffff') }],
    ['a moved policy bundle', { bundles: { 'tags-auto': 'ffff' }, result: result([SSH]) }],
    ['a policy that is gone', { bundles: {}, result: result([SSH]) }],
    ['a policy that is new', { bundles: { ...BUNDLES, extra: 'ffff' }, result: result([SSH]) }],
    [
      'a touched resource the analysis does not know',
      {
        bundles: BUNDLES,
        result: result([SSH], CODE.commit, [SSH.address, 'aws_db_instance.main']),
      },
    ],
  ])('%s is not', (_what, evidence) => {
    expect(confirmPlan(approved, evidence).ok).toBe(false);
  });

  it('says which commit and which policy moved', () => {
    const moved = confirmPlan(approved, {
      bundles: { 'tags-auto': null },
      result: result([SSH], '1c2d3e4f'),
    });
    expect(moved).toEqual({
      ok: false,
      also: ['policy tags-auto a1b2c3d → none', 'code 9f8e7d6 → 1c2d3e4'],
      narrower: false,
      undecided: [],
    });
  });
});

describe('planned changes beside the approved ones', () => {
  const change = (more: Partial<PlannedChange>): PlannedChange => ({
    ...{ kind: 'resource', address: 'aws_sqs_queue.main', actions: ['update'], paths: ['policy'] },
    ...{ effect: 'change', hash: 'c1:abc', ...more },
  });
  const confirmed = (
    planned: readonly PlannedChange[],
    told: readonly PlannedChange[],
    targets: readonly string[] | null,
  ) => {
    const made = result([SSH], CODE.commit, [SSH.address, ...planned.map((one) => one.address)]);
    const { analysis, plan } = made;
    return confirmPlan(
      { ...approved, changes: [...(approved.changes ?? []), ...told] },
      {
        bundles: BUNDLES,
        result: {
          ...made,
          plan: { ...plan, targets },
          analysis: { ...analysis, changes: [...analysis.changes, ...planned] },
        },
      },
    );
  };
  const spelled = change({ effect: 'spelling' });
  const moved = change({ effect: 'state', actions: ['no-op'] });
  const output = change({ kind: 'output', address: 'output.url', paths: [] });
  const limited = [SSH.address];

  it('the same finding with another planned change is not confirmed', () => {
    const other = result([{ ...SSH, change: 'c1:ff' }], CODE.commit, [SSH.address]);
    expect(confirmPlan(approved, { bundles: BUNDLES, result: other }).ok).toBe(false);
  });

  it('an approval of a version without change hashes covers no apply', () => {
    const { address, fingerprint } = SSH;
    const old = { ...approved, scope: [{ address, fingerprint }] };
    const same = result([SSH], CODE.commit, [SSH.address]);
    expect(confirmPlan(old, { bundles: BUNDLES, result: same })).toMatchObject({
      ok: false,
      narrower: false,
    });
  });

  it.each([
    ['a spelling that was told', spelled, [spelled], null, ['aws_sqs_queue.main']],
    ['a spelling that a target pulls in', spelled, [], limited, ['aws_sqs_queue.main']],
    ['a move that was told', moved, [moved], null, []],
    ['an output that was told', output, [output], null, []],
    [
      'an output that gets another value without its siblings',
      { ...output, hash: 'c1:ff' },
      [output],
      limited,
      [],
    ],
  ])('%s comes along', (_what, planned, told, targets, alongside) => {
    expect(confirmed([planned], told, targets)).toEqual({ ok: true, alongside });
  });

  it.each([
    ['the removal of a resource from the state', change({ effect: 'state', actions: ['forget'] })],
    ['a spelling', spelled],
  ])('%s does not come along where somebody kept or denied its finding', (_what, kept) => {
    const made = result([SSH], CODE.commit, [SSH.address, kept.address]);
    const finding = { ...TAG, address: kept.address };
    const evidence = {
      bundles: BUNDLES,
      result: {
        ...made,
        plan: { ...made.plan, targets: limited },
        analysis: { ...made.analysis, changes: [...made.analysis.changes, kept] },
      },
    };
    const told = { ...approved, changes: [...(approved.changes ?? []), kept] };
    expect(confirmPlan(told, evidence)).toMatchObject({ ok: true });
    expect(confirmPlan({ ...told, findings: [SSH, finding] }, evidence)).toEqual({
      ok: false,
      also: [`the plan would also touch ${kept.address}`],
      narrower: true,
      undecided: [kept.address],
    });
  });

  it.each([
    ['a spelling that nobody was told of, in a whole plan', spelled, [], null],
    ['a change, though it was told', change({}), [change({})], null],
    ['a change that a target pulls in', change({}), [], limited],
    ['a move that was not told', moved, [], limited],
    ['an output that was not told', output, [], limited],
    ['an output with another value, in a whole plan', { ...output, hash: 'c1:ff' }, [output], null],
    ['an object left over from a replace', change({ kind: 'deposed', deposed: '00ab' }), [], limited],
    ['an action that is invoked by itself', change({ kind: 'invocation' }), [], limited],
  ])('%s is refused', (_what, planned, told, targets) => {
    expect(confirmed([planned], told, targets)).toMatchObject({ ok: false, narrower: true });
  });

  it('an address of which m0 can not tell everything needs a person', () => {
    const made = result([SSH], CODE.commit, [SSH.address]);
    const untold = { ...made, analysis: { ...made.analysis, untold: [SSH.address] } };
    expect(confirmPlan(approved, { bundles: BUNDLES, result: untold }).ok).toBe(true);
    expect(confirmPlan({ ...approved, approvals: [] }, { bundles: BUNDLES, result: untold })).toMatchObject({
      ...{ ok: false, narrower: false },
      also: [expect.stringContaining(SSH.address)],
    });
  });
});

describe('a plan that may be applied without planning again', () => {
  it('is less than a minute old and covers exactly the scope', () => {
    expect(freshAndExact(approved, NOON + 59_000)).toBe(true);
    expect(freshAndExact(approved, NOON + 60_000)).toBe(false);
    expect(freshAndExact(approved, NOON - 1)).toBe(false);
    expect(freshAndExact({ ...approved, scope: [] }, NOON)).toBe(false);
    const wider = { artifact: 'p', madeAt: NOON, targets: null, touches: ['aws_db_instance.main'] };
    expect(freshAndExact({ ...approved, plan: wider }, NOON)).toBe(false);
    expect(freshAndExact(decidedRun('approved', [SSH, TAG], {}, { scope: toScope([SSH]) }), NOON)).toBe(
      false,
    );
  });
});
