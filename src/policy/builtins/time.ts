import { wholeOf } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import { DAYS, formatLayout, layoutOf, parseLayout, type Shown } from './time-layout.ts';
import { integer, isInteger, RegoNumber, type RegoValue } from './value.ts';

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;
const MAX_NS = 2n ** 63n - 1n;
const MIN_NS = -(2n ** 63n);

/** A moment as a calendar in its zone shows it, months from one. */
type Calendar = Omit<Shown, 'nanosecond' | 'offset'>;

interface Moment {
  readonly ns: bigint;
  readonly zone: string;
  /** Empty where none was given. */
  readonly layout: string;
}

/** ns since epoch, or `[ns, zone]`, maybe with a layout behind; undefined where it is neither. */
function momentOf(value: RegoValue | undefined): Moment | undefined {
  const [first, zone = 'UTC', layout = ''] = Array.isArray(value) ? (value as readonly RegoValue[]) : [value];
  if (!(first instanceof RegoNumber) || typeof zone !== 'string') return undefined;
  if (typeof layout !== 'string') return undefined;
  const ns = wholeOf(first);
  if (ns === undefined) throw new BuiltinFailure('time: a fraction of a nanosecond');
  if (ns > MAX_NS || ns < MIN_NS) throw new BuiltinFailure('time: timestamp too big');
  // "Local" would make the answer depend on where m0 runs.
  if (zone === 'Local') throw new BuiltinFailure('time: the zone "Local"; name one');
  return { ns, zone: zone === '' ? 'UTC' : zone, layout };
}

/** Division that rounds towards the past, so that times before 1970 are right too. */
function msOf(ns: bigint): number {
  const ms = ns / NS_PER_MS;
  return Number(ns % NS_PER_MS < 0n ? ms - 1n : ms);
}

function calendarOf(moment: Moment): Calendar {
  const at = new Date(msOf(moment.ns));
  if (moment.zone === 'UTC') {
    return {
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
    };
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: moment.zone,
      hourCycle: 'h23',
      calendar: 'iso8601',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  } catch {
    throw new BuiltinFailure(`time: unknown time zone ${moment.zone}`);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map((p) => [p.type, Number(p.value)]));
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second };
}

function numbers(...values: number[]): RegoValue {
  return values.map(integer);
}

/** `time.clock`: [hour, minute, second]. */
export function clock([time]: readonly RegoValue[]): RegoValue | undefined {
  const moment = momentOf(time);
  if (moment === undefined) return undefined;
  const { hour, minute, second } = calendarOf(moment);
  return numbers(hour, minute, second);
}

/** `time.date`: [year, month, day]. */
export function date([time]: readonly RegoValue[]): RegoValue | undefined {
  const moment = momentOf(time);
  if (moment === undefined) return undefined;
  const { year, month, day } = calendarOf(moment);
  return numbers(year, month, day);
}

/** `time.weekday`: the English name. */
export function weekday([time]: readonly RegoValue[]): RegoValue | undefined {
  const moment = momentOf(time);
  if (moment === undefined) return undefined;
  const { year, month, day } = calendarOf(moment);
  return DAYS[new Date(utc(year, month, day)).getUTCDay()];
}

/** ms of a calendar day in UTC; days and months may overflow. Date.UTC would move the years 0–99. */
function utc(year: number, month: number, day: number): number {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  return at.getTime();
}

function smallInt(value: RegoValue | undefined): number | undefined {
  return value instanceof RegoNumber && isInteger(value) ? Number(value.text) : undefined;
}

function inRange(ns: bigint): RegoValue {
  if (ns > MAX_NS || ns < MIN_NS) throw new BuiltinFailure('time: outside of the range of nanoseconds');
  return integer(ns);
}

/** `time.add_date(ns, years, months, days)`, as Go normalises overflowing days. UTC only. */
export function addDate([time, ...by]: readonly RegoValue[]): RegoValue | undefined {
  const moment = momentOf(time);
  const [years, months, days] = by.map(smallInt);
  if (moment === undefined || years === undefined || months === undefined || days === undefined) {
    return undefined;
  }
  if (moment.zone !== 'UTC') throw new BuiltinFailure('time.add_date: a zone other than UTC');
  const { year, month, day } = calendarOf(moment);
  const from = utc(year, month, day);
  const to = utc(year + years, month + months, day + days);
  if (!Number.isFinite(to)) throw new BuiltinFailure('time.add_date: outside of the range of nanoseconds');
  return inRange(moment.ns + BigInt(to - from) * NS_PER_MS);
}

