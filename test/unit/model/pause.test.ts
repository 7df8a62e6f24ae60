import { describe, expect, it } from 'vitest';
import { isSamePauseTarget, type Pause, pauseCovers, pausesOf } from '../../../src/model/pause.ts';
import { DANA, NOON } from '../../support/runs.ts';

const STACK = { name: 'prod-network', environment: 'prod' };

describe('what a pause covers', () => {
  it.each([
    ['prod-network', true],
    ['prod', true],
    ['PROD', true],
    ['env:prod', true],
    ['Environment:prod', true],
    ['stack:prod-network', true],
    ['stack:prod', false],
    ['env:prod-network', false],
    ['*', true],
    ['*-network', true],
    ['prod-networ?', true],
    ['stack:prod-*', true],
    ['env:*', false],
    ['prod-net', false],
    ['', false],
  ])('%j: %s', (target, covered) => {
    expect(pauseCovers(target, STACK)).toBe(covered);
  });

  it('is a stack and an environment of one name, so that no new stack of m0.yaml ends a pause', () => {
    expect(pauseCovers('app', { name: 'app', environment: 'dev' })).toBe(true);
    expect(pauseCovers('app', { name: 'api', environment: 'app' })).toBe(true);
  });

  it('is nothing once it has ended', () => {
    const pause: Pause = {
      ...{ id: 1, target: 'prod', by: DANA, at: NOON, reason: 'r', endedBy: null, endedAt: null },
    };
    expect(pausesOf([pause, { ...pause, id: 2, endedAt: NOON + 1, endedBy: DANA }], STACK)).toEqual([pause]);
  });
});

it.each([
  ['prod', 'PROD', true],
  ['env:prod', 'environment:Prod', true],
  ['prod', 'env:prod', false],
  ['env:prod', 'stack:prod', false],
  ['prod', 'prod-*', false],
])('%s and %s are the same target: %s', (a, b, same) => {
  expect(isSamePauseTarget(a, b)).toBe(same);
});
