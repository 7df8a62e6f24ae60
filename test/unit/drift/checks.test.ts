import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { type Planned, plan } from '../../support/plan.ts';

const still: Planned = { recorded: { a: 1 } };

function answer(rest: { readonly [key: string]: Json }, ...resources: Planned[]) {
  return analyzePlan(plan([still, ...resources], rest), { key: 'k' });
}

const check = (name: string, status: string, rest: { readonly [key: string]: Json } = {}): Json => ({
  address: { kind: 'check', name, to_display: `check.${name}` },
  status,
  ...rest,
});

describe('checks', () => {
  it('lists what did not pass, per instance, sorted, and makes no finding of it', () => {
    const instance = (key: string, status: string, ...messages: string[]): Json => ({
      address: { to_display: `aws_thing.b["${key}"]` },
      status,
      problems: messages.map((message) => ({ message })),
    });
    const group: Json = {
      address: { kind: 'resource', to_display: 'aws_thing.b' },
      status: 'fail',
      instances: [
        instance('x', 'fail', 'too old', 'too small'),
        instance('y', 'pass'),
        instance('z', 'unknown'),
      ],
    };
    const { checks, findings } = answer({
      checks: [check('z', 'error'), group, check('fine', 'pass')],
    });
    expect(findings).toEqual([]);
    expect(checks).toEqual([
      {
        address: 'aws_thing.b["x"]',
        kind: 'resource',
        status: 'fail',
        problems: ['too old', 'too small'],
      },
      { address: 'aws_thing.b["z"]', kind: 'resource', status: 'unknown', problems: [] },
      { address: 'check.z', kind: 'check', status: 'error', problems: [] },
    ]);
  });

  it('hides secrets in messages', () => {
    const { checks } = answer({
      variables: { t: { value: 'hush-hush-1' } },
      configuration: { root_module: { variables: { t: { sensitive: true } } } },
      checks: [check('c', 'fail', { instances: [], problems: [{ message: 'hush-hush-1 is weak' }] })],
    });
    expect(checks?.[0]?.problems).toEqual(['(sensitive) is weak']);
  });

  it('is left out if all passed, if there are none, or if that part of the plan is malformed', () => {
    for (const checks of [[check('c', 'pass')], [], null, 'x', [null, 3]]) {
      expect(answer({ checks })).not.toHaveProperty('checks');
    }
  });
});

it('lists data sources that only an apply reads, and makes no finding of them', () => {
  const data: Planned = {
    address: 'data.aws_x.y',
    mode: 'data',
    recorded: null,
    desired: { a: 1 },
    actions: ['read'],
  };
  const { findings, inputs } = answer({}, data);
  expect([findings, inputs]).toEqual([[], [{ address: 'data.aws_x.y', reason: null }]]);
});