/** `time.diff`: [years, months, days, hours, minutes, seconds] between two times, in the first one's zone. */
export function diff([one, two]: readonly RegoValue[]): RegoValue | undefined {
  const [a, b] = [momentOf(one), momentOf(two)];
  if (a === undefined || b === undefined) return undefined;
  const [early, late] = a.ns <= b.ns ? [a, b] : [b, a];
  const [x, y] = [calendarOf({ ...early, zone: a.zone }), calendarOf({ ...late, zone: a.zone })];
  let years = y.year - x.year;
  let months = y.month - x.month;
  let days = y.day - x.day;
  let hours = y.hour - x.hour;
  let minutes = y.minute - x.minute;
  let seconds = y.second - x.second;
  // Borrow from the next larger unit, days from the month in which the earlier time lies.
  if (seconds < 0) [seconds, minutes] = [seconds + 60, minutes - 1];
  if (minutes < 0) [minutes, hours] = [minutes + 60, hours - 1];
  if (hours < 0) [hours, days] = [hours + 24, days - 1];
  if (days < 0) [days, months] = [days + new Date(utc(x.year, x.month + 1, 0)).getUTCDate(), months - 1];
  if (months < 0) [months, years] = [months + 12, years - 1];
  return numbers(years, months, days, hours, minutes, seconds);
}

/** `time.format`, by default as RFC 3339 with all of the fraction. */
export function format([time]: readonly RegoValue[]): RegoValue | undefined {
  const moment = momentOf(time);
  if (moment === undefined) return undefined;
  const shown = calendarOf(moment);
  const { year, month, day, hour, minute, second } = shown;
  const seconds = (moment.ns - nanosecondOf(moment.ns)) / NS_PER_S;
  const wall = utc(year, month, day) / 1000 + (hour * 60 + minute) * 60 + second;
  const offset = wall - Number(seconds);
  const at = { ...shown, nanosecond: Number(nanosecondOf(moment.ns)), offset };
  return formatLayout(moment.layout === '' ? layoutOf('RFC3339Nano') : layoutOf(moment.layout), at);
}

/** The part of a second, also of times before 1970. */
function nanosecondOf(ns: bigint): bigint {
  return ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
}

/** `time.parse_ns`, by one of Go's layouts. */
export function parseNs([layout, text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof layout !== 'string' || typeof text !== 'string') return undefined;
  const at = parseLayout(layoutOf(layout), text);
  const days = utc(at.year, at.month, at.day) / 1000;
  const seconds = days + (at.hour * 60 + at.minute) * 60 + at.second - at.offset;
  return inRange(BigInt(seconds) * NS_PER_S + BigInt(at.nanosecond));
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|([+-])(\d{2}):(\d{2}))$/;

/** `time.parse_rfc3339_ns`. */
export function parseRfc3339([text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  const parts = RFC3339.exec(text);
  const fail = (): never => {
    throw new BuiltinFailure(`time.parse_rfc3339_ns: ${JSON.stringify(text)} is no RFC 3339 time`);
  };
  if (parts === null) return fail();
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const lastDay = new Date(utc(year, month + 1, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > lastDay) return fail();
  if (hour > 23 || minute > 59 || second > 59) return fail();
  const [offsetHours, offsetMinutes] = [Number(parts[10] ?? 0), Number(parts[11] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return fail();
  const offset = (parts[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes);
  const ms = utc(year, month, day) + ((hour * 60 + minute - offset) * 60 + second) * 1000;
  const fraction = BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return inRange(BigInt(ms) * NS_PER_MS + fraction);
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: NS_PER_MS,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** `time.parse_duration_ns`, with Go's own units. */
export function parseDuration([text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return integer(0);
  const whole = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
  // Days, weeks and years are OPA's own and came late: refusing them is right under every version.
  if (rest === undefined || !whole.test(rest)) {
    throw new BuiltinFailure(`time.parse_duration_ns: ${JSON.stringify(text)} is no duration`);
  }
  let total = 0n;
  for (const [, digits = '0', unit = 's'] of rest.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = UNITS[unit] ?? 0n;
    const [before = '', after = ''] = digits.split('.');
    total += BigInt(before || '0') * scale;
    if (after !== '') total += (BigInt(after) * scale) / 10n ** BigInt(after.length);
  }
  return inRange(sign === '-' ? -total : total);
}
