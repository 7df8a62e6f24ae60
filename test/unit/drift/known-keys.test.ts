import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Analysis, Json } from '../../../src/drift/finding.ts';
import { planParts } from '../../../src/drift/plan-parts.ts';
import { PlanError, readPlan } from '../../../src/drift/read-plan.ts';
import { summarizeAnalysis } from '../../../src/drift/summary.ts';
import { planJson } from '../../support/plan.ts';

type Values = { readonly [key: string]: Json };

const CHANGE: Values = { actions: ['update'], before: { a: 1 }, after: { a: 2 } };

/** One entry of `resource_changes`. */
function entry(more: Values = {}, change: Values = {}): Values {
  return {
    ...{ address: 'aws_thing.a', mode: 'managed', type: 'aws_thing', name: 'a' },
    change: { ...CHANGE, ...change },
    ...more,
  };
}

function analysisOf(rest: Values): Analysis {
  return analyzePlan(readPlan(JSON.stringify(planJson([], rest)), 'test'), { key: 'k' });
}

const notUnderstood = (rest: Values): readonly string[] | undefined => analysisOf(rest).notUnderstood;

describe('what m0 does not know in a plan', () => {
  it('is nothing in a plan with every key of Terraform 1.15 and OpenTofu 1.13', () => {
    const change = {
      ...{ after_unknown: {}, before_sensitive: {}, after_sensitive: {}, replace_paths: [['a']] },
      ...{ importing: { id: 'x', unknown: true }, generated_config: 'resource {}' },
      ...{ before_identity: { id: 'x' }, after_identity: { id: 'x' } },
    };
    const more = {
      ...{ previous_address: 'aws_thing.b', module_address: 'module.m', index: 0, index_unknown: true },
      ...{ provider_name: 'p', deposed: 'dead', action_reason: 'replace_by_request' },
    };
    const invocation = {
      ...{ address: 'action.x.y', type: 'x', name: 'y', provider_name: 'p' },
      ...{ config_values: { a: 1 }, config_sensitive: { a: true }, config_unknown: { b: true } },
      ...{ lifecycle_action_trigger: { on_failure: 'halt' }, invoke_action_trigger: {} },
    };
    expect(
      notUnderstood({
        ...{ terraform_version: '1.15.0', variables: { a: { value: 1 } }, planned_values: { a: 1 } },
        ...{ resource_drift: [entry(more, change)], resource_changes: [entry(more, change)] },
        ...{ output_changes: { o: { ...CHANGE, ...change } }, action_invocations: [invocation] },
        ...{ relevant_attributes: [{ resource: 'a', attribute: ['b'] }], checks: [{ a: 1 }] },
        ...{ timestamp: '2026-01-01T00:00:00Z', applyable: true, complete: true, errored: false },
        ...{ prior_state: { values: {} }, proposed_unknown: { a: 1 }, condition_results: [1] },
      }),
    ).toBeUndefined();
  });

  it.each<[string, Values, string]>([
    ['a list of the plan', { later: [{}] }, 'later'],
    ['a flag that suggests changes', { has_deferrals: true }, 'has_deferrals'],
    ['a key of a resource', { resource_changes: [entry({ forms: 1 })] }, 'resource_changes[0].forms'],
    [
      'a key of a drifted resource',
      { resource_drift: [entry(), entry({ by: 'x' })] },
      'resource_drift[1].by',
    ],
    [
      'a key of a change',
      { resource_changes: [entry(), entry({}, { foo: [0] })] },
      'resource_changes[1].change.foo',
    ],
    ['a key of an output', { output_changes: { o: { ...CHANGE, foo: 1 } } }, 'output_changes.o.foo'],
    [
      'a key of an invocation',
      { action_invocations: [{ address: 'a', type: 'b', foo: 1 }] },
      'action_invocations[0].foo',
    ],
    ['another mode', { resource_changes: [entry({ mode: 'list' })] }, 'resource_changes[0].mode "list"'],
  ])('is named: %s', (_name, rest, place) => {
    expect(notUnderstood(rest)).toEqual([`the plan has ${place}, which m0 does not know: update m0`]);
  });

  it.each<[string, Values]>([
    ['a text of the plan that suggests none', { hostname: 'ci-1' }],
    ['an empty list', { later: [] }],
    ['a flag that is false', { has_deferrals: false }],
    ['empty keys of a change', { resource_changes: [entry({ x: null, y: {} }, { foo: false, bar: '' })] }],
  ])('does not count if it carries no change: %s', (_name, rest) => {
    expect(notUnderstood(rest)).toBeUndefined();
  });

  it('is one sentence for the same key of many resources, and at most eleven in all', () => {
    const many = Array.from({ length: 500 }, () => entry({}, { foo: 1 }));
    expect(notUnderstood({ resource_changes: many })).toEqual([
      'the plan has resource_changes[0].change.foo and in 499 more places, which m0 does not know: update m0',
    ]);
    const keys = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, [1]]));
    expect(notUnderstood(keys)).toHaveLength(11);
  });

  it('is told in the first line, and shows no secret in a key', () => {
    const secret = 'hunter2-hunter2';
    const masked = entry({}, { before: { a: secret }, after: { a: secret }, before_sensitive: { a: true } });
    const analysis = analysisOf({ resource_changes: [masked], [`x${secret}`]: { a: 1 } });
    expect(JSON.stringify(analysis.notUnderstood)).toContain('x(sensitive)');
    const none = analysisOf({ later: [{}] });
    expect(summarizeAnalysis(none, 'net')).toEqual([
      'Nothing found in net, but the plan is not fully understood: the plan has later, which m0 does not know: update m0',
    ]);
    const some = analysisOf({ resource_changes: [entry({}, { foo: 1 })] });
    expect(summarizeAnalysis(some, 'net')[1]).toMatch(/^But the plan is not fully understood: .*foo/);
  });

  it('an unknown action is refused', () => {
    expect(() => analysisOf({ resource_changes: [entry({}, { actions: ['resize'] })] })).toThrow(PlanError);
  });
});

