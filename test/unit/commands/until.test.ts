import { describe, expect, it } from 'vitest';
import { parseUntil } from '../../../src/commands/until.ts';

const BERLIN = 'Europe/Berlin';

function until(text: string, now: string, zone = BERLIN): string {
  const result = parseUntil(text.toLowerCase().split(' '), Date.parse(now), zone);
  if (result.type === 'at') return `${new Date(result.at).toISOString().slice(0, 16)} ${result.used}`;
  if (result.type === 'changes') return `changes ${result.used}`;
  return result.type === 'none' ? 'none' : result.problem;
}

describe('parseUntil', () => {
  // Wednesday 15 July 2026, 14:02 in Berlin.
  const now = '2026-07-15T12:02:00Z';
  it.each([
    ['30m', '2026-07-15T12:32 1'],
    ['2h', '2026-07-15T14:02 1'],
    ['1h30m', '2026-07-15T13:32 1'],
    ['1.5h', '2026-07-15T13:32 1'],
    ['2 hours because', '2026-07-15T14:02 2'],
    ['for 3 days', '2026-07-18T12:02 3'],
    ['1w', '2026-07-22T12:02 1'],
    ['3d 4 people know', '2026-07-18T12:02 1'],
    ['until monday 9:00', '2026-07-20T07:00 3'],
    ['until mon', '2026-07-20T07:00 2'],
    ['until monday vendor is back', '2026-07-20T07:00 2'],
    ['until monday at 17 please', '2026-07-20T15:00 4'],
    ['until wednesday 13:00', '2026-07-22T11:00 3'],
    ['until wednesday 15:00', '2026-07-15T13:00 3'],
    ['until tomorrow', '2026-07-16T07:00 2'],
    ['until it changes because of audit', 'changes 3'],
    ['until changed', 'changes 2'],
    ['until a value moves', 'changes 4'],

    ['until today 18:00', '2026-07-15T16:00 3'],
    ['until 18:00', '2026-07-15T16:00 2'],
    ['until 9:00', '2026-07-16T07:00 2'],
    ['until 5:30 pm', '2026-07-15T15:30 3'],
    ['until 9am', '2026-07-16T07:00 2'],
    ['until 12am', '2026-07-15T22:00 2'],
    ['until 2026-08-01 09:00', '2026-08-01T07:00 3'],
    ['until 2026-08-01T09:00 x', '2026-08-01T07:00 2'],
    ['until 2026-08-01', '2026-08-01T07:00 2'],
    ['vendor', 'none'],
    ['2x', 'none'],
    ['2', 'none'],
  ])('%s', (text, expected) => {
    expect(until(text, now)).toBe(expected);
  });

  it('depends on the time zone', () => {
    expect(until('until monday 9:00', now, 'America/New_York')).toBe('2026-07-20T13:00 3');
    expect(until('until monday 9:00', now, 'Asia/Kolkata')).toBe('2026-07-20T03:30 3');
    expect(until('until tomorrow', '2026-07-15T23:30:00Z')).toBe('2026-07-17T07:00 2');
  });

  it('handles daylight saving time', () => {
    // Berlin goes back on 25 October 2026 and forward on 28 March 2027.
    expect(until('until monday 9:00', '2026-10-23T12:00:00Z')).toBe('2026-10-26T08:00 3');
    expect(until('until monday 9:00', '2027-03-26T12:00:00Z')).toBe('2027-03-29T07:00 3');
    // 2:30 exists twice in that night: the first one, or the second if the first has passed.
    expect(until('until 2026-10-25 2:30', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30 3');
    expect(until('until 2:30', '2026-10-25T00:45:00Z')).toBe('2026-10-25T01:30 2');
    // 2:30 does not exist: half an hour after the jump.
    expect(until('until 2027-03-28 2:30', '2027-03-27T12:00:00Z')).toBe('2027-03-28T01:30 3');
  });

  it('enforces the limits', () => {
    expect(until('5m', now)).toBe('2026-07-15T12:07 1');
    expect(until('4m', now)).toMatch(/at least 5 minutes/);
    expect(until('90d', now)).toBe('2026-10-13T12:02 1');
    expect(until('91d', now)).toMatch(/at most 90 days/);
    expect(until('until 2020-01-01', now)).toMatch(/passed/);
    expect(until('until 14:04', now)).toMatch(/at least 5 minutes/);
    expect(until('until tomorrow', now, 'Not/AZone')).toMatch(/time zone/);
  });
});
