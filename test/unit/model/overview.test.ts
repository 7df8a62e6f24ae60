import { describe, expect, it } from 'vitest';
import { countStates, type Overview, STACK_STATES, stackStatuses } from '../../../src/model/overview.ts';
import { lastTicks } from '../../../src/schedule/last-ticks.ts';

const NOW = Date.parse('2026-03-02T12:30:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function overview(change: Partial<Overview> = {}): Overview {
  return {
    ...{
      runs: [],
      working: [],
      alerts: [],
      answers: [],
      findings: [],
      exemptions: [],
      pauses: [],
      recordedAt: null,
    },
    outbox: { waiting: 0, due: 0, oldestAt: null, doneAt: null, error: null },
    ...change,
  };
}

/** The status of one stack that was last checked `age` ms ago; null: never. */
function one(
  age: number | null,
  change: Partial<Overview> = {},
  schedule: readonly string[] = ['0 */2 * * *'],
) {
  const answers = age === null ? [] : [{ stack: 'a', runId: 1, at: NOW - age }];
  const stack = { name: 'a', environment: 'prod', schedule, timezone: 'UTC' };
  const [status] = stackStatuses([stack], overview({ answers, ...change }), lastTicks, NOW);
  if (status === undefined) throw new Error('no status');
  return status;
}

const alert = (kind: 'drift' | 'failure' | 'empty-state' | 'conditions') => ({
  ...{ kind, subject: 'a', runId: 1, firstSeenAt: NOW - DAY },
});
const FINDING = { address: 'x.y', fingerprint: 'f', origin: 'cloud' as const, stack: 'a', runId: 1 };
const DRIFT = { alerts: [alert('drift')], findings: [FINDING] };
const SNOOZE = {
  kind: 'snooze' as const,
  stack: 'a',
  address: null,
  fingerprint: null,
  until: null,
  endedAt: null,
};

describe('what a stack is', () => {
  it.each([
    ['unknown', null, {}],
    ['aligned', HOUR, {}],
    // Every two hours: 12:00, 10:00, 8:00, 6:00. A check at 6:00 or later is three intervals old at most.
    ['aligned', 6.5 * HOUR, {}],
    ['stale', 6.5 * HOUR + 1, {}],
    ['drifted', HOUR, DRIFT],
    ['quiet', HOUR, { findings: [FINDING], exemptions: [SNOOZE] }],
    ['stale', 30 * DAY, { findings: [FINDING], exemptions: [SNOOZE] }],
    ['failing', HOUR, { alerts: [alert('failure')] }],
    ['failing', 30 * DAY, { alerts: [alert('failure'), alert('drift')], findings: [FINDING] }],
    ['empty', HOUR, { alerts: [alert('empty-state')] }],
    ['unmet', HOUR, { alerts: [alert('conditions')] }],
    // What is known to be wrong stays so, however old it is.
    ['drifted', 30 * DAY, DRIFT],
  ] as const)('is %s', (state, age, change) => {
    expect(one(age, change).state).toBe(state);
  });

  it('says of every state whether its last check is too long ago', () => {
    expect(one(30 * DAY, DRIFT)).toMatchObject({ state: 'drifted', stale: true, open: ['cloud'], runId: 1 });
    expect(one(HOUR, DRIFT).stale).toBe(false);
    expect(one(null).stale).toBe(false);
  });

  it.each([
    ['working hours over a weekend', ['0 9 * * 1-5'], 5.5 * DAY, 'stale'],
    ['working hours since Friday', ['0 9 * * 1-5'], 3 * DAY, 'aligned'],
    ['no schedule, checked last week', [], 6 * DAY, 'aligned'],
    ['no schedule, checked before', [], 8 * DAY, 'stale'],
    ['once a year', ['0 0 1 1 *'], 300 * DAY, 'aligned'],
  ])('by its own schedule: %s', (_, schedule, age, state) => {
    expect(one(age, {}, schedule).state).toBe(state);
  });

  it.each(['queued', 'planning', 'deciding'] as const)(
    'is being checked beside that while a run is %s',
    (state) => {
      const working = [{ stack: 'a', state }];
      expect(one(HOUR, { working })).toMatchObject({ state: 'aligned', checking: true, applying: false });
      expect(one(null, { working })).toMatchObject({ state: 'unknown', checking: true });
    },
  );

  it('is not being checked while something is applied', () => {
    const working = [{ stack: 'a', state: 'applying' as const }];
    expect(one(HOUR, { working })).toMatchObject({ checking: false, applying: true });
  });
});

it('each stack is counted in one state', () => {
  const statuses = STACK_STATES.map((state) => ({ state, checking: state === 'unknown' }));
  const counts = countStates(statuses);
  expect(STACK_STATES.map((state) => counts[state])).toEqual(STACK_STATES.map(() => 1));
  expect(counts).toMatchObject({ total: STACK_STATES.length, checking: 1 });
});
