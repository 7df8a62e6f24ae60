import { describe, expect, it } from 'vitest';
import { jitterOf } from '../../../src/schedule/jitter.ts';

const names = Array.from({ length: 400 }, (_, i) => `stack-${i}`);
const delays = (schedule: string[]): number[] => {
  const delayOf = jitterOf(names.map((name) => ({ name, schedule })));
  return names.map(delayOf);
};

describe('jitterOf', () => {
  it.each([
    [['0 */2 * * *'], 60_000],
    [['@daily'], 60_000],
    [['*/10 * * * *'], 60_000],
    [['*/5 * * * *'], 30_000],
    [['* * * * *'], 6_000],
    [['0 9 * * *', '58 * * * *'], 12_000],
    [['7,9 3 1 1 *'], 12_000],
  ])('spreads %j over less than %i ms', (schedule, most) => {
    const all = delays(schedule);
    expect(Math.max(...all)).toBeLessThan(most);
    expect(Math.max(...all)).toBeGreaterThan(most * 0.9);
    expect(Math.min(...all)).toBeLessThan(most * 0.1);
    // No tenth of the span gets more than twice its share of the 400.
    const tenths = Array.from({ length: 10 }, (_, i) => all.filter((d) => Math.floor((d / most) * 10) === i));
    expect(Math.max(...tenths.map((t) => t.length))).toBeLessThan(80);
  });

  it('is the same for a stack each time, whoever is beside it', () => {
    const [first] = delays(['0 * * * *']);
    const beside = jitterOf([
      { name: 'other', schedule: [] },
      { name: 'stack-0', schedule: ['0 * * * *'] },
    ]);
    expect(beside('stack-0')).toBe(first);
  });

  it('lets a single stack start on time', () => {
    expect(jitterOf([{ name: 'stack-0', schedule: ['0 * * * *'] }])('stack-0')).toBe(0);
  });
});
