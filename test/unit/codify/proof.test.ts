import { expect, it } from 'vitest';
import { type ProvenPlan, proofAlone, proofOf } from '../../../src/codify/proof.ts';
import type { Finding, PlannedChange } from '../../../src/drift/finding.ts';
import { plannedFrom } from '../../support/planned-changes.ts';
import { sshFinding, tagFinding } from '../../support/runs.ts';

const WEB = 'aws_security_group.web';
const SSH = sshFinding();
const TAG = tagFinding();

function aPlan(findings: readonly Finding[], more: Partial<ProvenPlan['analysis']> = {}): ProvenPlan {
  const planned = plannedFrom(findings);
  const none = {
    findings: 0,
    cloud: 0,
    code: 0,
    both: 0,
    create: 0,
    update: 0,
    delete: 0,
    replace: 0,
    noise: 0,
  };
  return {
    analysis: {
      ...{ outputs: [], noise: [], counts: none, secrets: [], untold: [], findings: planned.findings },
      ...more,
      changes: [...planned.changes, ...(more.changes ?? [])],
    },
  };
}

function aChange(over: Partial<PlannedChange>): PlannedChange {
  return {
    ...{
      kind: 'output',
      address: 'output.ip',
      actions: ['update'],
      paths: [],
      effect: 'change',
      hash: 'c1:aa',
    },
    ...over,
  };
}
const against = (before: ProvenPlan, after: ProvenPlan, address: string | null = WEB): readonly string[] =>
  proofOf('prod', before, after, address).against;

it('agrees where the finding is gone and the rest is as before, and counts both', () => {
  const output = aChange({});
  const proof = proofOf(
    'prod',
    aPlan([SSH, TAG], { changes: [output] }),
    aPlan([TAG], { changes: [output] }),
    WEB,
  );
  expect(proof).toEqual({ stack: 'prod', before: 3, after: 2, against: [] });
});

it('names what is left of the finding, also where only a change without a row is', () => {
  expect(against(aPlan([SSH]), aPlan([SSH]))).toEqual([`${WEB} still differs in ingress[*]`]);
  const bare = aChange({ kind: 'resource', address: WEB, actions: ['delete', 'create'] });
  expect(against(aPlan([SSH]), aPlan([], { changes: [bare] }))).toEqual([
    `an apply would still delete and create ${WEB}`,
  ]);
  // An action that the resource triggers, and a deposed object of it, are part of it.
  const action = aChange({
    ...{ kind: 'invocation', address: 'action.mail.ops', triggeredBy: WEB, actions: ['invoke'] },
  });
  expect(against(aPlan([SSH]), aPlan([], { changes: [action] }))).toEqual([
    'an apply would still invoke action.mail.ops',
  ]);
});

it('names another change that appeared', () => {
  expect(against(aPlan([SSH]), aPlan([TAG]))).toEqual([
    'with the edit, an apply would update aws_s3_bucket.logs',
  ]);
});

it('names another change that is now something else, and takes the same one', () => {
  expect(against(aPlan([SSH, TAG]), aPlan([tagFinding(TAG.address, 'web')]))).toEqual([
    'with the edit, aws_s3_bucket.logs would become something else',
  ]);
});

it('counts outputs, deposed objects and actions as changes', () => {
  expect(against(aPlan([SSH]), aPlan([], { changes: [aChange({})] }))).toEqual([
    'with the edit, an apply would update output.ip',
  ]);
  const before = aPlan([SSH], { changes: [aChange({})] });
  expect(against(before, aPlan([], { changes: [aChange({ hash: 'c1:bb' })] }))).toEqual([
    'with the edit, output.ip would become something else',
  ]);
  // One deposed object is not another one of the same address.
  const deposed = (key: string) =>
    aChange({ kind: 'deposed', address: TAG.address, deposed: key, actions: ['delete'] });
  expect(against(aPlan([], { changes: [deposed('a1')] }), aPlan([], { changes: [deposed('b2')] }))).toEqual([
    `with the edit, an apply would delete ${TAG.address}`,
  ]);
});

it('takes nothing of another stack as the finding', () => {
  expect(against(aPlan([SSH]), aPlan([SSH]), null)).toEqual([]);
  expect(against(aPlan([]), aPlan([SSH]), null)).toEqual([`with the edit, an apply would update ${WEB}`]);
  expect(against(aPlan([SSH]), aPlan([sshFinding('198.51.100.9/32')]), null)).toEqual([
    `with the edit, ${WEB} would become something else`,
  ]);
});

it('proves nothing with a plan that is not whole, not understood or not sure', () => {
  expect(against(aPlan([SSH]), aPlan([], { partial: ['part of it is deferred'] }))).toEqual([
    'part of it is deferred',
  ]);
  expect(against(aPlan([SSH]), aPlan([], { notUnderstood: ['a field is unknown'] }))).toEqual([
    'a field is unknown',
  ]);
  expect(against(aPlan([SSH]), { ...aPlan([]), unsure: 'a unit has made-up values' })).toEqual([
    'a unit has made-up values',
  ]);
});

it('names a condition that fails only with the edit', () => {
  const checks = (...addresses: string[]) => ({
    checks: addresses.map((address) => ({ address, kind: 'check', status: 'fail', problems: [] }) as const),
  });
  expect(against(aPlan([SSH], checks('check.old')), aPlan([], checks('check.old', 'check.new')))).toEqual([
    'with the edit, the condition check.new fails',
  ]);
});

it('needs no other plan where the one with the edit changes nothing and leaves no doubt', () => {
  expect(proofAlone('prod', aPlan([]), 3)).toEqual({ stack: 'prod', before: 3, after: 0, against: [] });
  expect(proofAlone('prod', aPlan([]), null)?.before).toBeNull();
  const check = { address: 'check.dns', kind: 'check', status: 'fail', problems: [] } as const;
  for (const doubtful of [
    aPlan([TAG]),
    aPlan([], { changes: [aChange({})] }),
    aPlan([], { partial: ['the plan is partial'] }),
    aPlan([], { notUnderstood: ['the plan has something new'] }),
    aPlan([], { checks: [check] }),
    { ...aPlan([]), unsure: 'its values may be made up' },
  ]) {
    expect(proofAlone('prod', doubtful, 1)).toBeNull();
  }
});
