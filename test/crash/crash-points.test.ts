/**
 * Kills m0 at every twelfth point of every story: nothing is lost, repeated or applied without a decision. The long part,
 * `crash-points.long.test.ts`, kills it at all of them.
 */
import { expect, it } from 'vitest';
import { killAtPoints } from './kill-at-points.ts';

const EVERY = 12;
/** The least number of points; fewer would mean that some effects are no longer tested. */
const LEAST_POINTS = 117;

const { crossed } = killAtPoints(EVERY);

it('m0 was killed at as many points as before', () => {
  expect(crossed.length).toBeGreaterThanOrEqual(LEAST_POINTS);
});
