/** Parses until when something is snoozed. */
import { instantsOf, isZone, wallClock } from '../text/zone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The shortest and the longest snooze, in ms. */
const SHORTEST_SNOOZE = 5 * MINUTE;
const LONGEST_SNOOZE = 90 * DAY;
/** The longest accept with an end, in ms. */
export const LONGEST_ACCEPT = 730 * DAY;

/** The time of day if only a day is given. */
const MORNING: Time = { hour: 9, minute: 0 };

const UNITS: ReadonlyMap<string, number> = new Map(
  (
    [
      [MINUTE, ['m', 'min', 'mins', 'minute', 'minutes']],
      [HOUR, ['h', 'hr', 'hrs', 'hour', 'hours']],
      [DAY, ['d', 'day', 'days']],
      [7 * DAY, ['w', 'wk', 'week', 'weeks']],
    ] as const
  ).flatMap(([ms, names]) => names.map((name) => [name, ms] as const)),
);

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

const HOW = 'Say for how long, as in 2h, 3d, until monday 9:00, until 2026-12-01 09:00 or until it changes.';

/**
 * `none`: the words do not begin with a time. `at`: ms since epoch, read from the first `used` words. `problem`:
 * they begin like a time, but it is not a valid one.
 */
export type Until =
  | { readonly type: 'none' }
  | { readonly type: 'at'; readonly at: number; readonly used: number }
  /** Until one of the values changes; read from the first `used` words. */
  | { readonly type: 'changes'; readonly used: number }
  | {
      readonly type: 'problem';
      readonly problem: string;
      /** True if what follows `until` is no day and no time at all. */
      readonly vague?: true;
    };

interface Time {
  readonly hour: number;
  readonly minute: number;
}

type Part<T> = { readonly value: T; readonly used: number };

function problem(text: string): Until {
  return { type: 'problem', problem: text };
}

/** `2h`, `1h30m`, `1.5h`, `2 hours`: a duration in ms. */
function durationOf(words: readonly string[]): Part<number> | null {
  const [first, second] = words;
  if (first === undefined) return null;
  const alone = UNITS.get(second ?? '');
  if (/^\d{1,6}(\.\d{1,3})?$/.test(first) && alone !== undefined) {
    return { value: Number(first) * alone, used: 2 };
  }
  if (!/^(\d{1,6}(\.\d{1,3})?[a-z]+){1,4}$/.test(first)) return null;
  let total = 0;
  for (const [, amount, unit] of first.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    const ms = UNITS.get(unit ?? '');
    if (ms === undefined) return null;
    total += Number(amount) * ms;
  }
  return { value: total, used: 1 };
}

/** `9:00`, `17`, `5pm`, `5:30 pm`. `bare`: whether a number alone is an hour. */
function timeOf(words: readonly string[], bare: boolean): Part<Time | 'impossible'> | null {
  const match = /^(\d{1,2})(?::(\d{2}))?(am|pm)?$/.exec(words[0] ?? '');
  if (match === null) return null;
  const apart = match[3] === undefined && /^(am|pm)$/.test(words[1] ?? '');
  const half = match[3] ?? (apart ? words[1] : undefined);
  if (match[2] === undefined && half === undefined && !bare) return null;
  const used = apart ? 2 : 1;
  const minute = Number(match[2] ?? 0);
  let hour = Number(match[1]);
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return { value: 'impossible', used };
    hour = (hour % 12) + (half === 'pm' ? 12 : 0);
  }
  return { value: hour > 23 || minute > 59 ? 'impossible' : { hour, minute }, used };
}

function weekdayOf(word: string): number | null {
  if (!/^[a-z]{3,9}$/.test(word)) return null;
  const index = WEEKDAYS.findIndex((day) => day.startsWith(word));
  return index === -1 ? null : index;
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function dayAfter(start: Day, days: number): Day {
  const at = new Date(Date.UTC(start.year, start.month - 1, start.day + days));
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() };
}

/**
 * The days that the word can mean, the next one first. A problem as text if the day does not exist; null if it is
 * not a day.
 */
