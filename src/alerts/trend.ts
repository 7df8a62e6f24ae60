/** Reads the trend of drift from the store, and keeps each day's numbers when the day is over. */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import { z } from 'zod';
import type { Clock } from '../model/directory.ts';
import {
  byAge,
  type Day,
  dayIn,
  dayOf,
  joinSpans,
  openAt,
  type Past,
  type PastFinding,
  type PastHeal,
  type StackDay,
  startOf,
  sumOf,
  TREND_DAYS,
  type TrendDay,
  trendDays,
} from '../model/trend.ts';
import type { PastAlert } from '../ports/past-store.ts';
import type { Store } from '../ports/store.ts';

export interface TrendParts {
  readonly store: Store;
  readonly clock: Clock;
}

export interface Trend {
  /** Oldest first; the last one is today, so far. */
  readonly days: readonly TrendDay[];
  readonly ages: ReturnType<typeof byAge>;
}

/** The name of the value that keeps the numbers of days that are over, and how many days it keeps. */
const VALUE = 'trend';
const KEPT_DAYS = 2 * TREND_DAYS;
/** How many alerts are read between two pauses: each needs a run with all of its findings. */
const BATCH = 10;

const stackDay = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
const keptDays = z.record(z.string(), z.record(z.string(), stackDay));

async function keptIn(store: Store): Promise<Readonly<Record<string, Day>>> {
  const value = await store.value(VALUE);
  return value === undefined ? {} : keptDays.parse(JSON.parse(value));
}

async function* alertsSince(
  store: Store,
  since: number,
  until: number,
): AsyncGenerator<readonly PastAlert[]> {
  for (let after = 0; ; ) {
    const page = await store.pastAlerts({ since, until, after, limit: BATCH });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.filter((one) => one.endedAt === null || one.endedAt >= since);
    after = last.alert.id;
    await letOthersWork();
  }
}

async function healsSince(store: Store, since: number, until: number): Promise<readonly PastHeal[]> {
  const runs = new Set<number>();
  for (let after: number | null = null; ; ) {
    const query = { since, until, actions: ['verified'], after };
    const { lines, next }: Awaited<ReturnType<Store['pastRecord']>> = await store.pastRecord(query);
    for (const { entry } of lines) if (entry.runId !== null) runs.add(entry.runId);
    if (next === null) break;
    after = next;
    await letOthersWork();
  }
  const heals: PastHeal[] = [];
  const ids = [...runs];
  for (let i = 0; i < ids.length; i += BATCH) {
    heals.push(...(await store.pastApplies(ids.slice(i, i + BATCH))));
    await letOthersWork();
  }
  return heals.filter((heal) => heal.at >= since && heal.at < until);
}

/** What is on record of the time from `since` to before `until` (ms since epoch). */
export async function readPast(store: Store, since: number, until: number): Promise<Past> {
  const findings: PastFinding[] = [];
  for await (const page of alertsSince(store, since, until))
    findings.push(...(await store.pastFindings(page)));
  return {
    findings: joinSpans(findings),
    heals: await healsSince(store, since, until),
    exemptions: await store.pastExemptions(since, until),
  };
}

/** How many findings of these stacks were put back after `since` and up to `until`, for good. */
export async function healedBetween(
  store: Store,
  stacks: ReadonlySet<string>,
  since: number,
  until: number,
): Promise<{ readonly policy: number; readonly people: number }> {
  const heals = (await healsSince(store, since + 1, until + 1)).filter((h) => stacks.has(h.stack));
  const count = (byPeople: boolean): number =>
    heals.reduce((n, h) => n + (h.byPeople === byPeople ? h.findings : 0), 0);
  return { policy: count(false), people: count(true) };
}

interface Days {
  readonly days: readonly { readonly day: string; readonly stacks: Day | null }[];
  readonly today: Past;
}

/**
 * The days of the trend of all stacks, from what was kept and from what is on record. Stores the days that are over and
 * were not kept yet: their numbers never change, so that storing them twice does no harm, and they outlive the runs.
 */
async function readDays({ store, clock }: TrendParts): Promise<Days> {
  const now = clock();
  const kept = await keptIn(store);
  const began = await store.recordBegan();
  const today = dayOf(now);
  const wanted = trendDays(now);
  const isThere = (day: string): boolean => began !== null && day >= dayOf(began);
  const missing = wanted.filter((day) => isThere(day) && day !== today && !Object.hasOwn(kept, day));
  const [first = today] = missing;
  const past = await readPast(store, startOf(first), now + 1);
  const sealed = Object.fromEntries(missing.map((day) => [day, dayIn(past, day, now)]));
  if (missing.length > 0) {
    const oldest = dayOf(now - KEPT_DAYS * 86_400_000);
    const all = Object.entries({ ...kept, ...sealed }).filter(([day]) => day >= oldest);
    await store.setValue(VALUE, JSON.stringify(Object.fromEntries(all.sort())));
  }
  const of = (day: string): Day | null => {
    if (day === today) return dayIn(past, today, now);
    return kept[day] ?? sealed[day] ?? null;
  };
  return {
    days: wanted.map((day) => ({ day, stacks: isThere(day) || day === today ? of(day) : null })),
    today: past,
  };
}

/** Stores the numbers of the days that are over. Call it at least once a month, before their runs are deleted. */
export async function keepTrend(parts: TrendParts): Promise<void> {
  await readDays(parts);
}

/** The trend of these stacks over the last 30 days. */
export async function trendOf(parts: TrendParts, stacks: ReadonlySet<string>): Promise<Trend> {
  const now = parts.clock();
  const { days, today } = await readDays(parts);
  const open = openAt(today, now).filter((f) => stacks.has(f.stack));
  return {
    days: days.map(({ day, stacks: each }): TrendDay => {
      const numbers: StackDay | null = each === null ? null : sumOf(each, stacks);
      return { day, numbers };
    }),
    ages: byAge(open, now),
  };
}
