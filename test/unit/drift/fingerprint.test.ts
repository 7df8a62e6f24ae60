import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { fingerprintOf } from '../../../src/drift/fingerprint.ts';
import { type Planned, plan } from '../../support/plan.ts';

const BASE: Planned = { recorded: { a: 1, b: 'x' }, actual: { a: 2, b: 'x' }, desired: { a: 1, b: 'x' } };

function digest(resources: readonly Planned[], key = 'k'): string {
  return fingerprintOf(analyzePlan(plan(resources), { key }).findings);
}

describe('a fingerprint', () => {
  it('is hex and stable', () => {
    expect(digest([BASE])).toMatch(/^[0-9a-f]{64}$/);
    expect(digest([BASE])).toBe(digest([structuredClone(BASE)]));
  });

  it('does not depend on the order of findings or on the rest of the plan', () => {
    const other = { ...BASE, address: 'aws_thing.b' };
    const { findings } = analyzePlan(plan([BASE, other]), { key: 'k' });
    expect(fingerprintOf(findings.toReversed())).toBe(fingerprintOf(findings));
    expect(digest([BASE, { address: 'aws_thing.quiet', recorded: { t: null }, actual: { t: {} } }])).toBe(
      digest([BASE]),
    );
  });

  it.each<[string, Planned]>([
    ['recorded', { ...BASE, recorded: { a: 3, b: 'x' } }],
    ['actual', { ...BASE, actual: { a: 3, b: 'x' } }],
    ['desired', { ...BASE, desired: { a: 3, b: 'x' } }],
    ['another attribute', { ...BASE, actual: { a: 2, b: 'y' } }],
    ['the address', { ...BASE, address: 'aws_thing.b' }],
    ['the action', { ...BASE, actions: ['delete', 'create'] }],
  ])('changes with %s', (_name, moved) => {
    expect(digest([moved])).not.toBe(digest([BASE]));
  });

  it.each<[string, Planned, Planned]>([
    [
      'create',
      { recorded: null, desired: { a: 1 }, actions: ['create'] },
      { recorded: null, desired: { a: 2 }, actions: ['create'] },
    ],
    [
      'delete',
      { recorded: { a: 1 }, desired: null, actions: ['delete'] },
      { recorded: { a: 2 }, desired: null, actions: ['delete'] },
    ],
  ])('of a %s changes with values that are not listed', (_name, one, other) => {
    expect(digest([one])).not.toBe(digest([other]));
  });

  it('does not change with another spelling of an empty value or a document', () => {
    const spelt = (empty: null | string, text: string): Planned => ({
      recorded: { s: [{ d: empty, p: 1 }], j: text },
      actual: { s: [], j: text },
      desired: { s: [{ d: empty, p: 1 }], j: text },
    });
    expect(digest([spelt('', '{"a":1}')])).toBe(digest([spelt(null, '{ "a": 1 }')]));
  });

  it('changes with a secret, and depends on the key', () => {
    const secret = (value: string): Planned => ({
      ...BASE,
      actual: { a: value, b: 'x' },
      sensitive: { a: true },
    });
    expect(digest([secret('one-secret')])).not.toBe(digest([secret('two-secret')]));
    expect(digest([secret('one-secret')])).not.toBe(digest([secret('one-secret')], 'another key'));
  });

  it('leaves out what a plan of the resource alone could not distinguish from an echo', () => {
    const bucket: Planned = {
      address: 'aws_s3_bucket.b',
      recorded: { id: 'bbbb', policy: '', tags: { a: '1' } },
      actual: { id: 'bbbb', policy: '{"x":"y"}', tags: {} },
      desired: { id: 'bbbb', policy: '{"x":"y"}', tags: { a: '1' } },
      expressions: { tags: { constant_value: { a: '1' } } },
    };
    const policy: Planned = {
      address: 'aws_s3_bucket_policy.b',
      recorded: { bucket: 'bbbb', policy: '{"x":"y"}' },
    };
    expect(digest([bucket, policy])).toBe(digest([bucket]));
  });
});
