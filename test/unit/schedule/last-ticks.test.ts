import { describe, expect, it } from 'vitest';
import { readCron } from '../../../src/schedule/cron.ts';
import { lastTicks } from '../../../src/schedule/last-ticks.ts';

const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);
const texts = (crons: readonly string[], zone: string, now: string, count: number): readonly string[] =>
  lastTicks(crons, zone, at(now), count).map((t) => new Date(t).toISOString().slice(0, 16));

describe('the newest times of a schedule', () => {
  it.each([
    [
      ['0 */2 * * *'],
      'UTC',
      '2026-03-02T12:30:00Z',
      ['2026-03-02T12:00', '2026-03-02T10:00', '2026-03-02T08:00'],
    ],
    // The tick of this minute counts.
    [
      ['30 12 * * *'],
      'UTC',
      '2026-03-02T12:30:20Z',
      ['2026-03-02T12:30', '2026-03-01T12:30', '2026-02-28T12:30'],
    ],
    // Working days: Monday, then Friday.
    [
      ['0 9 * * 1-5'],
      'Europe/Berlin',
      '2026-03-02T12:00:00Z',
      ['2026-03-02T08:00', '2026-02-27T08:00', '2026-02-26T08:00'],
    ],
    // Two crons, a time that both have counts once.
    [
      ['0 6 * * *', '0 6,18 * * *'],
      'UTC',
      '2026-03-02T12:00:00Z',
      ['2026-03-02T06:00', '2026-03-01T18:00', '2026-03-01T06:00'],
    ],
    [
      ['@weekly'],
      'UTC',
      '2026-03-02T12:00:00Z',
      ['2026-03-01T00:00', '2026-02-22T00:00', '2026-02-15T00:00'],
    ],
    // Twice in the last 400 days.
    [['0 0 1 1 *'], 'UTC', '2026-01-20T00:00:00Z', ['2026-01-01T00:00', '2025-01-01T00:00']],
    [[], 'UTC', '2026-03-02T12:00:00Z', []],
  ])('%j in %s at %s', (crons, zone, now, ticks) => {
    expect(texts(crons, zone, now, 3)).toEqual(ticks);
  });

  it.each(['*/7 * * * *', '15 3,21 * * 1-5', '0 0 1 * *', '@daily'])(
    'are those at which %s fires',
    (cron) => {
      const now = at('2026-05-04T15:10:00Z');
      const [newest = 0] = lastTicks([cron], 'Europe/Berlin', now, 4);
      const { firesAt } = readCron(cron, 'Europe/Berlin');
      expect(firesAt(newest)).toBe(true);
      for (let minute = newest + MINUTE; minute <= now; minute += MINUTE) expect(firesAt(minute)).toBe(false);
    },
  );

  it('refuses what is no cron', () => {
    expect(() => lastTicks(['often'], 'UTC', 0, 1)).toThrow('"often" is not a cron');
  });
});
