import { describe, expect, it } from 'vitest';
import { toScope } from '../../../src/model/open-findings.ts';
import type { PlanResult } from '../../../src/ports/runner.ts';
import { confirmPlan, freshAndExact } from '../../../src/runs/confirm.ts';
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
      findings,
      outputs,
      noise: [],
      counts: counts as PlanResult['analysis']['counts'],
      secrets: [],
      changes: [],
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
    expect(confirmPlan(approved, { bundles: BUNDLES, result: same })).toEqual({ ok: true });
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