function daysOf(word: string, today: Day & { readonly weekday: number }): readonly Day[] | string | null {
  if (word === 'today') return [today];
  if (word === 'tomorrow') return [dayAfter(today, 1)];
  const weekday = weekdayOf(word);
  if (weekday !== null) {
    const ahead = (weekday - today.weekday + 7) % 7;
    return [dayAfter(today, ahead), dayAfter(today, ahead + 7)];
  }
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(word);
  if (match === null) return null;
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  const real = dayAfter(day, 0);
  const same = real.year === day.year && real.month === day.month && real.day === day.day;
  return same ? [day] : `There is no day ${word}.`;
}

function untilPoint(words: readonly string[], now: number, zone: string): Until {
  // Reads `2026-12-01t09:00` as two words.
  const joined = /^(\d{4}-\d{1,2}-\d{1,2})t(\d.*)$/.exec(words[0] ?? '');
  const [date, rest] = [joined?.[1], joined?.[2]];
  if (date !== undefined && rest !== undefined) {
    const point = untilPoint([date, rest, ...words.slice(1)], now, zone);
    return point.type === 'at' ? { ...point, used: Math.max(1, point.used - 1) } : point;
  }
  const today = wallClock(now, zone);
  const days = daysOf(words[0] ?? '', today);
  if (typeof days === 'string') return problem(days);
  const from = days === null ? 0 : 1;
  const at = words[from] === 'at' ? 1 : 0;
  const time = timeOf(words.slice(from + at), days !== null || at === 1);
  if (days === null && time === null) {
    const text = words.length === 0 ? HOW : `I don't understand until when that is. ${HOW}`;
    return { type: 'problem', problem: text, vague: true };
  }
  if (time?.value === 'impossible') {
    return problem(`There is no time ${words.slice(from + at, from + at + time.used).join(' ')}.`);
  }
  const clock = time?.value ?? MORNING;
  const candidates = (days ?? [today, dayAfter(today, 1)]).flatMap((day) =>
    instantsOf({ year: day.year, month: day.month, day: day.day, ...clock }, zone),
  );
  const point = candidates.find((instant) => instant > now) ?? candidates[0];
  if (point === undefined) return problem(HOW);
  return { type: 'at', at: point, used: from + (time === null ? 0 : at + time.used) };
}

/** Number of words that say "it changes" (`it changes`, `changed`, `a value moves`); 0 if they do not. */
function untilChange(words: readonly string[]): number {
  const subject =
    words[0] === 'it' ? 1 : (words[0] === 'a' || words[0] === 'any') && words[1] === 'value' ? 2 : 0;
  return /^(change|changes|changed|move|moves|moved)$/.test(words[subject] ?? '') ? subject + 1 : 0;
}

function withinLimits(at: number, used: number, now: number, longest: number): Until {
  if (at <= now) return problem('That time has passed already.');
  if (at - now < SHORTEST_SNOOZE) return problem('That is too short: at least 5 minutes.');
  if (at - now > longest) return problem(`That is too long: at most ${longest / DAY} days.`);
  return { type: 'at', at, used };
}

/**
 * Reads the end of a snooze from the first of `words` (in lower case): `2h`, `for 2 hours`, `until monday 9:00`,
 * `until 2026-12-01 09:00`, `until tomorrow`, `until it changes`. Times of day are in `zone`; a day alone means
 * 9:00. The end must be 5 minutes to `longest` ms (90 days) after `now` (ms since epoch). Never throws.
 */
export function parseUntil(
  words: readonly string[],
  now: number,
  zone: string,
  longest = LONGEST_SNOOZE,
): Until {
  const [first] = words;
  if (first === undefined) return { type: 'none' };
  const lead = first === 'for' ? 1 : 0;
  const duration = durationOf(words.slice(lead));
  if (duration !== null) {
    return withinLimits(now + Math.round(duration.value), lead + duration.used, now, longest);
  }
  if (lead === 1) return problem(HOW);
  if (first !== 'until' && first !== 'till' && first !== 'til') return { type: 'none' };
  const change = untilChange(words.slice(1));
  if (change > 0) return { type: 'changes', used: change + 1 };
  if (!isZone(zone)) return problem(`I don't know the time zone ${zone}.`);
  const point = untilPoint(words.slice(1), now, zone);
  return point.type === 'at' ? withinLimits(point.at, point.used + 1, now, longest) : point;
}
