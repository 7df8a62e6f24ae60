import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { type Schedule, type ScheduleOptions, startSchedule } from '../../../src/schedule/schedule.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-02-03T10:00:30Z');

describe('startSchedule', () => {
  let ticks: string[];
  let lines: string[];
  let last: Map<string, number>;
  let running: Schedule | undefined;

  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    ticks = [];
    lines = [];
    last = new Map();
  });
  afterEach(() => {
    running?.stop();
    running = undefined;
    vi.useRealTimers();
  });

  async function start(
    schedules: Record<string, string[]>,
    over: Partial<ScheduleOptions> = {},
  ): Promise<void> {
    running = await startSchedule({
      stacks: Object.entries(schedules).map(([name, schedule]) => ({ name, schedule, timezone: 'UTC' })),
      now: () => Date.now(),
      onTick: (stack) => {
        ticks.push(`${stack} ${new Date().toISOString().slice(11, 16)}`);
      },
      log: createLogger('info', { write: (line) => void lines.push(line) }),
      lastTick: async (stack) => last.get(stack),
      setLastTick: async (stack, at) => void last.set(stack, at),
      ...over,
    });
  }
  const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * MINUTE);

  it('ticks each stack at its own times, and remembers it', async () => {
    await start({ a: ['*/15 * * * *'], b: ['0 11 * * *'], c: [] });
    await pass(61);
    expect(ticks).toEqual(['a 10:15', 'a 10:30', 'a 10:45', 'a 11:00', 'b 11:00']);
    expect(last.get('b')).toBe(Date.parse('2026-02-03T11:00:00Z'));
  });

  it('ticks once where several crons of a stack meet', async () => {
    await start({ a: ['0 * * * *', '0 11 * * *', '30 11 * * *'] });
    await pass(95);
    expect(ticks).toEqual(['a 11:00', 'a 11:30']);
  });

  it('makes up for what a downtime swallowed, once', async () => {
    last.set('a', Date.parse('2026-02-03T04:00:00Z'));
    last.set('b', Date.parse('2026-02-03T09:00:00Z'));
    last.set('c', Date.parse('2025-02-03T09:00:00Z'));
    await start({ a: ['0 * * * *'], b: ['0 11 * * *'], c: ['0 0 29 2 *'] });
    await pass(1);
    expect(ticks).toEqual(['a 10:00', 'c 10:00']);
    await start({ a: ['0 * * * *'] });
    await pass(1);
    expect(ticks).toHaveLength(2);
  });

  it('lets a stack never seen before wait for its first time', async () => {
    await start({ a: ['0 9 * * *'] });
    await pass(5);
    expect(ticks).toEqual([]);
    expect(last.get('a')).toBe(START);
  });

  it('makes up for what a sleeping machine slept through, once', async () => {
    await start({ a: ['*/5 * * * *'] });
    vi.setSystemTime(START + 600 * MINUTE);
    await pass(1);
    expect(ticks).toEqual(['a 20:01']);
  });

  it('goes on by a clock that was set back', async () => {
    await start({ a: ['* * * * *'] });
    await pass(1);
    vi.setSystemTime(START - 180 * MINUTE);
    await pass(2);
    expect(ticks).toEqual(['a 10:01', 'a 07:02']);
  });

  it('a tick that fails is told, is not taken as done, and comes again at its next time', async () => {
    let fail = true;
    await start(
      { a: ['* * * * *'] },
      {
        onTick: async (stack) => {
          if (fail) throw new Error('store is gone');
          ticks.push(stack);
        },
      },
    );
    await pass(1);
    expect(last.get('a')).toBe(START);
    expect(lines.join('')).toContain('store is gone');
    expect(running?.overdue()).toMatchObject([{ name: 'a', error: 'store is gone' }]);
    fail = false;
    await pass(1);
    expect(ticks).toEqual(['a']);
    expect(running?.overdue()).toEqual([]);
  });

  it('spreads ticks by the jitter, and none comes after stop', async () => {
    const jitterOf = (name: string): number => (name === 'a' ? 0 : 10_000);
    await start({ a: ['* * * * *'], b: ['* * * * *'] }, { jitterOf });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(ticks).toEqual(['a 10:01']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ticks).toEqual(['a 10:01', 'b 10:01']);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(ticks).toEqual(['a 10:01', 'b 10:01', 'a 10:02']);
    running?.stop();
    await pass(3);
    expect(ticks).toHaveLength(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses a schedule that is none', async () => {
    await expect(start({ a: ['now and then'] })).rejects.toThrow('"now and then" is not a cron');
  });
});
