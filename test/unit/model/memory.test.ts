import { describe, expect, it } from 'vitest';
import { isAlertOfBackup, type Memory, messageKey, restoreSince } from '../../../src/model/memory.ts';

const first = { at: 1_000, of: 'aaa', lastRun: 56, lastAlert: 5, lastDelivery: 9, runsAfter: 10_056 };
const second = {
  ...{ at: 2_000, of: 'bbb', lastRun: 10_060, lastAlert: 10_007 },
  ...{ lastDelivery: 10_020, runsAfter: 20_060 },
};
const NEW: Memory = { id: 'aaa', restores: [] };
const ONCE: Memory = { id: 'bbb', restores: [first] };
const TWICE: Memory = { id: 'ccc', restores: [first, second] };

describe('a run number', () => {
  it.each([
    ['stored in the back-up', ONCE, 56, null],
    ['the first one after the back-up', ONCE, 57, first],
    ['the last one before the jump', ONCE, 10_056, first],
    ['the first one after the restore', ONCE, 10_057, null],
    ['of a database that was never restored', NEW, 57, null],
    ['of the time before the first restore, after a second one', TWICE, 57, first],
    ['of the time before the second restore', TWICE, 10_061, second],
    ['of the time after both', TWICE, 20_061, null],
  ])('%s', (_, memory, run, restore) => {
    expect(restoreSince(memory, run)).toBe(restore);
  });
});

describe('the key of a message', () => {
  it.each([
    ['of an alert of this memory', NEW, { alert: 5 }, 'aaa/k'],
    ['of an alert that is in the back-up', ONCE, { alert: 5 }, 'aaa/k'],
    ['of an alert since the restore', ONCE, { alert: 10_006 }, 'bbb/k'],
    ['of a delivery that is in the back-up', ONCE, { delivery: 9 }, 'aaa/k'],
    ['of a delivery since the restore', ONCE, { delivery: 10 }, 'bbb/k'],
    ['of an alert that is in both back-ups', TWICE, { alert: 5 }, 'aaa/k'],
    ['of an alert that is in the second back-up', TWICE, { alert: 10_006 }, 'bbb/k'],
    ['of an alert since the second restore', TWICE, { alert: 20_008 }, 'ccc/k'],
    ['in a database without an id', { id: '', restores: [] }, { alert: 5 }, 'k'],
    [
      'of an alert in a back-up without an id',
      { id: 'b', restores: [{ ...first, of: '' }] },
      { alert: 5 },
      'k',
    ],
  ] as const)('%s', (_, memory, about, key) => {
    expect(messageKey(memory, about, 'k')).toBe(key);
  });
});

it('an alert is of the back-up up to the newest one that is stored there', () => {
  expect([5, 6, 10_007, 10_008].map((id) => isAlertOfBackup(TWICE, id))).toEqual([true, true, true, false]);
  expect(isAlertOfBackup(NEW, 1)).toBe(false);
});
