import { expect, it } from 'vitest';
import { expectNoticed } from '../../support/noticed.ts';
import { readJson, realPlans, valuePlaces } from '../../support/plan-mutations.ts';

const plans = realPlans()
  .map((file) => [file.split('/test/')[1] ?? file, readJson(file)] as const)
  .filter(([, plan]) => valuePlaces(plan).length > 0);

it('there are real plans', () => {
  expect(plans.length).toBeGreaterThan(30);
});

it.each(plans)(
  'each value of each change in %s is noticed when it changes',
  { timeout: 600_000 },
  (_file, plan) => {
    for (const place of valuePlaces(plan)) expectNoticed(plan, place);
  },
);
