import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';

type Change = { readonly address: string; readonly mode?: string; readonly change: Json };

const resource = (address: string, mode = 'managed', more: object = {}) => ({
  ...{ address, mode, type: 'terraform_data', name: 'a' },
  ...more,
});
const state = (root: Json): Json => ({ format_version: '1.0', values: { root_module: root } });
const created = (address: string): Change => ({
  address,
  change: { actions: ['create'], before: null, after: {} },
});
const deletedByHand = (address: string): Change => ({
  address,
  change: { actions: ['delete'], before: { id: 'x' }, after: null },
});

function sizeOf(
  parts: { prior?: Json; drift?: readonly Change[]; changes?: readonly Change[] },
  mode = 'managed',
): number | undefined {
  const entry = (one: Change) => ({ mode, type: 'terraform_data', name: 'a', ...one });
  const document = {
    format_version: '1.2',
    resource_changes: (parts.changes ?? []).map(entry),
    resource_drift: (parts.drift ?? []).map(entry),
    ...(parts.prior === undefined ? {} : { prior_state: parts.prior }),
  };
  return analyzePlan(readPlan(JSON.stringify(document), 'plan'), { key: 'k' }).resourcesInState;
}

describe('the number of resources in the state', () => {
  it('is 0 without a prior state, whatever the code creates', () => {
    expect(sizeOf({ changes: [created('terraform_data.a')] })).toBe(0);
  });

  it('is 0 for a state that has outputs only', () => {
    expect(sizeOf({ prior: { format_version: '1.0', values: { outputs: {}, root_module: {} } } })).toBe(0);
  });

  it('counts instances in all modules, and no data sources', () => {
    const prior = state({
      resources: [resource('terraform_data.a'), resource('data.http.b', 'data')],
      child_modules: [
        {
          resources: [resource('module.m.terraform_data.a[0]'), resource('module.m.terraform_data.a[1]')],
          child_modules: [{ resources: [resource('module.m.module.n.terraform_data.a')] }],
        },
        {},
      ],
    });
    expect(sizeOf({ prior })).toBe(4);
  });

  it('is 0 where only data sources were read', () => {
    expect(sizeOf({ prior: state({ resources: [resource('data.http.b', 'data')] }) })).toBe(0);
  });

  it('counts what was deleted by hand: the state still records it, and the refreshed one does not', () => {
    const drift = [deletedByHand('terraform_data.a'), deletedByHand('terraform_data.b')];
    expect(sizeOf({ drift, changes: [created('terraform_data.a')] })).toBe(2);
    expect(sizeOf({ drift, prior: state({ resources: [resource('terraform_data.c')] }) })).toBe(3);
  });

  it('does not count a data source that is gone', () => {
    expect(sizeOf({ drift: [deletedByHand('data.http.b')] }, 'data')).toBe(0);
  });

  it('does not count what the plan imports: it is in the refreshed state, and not recorded', () => {
    const change = { actions: ['update'], before: {}, after: {}, importing: { id: 'abc' } };
    const prior = state({ resources: [resource('terraform_data.a')] });
    expect(sizeOf({ prior, changes: [{ address: 'terraform_data.a', change }] })).toBe(0);
  });
});
