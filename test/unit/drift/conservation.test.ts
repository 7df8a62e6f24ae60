import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { sameChange } from '../../../src/drift/change-hash.ts';
import { untoldChanges } from '../../../src/drift/conservation.ts';
import type { Analysis, Json } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import { adjusted, changedStacks, plannedOf } from '../../support/drift-generators.ts';
import { planJson } from '../../support/plan.ts';
import {
  entriesOf,
  readJson,
  realPlans,
  type ValuePlace,
  valuePlaces,
  withOther,
} from '../../support/plan-mutations.ts';

const read = (plan: Json): Analysis => analyzePlan(readPlan(JSON.stringify(plan), 'p'), { key: 'k' });

/** What a policy sees of a plan: every change, and every finding with its values. */
function seen({ changes, findings }: Analysis): string {
  const told = findings.map(({ fingerprint: _, change: __, ...finding }) => finding);
  return JSON.stringify([changes.map(({ address, actions, paths }) => [address, actions, paths]), told]);
}

/**
 * True if the values at this place are not shown, so that only the hash tells them apart: masked values look alike
 * for everybody; `tags` repeats what `tags_all` says; a replaced or forgotten resource is told by what comes of it,
 * and a computed value by its path.
 */
function isHidden(plan: Json, place: ValuePlace, analysis: Analysis): boolean {
  const actions = entriesOf(plan)[place.change]?.change.actions ?? [];
  const goes = place.side === 'before' && !actions.includes('update');
  const address = entriesOf(plan)[place.change]?.address;
  const follows = analysis.findings.find((finding) => finding.address === address)?.follows ?? [];
  const computed = follows.some((path) => path === String(place.path[0]));
  return (
    goes || computed || place.path[0] === 'tags' || /"sensitive":true|\(sensitive\)/.test(seen(analysis))
  );
}

function expectNoticed(plan: Json, place: ValuePlace): void {
  const address = entriesOf(plan)[place.change]?.address ?? '';
  const [before, after] = [read(plan), read(withOther(plan, place))];
  const hashes = (analysis: Analysis): string[] =>
    analysis.changes.filter((change) => change.address === address).map((change) => change.hash);
  const where = `${address} ${place.side} ${place.path.join('.')}`;
  const [was, is] = [hashes(before), hashes(after)];
  const same = was.length === is.length && was.every((hash, i) => sameChange(hash, is[i] ?? ''));
  expect(same, `the hash of ${where}`).toBe(false);
  // The other value may be the one that the update sets: then nobody can say what the update is for.
  const idle = after.changes.some(
    ({ address: own, actions, effect, paths }) =>
      own === address && actions.join() === 'update' && effect === 'change' && paths.length === 0,
  );
  expect(after.untold, where).toEqual(idle ? [address] : []);
  if (!isHidden(plan, place, before)) expect(seen(after), where).not.toBe(seen(before));
}

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