describe('action invocations', () => {
  it('are read with what triggers them', () => {
    const trigger = { triggering_resource_address: 'aws_instance.web', action_trigger_event: 'BeforeUpdate' };
    const plan = readPlan(
      JSON.stringify({
        format_version: '1.2',
        resource_changes: [],
        action_invocations: [
          { address: 'action.a.x', type: 'a', config_values: { k: 1 }, lifecycle_action_trigger: trigger },
          { address: 'action.a.y', type: 'a', invoke_action_trigger: {}, config_sensitive: { k: true } },
        ],
      }),
      'test',
    );
    const base = { type: 'a', configValues: null, configSensitive: null };
    expect(planParts(plan).invocations).toEqual([
      {
        ...base,
        address: 'action.a.x',
        triggeredBy: 'aws_instance.web',
        event: 'BeforeUpdate',
        configValues: { k: 1 },
      },
      { ...base, address: 'action.a.y', triggeredBy: null, event: null, configSensitive: { k: true } },
    ]);
  });

  it.each<[string, Json]>([
    ['no list', {}],
    ['an entry without a type', [{ address: 'a' }]],
  ])('are refused: %s', (_name, invocations) => {
    const text = JSON.stringify({
      format_version: '1.2',
      resource_changes: [],
      action_invocations: invocations,
    });
    expect(() => readPlan(text, 'test')).toThrow(/^test: action_invocations/);
  });

  it('their secrets are hidden everywhere', () => {
    const { secrets: _, ...shown } = analysisOf({
      resource_changes: [entry({}, { after: { a: 'token-of-the-action' } })],
      action_invocations: [
        {
          ...{ address: 'action.a.x', type: 'a', config_values: { k: 'token-of-the-action' } },
          config_sensitive: { k: true },
        },
      ],
    });
    expect(JSON.stringify(shown)).not.toContain('token-of-the-action');
  });
});
