/** Kills m0 before and after every effect of every story: nothing is lost, repeated or applied without a decision. */
import { describe, expect, it } from 'vitest';
import { RUN_STATES } from '../../src/model/run.ts';
import { killAtPoints } from './kill-at-points.ts';

/** State transitions that no story reaches, and why. */
const NEVER: Readonly<Record<string, string>> = {
  'deciding→superseded': 'what has its plan is judged, and tells of it',
};
/** The least number of points; fewer would mean that some effects are no longer tested. */
const LEAST_POINTS = 1_400;

const { crossed } = killAtPoints(1);

describe('all points', () => {
  it('are at least as many as before', () => {
    expect(crossed.length).toBeGreaterThanOrEqual(LEAST_POINTS);
  });

  it('lie before and after every state transition of a run', () => {
    const before = new Set(crossed.flatMap((c) => c.before));
    const after = new Set(crossed.flatMap((c) => c.after));
    const steps = Object.entries(RUN_STATES).flatMap(([from, tos]) => tos.map((to) => `${from}→${to}`));
    expect(steps.filter((s) => before.has(s) && after.has(s)).sort()).toEqual(
      steps.filter((s) => !(s in NEVER)).sort(),
    );
  });
});
