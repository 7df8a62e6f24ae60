/** The newest times at which a schedule fired. */
import { createTask } from 'node-cron';
import { instantsOf, wallClock } from '../text/zone.ts';
import { isValidCron, minutesOf } from './cron.ts';

const MINUTE = 60_000;
/** How far back a cron is searched, in days: every cron that fires at least once a year has fired in that time. */
const MAX_DAYS = 400;

/**
 * The newest `count` times (ms since epoch, newest first, each once) up to `now` at which one of the crons fired in
 * `zone` (IANA name). Fewer where they fired less often in the last 400 days; none where there is no cron. Around a
 * change of the clocks a time may be off by the hour that changes. Throws where a text is no cron.
 */
export function lastTicks(
  crons: readonly string[],
  zone: string,
  now: number,
  count: number,
): readonly number[] {
  const minute = Math.floor(now / MINUTE) * MINUTE;
  const key = JSON.stringify([crons, zone, count]);
  const known = remembered.get(key);
  // Hundreds of stacks share a schedule and all ask about the same minute.
  if (known?.minute === minute) return known.ticks;
  const all = crons.flatMap((cron) => ticksOf(cron, zone, minute, count));
  const ticks = [...new Set(all)].sort((a, b) => b - a).slice(0, count);
  remembered.set(key, { minute, ticks });
  return ticks;
}

const remembered = new Map<string, { readonly minute: number; readonly ticks: readonly number[] }>();

function ticksOf(text: string, zone: string, minute: number, count: number): readonly number[] {
  if (!isValidCron(text)) throw new Error(`"${text}" is not a cron`);
  const trimmed = text.trim();
  // Local times are written as if they were UTC, as in cron.ts.
  const matches = matcher(trimmed);
  const [, , ...days] = trimmed.split(/\s+/);
  const matchesDay = days.length === 3 ? matcher(`0 0 ${days.join(' ')}`) : () => true;
  const minutes = minutesOf(trimmed).toReversed();
  const today = wallClock(minute, zone);
  const found: number[] = [];
  for (let back = 0; back < MAX_DAYS && found.length < count; back += 1) {
    const day = Date.UTC(today.year, today.month - 1, today.day - back);
    if (matchesDay(day)) found.push(...ticksOfDay(day, minutes, matches, zone, minute, count - found.length));
  }
  return found;
}

function matcher(text: string): (local: number) => boolean {
  const task = createTask(text, () => undefined, { timezone: 'UTC' });
  return (local) => task.match(new Date(local));
}

function ticksOfDay(
  day: number,
  minutes: readonly number[],
  matches: (local: number) => boolean,
  zone: string,
  until: number,
  count: number,
): readonly number[] {
  const found: number[] = [];
  for (let hour = 23; hour >= 0; hour -= 1) {
    for (const m of minutes) {
      const local = day + (hour * 60 + m) * MINUTE;
      if (!matches(local)) continue;
      const at = new Date(local);
      const wall = {
        ...{ year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() },
        ...{ hour, minute: m },
      };
      const [instant] = instantsOf(wall, zone);
      if (instant <= until) found.push(instant);
      if (found.length === count) return found;
    }
  }
  return found;
}
