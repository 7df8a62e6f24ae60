/** Conversion between points in time and the wall-clock time of an IANA time zone. */

/** Wall-clock time in an IANA zone. `month` is 1–12, `weekday` 0 (Sunday) – 6. */
interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

const DAY_MS = 86_400_000;

/** True if the JavaScript runtime knows the time zone. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

/** One formatter per zone. Creating one is much slower than using it, and schedules need one for every minute. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  formatters.set(zone, made);
  return made;
}

/** The wall-clock time in `zone` at `at` (ms since epoch). Throws a RangeError for an unknown zone. */
export function wallClock(at: number, zone: string): WallClock {
  const parts = formatterOf(zone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((p) => p.type === type)?.value ?? 0);
  const year = part('year');
  const month = part('month');
  const day = part('day');
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return { year, month, day, hour: part('hour'), minute: part('minute'), weekday };
}

/** The wall-clock time read as UTC, in ms since epoch. */
export function utcOf(wall: Omit<WallClock, 'weekday'>): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
}

/**
 * The points in time (ms since epoch, earliest first) at which the wall clock in `zone` shows `wall`: two of them
 * in the hour that autumn repeats. A time that spring skips is moved later by as much as the clock jumps.
 */
export function instantsOf(
  wall: Omit<WallClock, 'weekday'>,
  zone: string,
): readonly [number, ...(readonly number[])] {
  const asUtc = utcOf(wall);
  const offsetAt = (at: number): number => utcOf(wallClock(at, zone)) - Math.floor(at / 60_000) * 60_000;
  const before = asUtc - offsetAt(asUtc - DAY_MS);
  const after = asUtc - offsetAt(asUtc + DAY_MS);
  const shows = (at: number): boolean => utcOf(wallClock(at, zone)) === asUtc;
  const [first, ...rest] = [...new Set([before, after])].filter(shows).sort((a, b) => a - b);
  return first === undefined ? [before] : [first, ...rest];
}
