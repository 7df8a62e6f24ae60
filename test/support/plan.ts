/** Builds the JSON of a Terraform plan from a short description of its resources. */
import type { Json } from '../../src/drift/finding.ts';
import type { PlanDocument } from '../../src/drift/plan-document.ts';
import { readPlan } from '../../src/drift/read-plan.ts';

type Values = { readonly [key: string]: Json };

/** One resource of a hand-written plan. Defaults: actual = recorded, desired = actual. */
export interface Planned {
  readonly address?: string;
  readonly previousAddress?: string;
  readonly mode?: 'managed' | 'data';
  readonly deposed?: string;
  readonly recorded?: Values | null;
  readonly actual?: Values | null;
  readonly desired?: Values | null;
  readonly unknown?: Json;
  readonly sensitive?: Json;
  /** Default: no-op or update by comparing; null leaves the resource out of the changes. */
  readonly actions?: readonly string[] | null;
  readonly replacePaths?: Json;
  readonly importing?: boolean;
  /** Terraform's `action_reason`. */
  readonly reason?: string;
  /** `expressions` of the block; null leaves the block out. Default: a constant for each desired value. */
  readonly expressions?: Values | null;
}

export const THING = 'aws_thing.a';

/** The document `terraform show -json` would write for these resources. */
export function planJson(resources: readonly Planned[], rest: Values = {}): Values {
  const drift: Json[] = [];
  const changes: Json[] = [];
  const blocks = new Map<string, Json>();
  for (const planned of resources) {
    const address = planned.address ?? THING;
    const bare = address.replace(/\[[^\]]*\]/g, '');
    const [type = '', name = ''] = bare.split('.').slice(-2);
    const index = /\[([^\]]*)\]$/.exec(address)?.[1];
    const common = {
      address,
      mode: planned.mode ?? 'managed',
      type,
      name,
      ...(index === undefined ? {} : { index: JSON.parse(index) as Json }),
      ...(planned.previousAddress === undefined ? {} : { previous_address: planned.previousAddress }),
      ...(planned.deposed === undefined ? {} : { deposed: planned.deposed }),
    };
    const recorded = planned.recorded ?? null;
    const actual = planned.actual === undefined ? recorded : planned.actual;
    const desired = planned.desired === undefined ? actual : planned.desired;
    const masks = {
      before_sensitive: planned.sensitive ?? false,
      after_sensitive: planned.sensitive ?? false,
    };
    if (JSON.stringify(recorded) !== JSON.stringify(actual)) {
      const actions = actual === null ? ['delete'] : ['update'];
      drift.push({ ...common, change: { actions, before: recorded, after: actual, ...masks } });
    }
    const same = JSON.stringify(actual) === JSON.stringify(desired) && planned.unknown === undefined;
    const actions = planned.actions === undefined ? [same ? 'no-op' : 'update'] : planned.actions;
    if (actions !== null) {
      const change = {
        actions: [...actions],
        before: actual,
        after: desired,
        after_unknown: planned.unknown ?? {},
        ...masks,
        ...(planned.replacePaths === undefined ? {} : { replace_paths: planned.replacePaths }),
        ...(planned.importing ? { importing: { id: 'x' } } : {}),
      };
      const reason = planned.reason === undefined ? {} : { action_reason: planned.reason };
      changes.push({ ...common, change, ...reason });
    }
    const constants = Object.entries(desired ?? {}).map(([key, value]) => [key, { constant_value: value }]);
    const expressions =
      planned.expressions === undefined ? Object.fromEntries(constants) : planned.expressions;
    if (expressions !== null) {
      blocks.set(bare, { address: bare, mode: common.mode, type, name, expressions } as Json);
    }
  }
  return {
    format_version: '1.2',
    resource_drift: drift,
    resource_changes: changes,
    configuration: { root_module: { resources: [...blocks.values()] } },
    ...rest,
  };
}

/** Like `planJson`, then parsed by m0's plan reader. */
export function plan(resources: readonly Planned[], rest: Values = {}): PlanDocument {
  return readPlan(JSON.stringify(planJson(resources, rest)), 'test plan');
}
