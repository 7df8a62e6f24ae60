/** Parses the month of a report. */
import { instantsOf, isZone, wallClock } from '../text/zone.ts';

const MONTHS = [
  ...(['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august'] as const),
  ...(['september', 'october', 'november', 'december'] as const),
];

/** `none`: the words do not begin with a month. `used`: how many of the words were read. */
export type MonthRead =
  | { readonly type: 'none' }
  | { readonly type: 'month'; readonly month: string; readonly used: number }
  | { readonly type: 'problem'; readonly problem: string };

const named = (year: number, month: number): string => `${year}-${String(month).padStart(2, '0')}`;

function monthBefore(year: number, month: number): string {
  return month === 1 ? named(year - 1, 12) : named(year, month - 1);
}

/** 1–12 for the name of a month, or its first three letters or more; null if it is none. */
function monthOf(word: string | undefined): number | null {
  if (word === undefined || !/^[a-z]{3,9}$/.test(word)) return null;
  const index = MONTHS.findIndex((name) => name.startsWith(word));
  return index === -1 ? null : index + 1;
}

function beginsLikeMonth(first: string | undefined, second: string | undefined): boolean {
  const relative = second === 'month' && (first === 'this' || first === 'last');
  return relative || /^\d{4}-\d{1,2}$/.test(first ?? '') || monthOf(first) !== null;
}

/**
 * Reads a month from the first of `words` (in lower case): `2026-11`, `november`, `nov 2026`, `this month`,
 * `last month`. A name without a year is the newest such month that has begun at `now` (ms since epoch) in `zone`. The
 * result is written as `2026-11`. A month that has not begun is a problem. Never throws.
 */
export function parseMonth(words: readonly string[], now: number, zone: string): MonthRead {
  const [first, second] = words;
  if (!beginsLikeMonth(first, second)) return { type: 'none' };
  if (!isZone(zone)) return { type: 'problem', problem: `I don't know the time zone ${zone}.` };
  const today = wallClock(now, zone);
  const current = named(today.year, today.month);
  if (second === 'month' && (first === 'this' || first === 'last')) {
    const month = first === 'this' ? current : monthBefore(today.year, today.month);
    return { type: 'month', month, used: 2 };
  }
  const written = /^(\d{4})-(\d{1,2})$/.exec(first ?? '');
  const number = (written === null ? monthOf(first) : Number(written[2])) ?? 0;
  if (number < 1 || number > 12) return { type: 'problem', problem: `There is no month ${first}.` };
  const hasYear = written === null && /^\d{4}$/.test(second ?? '');
  const year =
    written === null
      ? hasYear
        ? Number(second)
        : today.year - (number > today.month ? 1 : 0)
      : Number(written[1]);
  const month = named(year, number);
  if (month > current) return { type: 'problem', problem: `${month} has not begun yet.` };
  return { type: 'month', month, used: hasYear ? 2 : 1 };
}

/** When the month (`2026-11`) begins in `zone`, and when the next one does, in ms since epoch. */
export function spanOfMonth(month: string, zone: string): { readonly from: number; readonly until: number } {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const start = (y: number, m: number): number =>
    instantsOf({ year: y, month: m, day: 1, hour: 0, minute: 0 }, zone)[0];
  return {
    from: start(year, number),
    until: number === 12 ? start(year + 1, 1) : start(year, number + 1),
  };
}
