import { describe, expect, it } from 'vitest';
import { parseMonth, spanOfMonth } from '../../../src/commands/month.ts';
import { parseCommand } from '../../../src/commands/parse.ts';

const NOW = Date.parse('2026-03-31T23:30:00Z');
const ZONE = 'Europe/Berlin';

describe('a month', () => {
  // In Berlin it is April by then.
  it.each([
    ['2026-04', '2026-04', 1],
    ['2025-11', '2025-11', 1],
    ['2025-1', '2025-01', 1],
    ['november', '2025-11', 1],
    ['nov', '2025-11', 1],
    ['april', '2026-04', 1],
    ['may', '2025-05', 1],
    ['nov 2024', '2024-11', 2],
    ['this month', '2026-04', 2],
    ['last month', '2026-03', 2],
  ])('%s is %s', (text, month, used) => {
    expect(parseMonth(text.split(' '), NOW, ZONE)).toEqual({ type: 'month', month, used });
  });

  it('before January is December', () => {
    const january = Date.parse('2026-01-10T00:00:00Z');
    expect(parseMonth(['last', 'month'], january, ZONE)).toMatchObject({ month: '2025-12' });
  });

  it.each(['prod', 'last', 'ma', 'novembers', ''])('%j is none', (word) => {
    expect(parseMonth([word], NOW, ZONE)).toEqual({ type: 'none' });
  });

  it.each(['2026-05', '2026-13', '2026-00', '2027-01'])('%s is a problem', (word) => {
    expect(parseMonth([word], NOW, ZONE).type).toBe('problem');
  });

  it('spans local days, also where the clocks change', () => {
    const { from, until } = spanOfMonth('2026-03', ZONE);
    expect(new Date(from).toISOString()).toBe('2026-02-28T23:00:00.000Z');
    expect(new Date(until).toISOString()).toBe('2026-03-31T22:00:00.000Z');
    expect(spanOfMonth('2025-12', 'UTC').until).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });
});

it.each([
  ['report', null, null],
  ['report prod', 'prod', null],
  ['report last month', null, '2026-03'],
  ['report prod november 2025', 'prod', '2025-11'],
  ['report stack:november', 'stack:november', null],
  ['report prod-* 2026-02', 'prod-*', '2026-02'],
])('"%s" is read', (text, target, month) => {
  expect(parseCommand(text, { now: NOW, zone: ZONE, answers: null })).toEqual({
    ok: true,
    command: { command: 'report', target, month },
  });
});

it.each(['report prod often', 'report 2030-01', 'report prod 2026-13', 'report november prod'])(
  '"%s" is refused',
  (text) => {
    expect(parseCommand(text, { now: NOW, zone: ZONE, answers: null }).ok).toBe(false);
  },
);
