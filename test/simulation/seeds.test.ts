/**
 * Seeded simulations of two replicas and two workers: see docs/explanation/simulation.md. `M0_SEED=17` runs one seed and
 * prints what happens in it.
 */
import { describe, expect, it } from 'vitest';
import { foundText, simulateSeeds } from '../support/simulation/seeds.ts';

/** How many seeds `npm test` runs; `npm run test:long` runs more. */
const SEEDS = 24;

const asked = process.env.M0_SEED;

describe.runIf(asked !== undefined)('one seed', () => {
  it(`goes as M0_SEED=${asked} says`, async () => {
    const { results, found } = await simulateSeeds({ first: Number(asked), count: 1, isTraced: true });
    process.stdout.write(`${results.flatMap(({ trace }) => trace).join('\n')}\n`);
    expect(foundText(found)).toBe('');
  });
});

describe.skipIf(asked !== undefined)('seeded schedules', () => {
  it('a seed decides all that happens', async () => {
    const one = await simulateSeeds({ first: 1, count: 4, isTraced: true });
    const again = await simulateSeeds({ first: 1, count: 4, isTraced: true, threads: 1 });
    expect(again.results.map(({ trace }) => trace)).toEqual(one.results.map(({ trace }) => trace));
    expect(again.results.map(({ hash }) => hash)).toEqual(one.results.map(({ hash }) => hash));
    expect(new Set(one.results.map(({ hash }) => hash)).size).toBe(4);
  });

  it('whatever is killed, frozen or delayed, nothing is lost, doubled or stuck', async () => {
    const { results, found } = await simulateSeeds({ first: 1, count: SEEDS });
    expect(foundText(found)).toBe('');
    expect(results).toHaveLength(SEEDS);
    // The seeds are worth something only if all of this happens in them.
    const sum = (of: (counts: (typeof results)[number]['counts']) => number): number =>
      results.reduce((all, { counts }) => all + of(counts), 0);
    expect(sum(({ applies }) => applies)).toBeGreaterThan(SEEDS / 2);
    expect(sum(({ kills }) => kills)).toBeGreaterThan(SEEDS);
    expect(sum(({ freezes }) => freezes)).toBeGreaterThan(SEEDS);
    expect(sum(({ takeovers }) => takeovers)).toBeGreaterThan(SEEDS * 1.2);
    expect(sum(({ acknowledged }) => acknowledged)).toBeGreaterThan(SEEDS * 2);
  });
});
