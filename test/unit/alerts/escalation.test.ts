import { describe, expect, it } from 'vitest';
import { dueSteps } from '../../../src/alerts/escalation.ts';

const MINUTE = 60_000;
const STEPS = [
  { afterMs: 30 * MINUTE, to: 'sre', everyMs: null },
  { afterMs: 60 * MINUTE, to: 'asked', everyMs: 60 * MINUTE },
];

describe('steps of an escalation that are due', () => {
  it.each([
    [0, []],
    [29.9, []],
    [30, [[0, 1]]],
    [
      60,
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      119,
      [
        [0, 1],
        [1, 1],
      ],
    ],
    [
      240,
      [
        [0, 1],
        [1, 4],
      ],
    ],
  ])('after %s minutes', (minutes, expected) => {
    expect(dueSteps(STEPS, minutes * MINUTE).map(({ index, times }) => [index, times])).toEqual(expected);
  });

  it('none where the clock was set back behind the first message', () => {
    expect(dueSteps(STEPS, -MINUTE)).toEqual([]);
  });
});
