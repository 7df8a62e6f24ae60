/** Points in time as plain text, for places where a card's time span can't be used. */
import { wallClock } from './zone.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = [
  ...(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const),
];
const DAY_MS = 86_400_000;

/**
 * `9:00` today, `Mon 9:00` within six days before or after now, else `1 Dec 9:00`; with the year if it is another
 * year.
 */
export function whenText(at: number, now: number, zone: string): string {
  const then = wallClock(at, zone);
  const today = wallClock(now, zone);
  const clock = `${then.hour}:${String(then.minute).padStart(2, '0')}`;
  const sameYear = then.year === today.year;
  if (sameYear && then.month === today.month && then.day === today.day) return clock;
  if (Math.abs(at - now) < 6 * DAY_MS) return `${DAYS[then.weekday] ?? ''} ${clock}`;
  return `${then.day} ${MONTHS[then.month - 1] ?? ''}${sameYear ? '' : ` ${then.year}`} ${clock}`;
}

/** `28 Nov 14:02`, with the year if it is not that of now. */
export function dateText(at: number, now: number, zone: string): string {
  const then = wallClock(at, zone);
  const year = then.year === wallClock(now, zone).year ? '' : ` ${then.year}`;
  return `${then.day} ${MONTHS[then.month - 1] ?? ''}${year} ${then.hour}:${String(then.minute).padStart(2, '0')}`;
}

/** True if both times (ms since epoch) are on the same day in the zone. */
export function sameDay(a: number, b: number, zone: string): boolean {
  const [x, y] = [wallClock(a, zone), wallClock(b, zone)];
  return x.year === y.year && x.month === y.month && x.day === y.day;
}
