import { describe, expect, it } from 'vitest';
import { whyNotByItself } from '../../../src/runs/why-not.ts';

const KNOWN = { untold: [] };

describe('why m0 may not apply a plan by itself', () => {
  it('is nothing for a plan that is whole, known and told', () => {
    expect(whyNotByItself(KNOWN, true)).toBeNull();
    expect(whyNotByItself({ ...KNOWN, partial: [], notUnderstood: [] }, true)).toBeNull();
  });

  it('a partial plan counts unless m0 itself limited it', () => {
    const plan = { ...KNOWN, partial: ['it was made with -target'] };
    expect(whyNotByItself(plan, true)).toBe('the plan is partial: it was made with -target');
    expect(whyNotByItself(plan, false)).toBeNull();
  });

  it('what is not understood or not told always counts', () => {
    const plan = { untold: ['a.a', 'a.b', 'a.c', 'a.d'], notUnderstood: ['x'], partial: ['p'] };
    const always =
      'the plan is not fully understood: x; no finding tells all that the plan changes of a.a, a.b, a.c and 1 more';
    expect(whyNotByItself(plan, false)).toBe(always);
    expect(whyNotByItself(plan, true)).toBe(`${always}; the plan is partial: p`);
  });

  it('fits on a card', () => {
    expect(whyNotByItself({ ...KNOWN, notUnderstood: ['y'.repeat(9000)] }, true)?.length).toBeLessThanOrEqual(
      500,
    );
  });
});
