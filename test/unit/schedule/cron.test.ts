import { describe, expect, it } from 'vitest';
import { isValidCron, readCron } from '../../../src/schedule/cron.ts';

const MINUTE = 60_000;

/** Every minute from `from` to `to` at which the cron fires, as UTC. */
function firings(text: string, zone: string, from: string, to: string): string[] {
  const cron = readCron(text, zone);
  const found: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += MINUTE) {
    if (cron.firesAt(at)) found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

describe('isValidCron', () => {
  it.each(['* * * * *', '0 */2 * * *', ' 0  9 * * 1-5 ', '0 9 * * mon-fri', '@daily', '0 9 L * *'])(
    'takes %s',
    (text) => expect(isValidCron(text)).toBe(true),
  );
  it.each([
    '',
    'daily',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '0 25 * * *',
    '@often',
    '0 9 * * monday-ish',
  ])('refuses "%s"', (text) => {
    expect(isValidCron(text)).toBe(false);
    expect(() => readCron(text, 'UTC')).toThrow('is not a cron');
  });
});

describe('readCron', () => {
  it('fires at the wall-clock time of its zone, in winter and in summer', () => {
    const day = (d: string) => firings('0 9 * * *', 'Europe/Berlin', `${d}T00:00Z`, `${d}T23:59Z`);
    expect(day('2026-01-15')).toEqual(['01-15T08:00']);
    expect(day('2026-07-15')).toEqual(['07-15T07:00']);
  });

  it('fires at midnight, and where the zone is off by half an hour', () => {
    expect(firings('0 0 * * *', 'Asia/Kolkata', '2026-01-15T00:00Z', '2026-01-16T00:00Z')).toEqual([
      '01-15T18:30',
    ]);
  });

  it('clocks put forward: what stood in the hour left out comes right after it', () => {
    // Berlin, 2026-03-29: 02:00 -> 03:00 at 01:00Z.
    const night = (text: string) => firings(text, 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T02:30Z');
    expect(night('30 2 * * *')).toEqual(['03-29T01:00']);
    expect(night('0 3 * * *')).toEqual(['03-29T01:00']);
    expect(night('0 * * * *')).toEqual(['03-29T00:00', '03-29T01:00', '03-29T02:00']);
  });

  it('clocks put back: a fixed hour fires once, every hour goes on', () => {
    // Berlin, 2026-10-25: 03:00 -> 02:00 at 01:00Z.
    const night = (text: string) => firings(text, 'Europe/Berlin', '2026-10-24T23:30Z', '2026-10-25T02:30Z');
    expect(night('30 2 * * *')).toEqual(['10-25T00:30']);
    expect(night('0 * * * *')).toEqual(['10-25T00:00', '10-25T01:00', '10-25T02:00']);
  });
});
