import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { untoldChanges } from '../../../src/drift/conservation.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { adjusted, changedStacks, plannedOf } from '../../support/drift-generators.ts';
import { expectNoticed, read } from '../../support/noticed.ts';
import { planJson } from '../../support/plan.ts';
import { readJson, realPlans, type ValuePlace, valuePlaces } from '../../support/plan-mutations.ts';

const plans = realPlans()
  .map((file) => {
    const plan = readJson(file);
    return { plan, places: valuePlaces(plan) };
  })
  .filter(({ places }) => places.length > 0);

describe('the law of conservation', () => {
  it('holds for any generated plan', () => {
    fc.assert(
      fc.property(changedStacks, (given) => {
        const plan = planJson(given.map(adjusted).map(plannedOf)) as Json;
        expect(read(plan).untold).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('a changed value of a generated change moves its hash and is seen by a policy', () => {
    fc.assert(
      fc.property(changedStacks, fc.nat(), (given, at) => {
        const plan = planJson(given.map(adjusted).map(plannedOf)) as Json;
        const places = valuePlaces(plan);
        fc.pre(places.length > 0);
        expectNoticed(plan, places[at % places.length] as ValuePlace);
      }),
      { numRuns: 300 },
    );
  });

  it('a changed value of a real plan moves its hash and is seen by a policy', () => {
    expect(plans.length).toBeGreaterThan(30);
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (which, at) => {
        const { plan, places } = plans[which % plans.length] as (typeof plans)[number];
        expectNoticed(plan, places[at % places.length] as ValuePlace);
      }),
      { numRuns: 400 },
    );
  });

  it('is broken by a finding that leaves out a path', () => {
    const planned = { recorded: { a: 1, b: 1 }, actual: { a: 2, b: 1 }, desired: { a: 1, b: 2 } };
    const { changes, findings } = read(planJson([planned]) as Json);
    expect(untoldChanges(changes, { findings })).toEqual([]);
    const [finding] = findings;
    const hidden = { ...finding, attributes: finding?.attributes.slice(1) ?? [] } as NonNullable<
      typeof finding
    >;
    expect(untoldChanges(changes, { findings: [hidden] })).toEqual(['aws_thing.a']);
    expect(untoldChanges(changes, { findings: [] })).toEqual(['aws_thing.a']);
  });
});
