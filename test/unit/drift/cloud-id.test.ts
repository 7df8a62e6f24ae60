import { describe, expect, it, test } from 'vitest';
import { explainJson } from '../../../src/cli/explain-json.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { M0 } from '../../../src/model/run.ts';
import { inputDocument } from '../../../src/policy/document.ts';
import { stackWith } from '../../support/core.ts';
import { type Planned, plan } from '../../support/plan.ts';
import { CODE } from '../../support/runs.ts';

const ARN = 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0abc';

const analyze = (type: string, id: Planned['recorded'], over: Partial<Planned> = {}) => {
  const address = `${type}.a`;
  const recorded = { ...id, size: 1 };
  return analyzePlan(
    plan([{ address, recorded, actual: { ...recorded, size: 2 }, desired: recorded, ...over }]),
    {
      key: 'k',
    },
  );
};
const idOf = (...args: Parameters<typeof analyze>) => analyze(...args).findings[0]?.cloudId;

test.each<[string, Planned['recorded'], string]>([
  ['aws_security_group', { arn: ARN, id: 'sg-0abc' }, ARN],
  ['azurerm_network_security_group', { id: '/subscriptions/0b1f/x' }, '/subscriptions/0b1f/x'],
  [
    'google_compute_firewall',
    {
      id: 'projects/p/global/firewalls/f',
      self_link: 'https://www.googleapis.com/compute/v1/projects/p/global/firewalls/f',
    },
    'https://www.googleapis.com/compute/v1/projects/p/global/firewalls/f',
  ],
  ['google_pubsub_topic', { id: 'projects/p/topics/t' }, 'projects/p/topics/t'],
])('%s has the id of its cloud', (type, id, expected) => {
  expect(idOf(type, id)).toBe(expected);
});

describe('no id', () => {
  it('is read from what people write, from other providers, or from what looks like none', () => {
    expect(idOf('aws_security_group', { tags: { arn: ARN }, description: ARN, id: ARN })).toBeUndefined();
    expect(idOf('random_thing', { arn: ARN })).toBeUndefined();
    expect(idOf('aws_security_group', { arn: 'javascript:alert(1)' })).toBeUndefined();
    expect(idOf('aws_security_group', { arn: `arn:${'x'.repeat(2_000)}` })).toBeUndefined();
  });

  it('is there of what is secret, or gone', () => {
    expect(idOf('aws_security_group', { arn: ARN }, { sensitive: { arn: true } })).toBeUndefined();
    expect(idOf('aws_security_group', { arn: ARN }, { actual: null, actions: ['create'] })).toBeUndefined();
  });
});

it('changes no fingerprint, and is in no output for scripts', () => {
  const [one, other] = ['sg-1', 'sg-2'].map((id) =>
    analyze('aws_security_group', { arn: ARN.replace('sg-0abc', id) }),
  );
  expect(one?.findings[0]?.fingerprint).toBe(other?.findings[0]?.fingerprint);
  expect(one && explainJson(one, false, false)).not.toContain('arn:');
  if (one === undefined) throw new Error('no plan');
  const question = {
    ...{ run: 1, stack: stackWith(), trigger: 'schedule', code: CODE, analysis: one, document: {} },
    ...{ requestedBy: M0, approvers: [], now: 0 },
  };
  expect(JSON.stringify(inputDocument(question, () => null))).not.toContain('arn:');
});
