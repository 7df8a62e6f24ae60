/** How drift developed over the last days: what was open at the end of each, and what was put back on it. Pure. */
import type { Origin } from '../drift/finding.ts';
import { type Exemption, exemptionHolds } from './exemption.ts';

const DAY_MS = 86_400_000;
/** How many days a trend shows, today included. */
export const TREND_DAYS = 30;

/** A finding of an alert. `until`: when it was put back or its alert ended (ms since epoch); null: it stands. */
export interface PastFinding {
  readonly stack: string;
  readonly address: string;
  readonly fingerprint: string;
  readonly origin: Origin;
  readonly since: number;
  readonly until: number | null;
}

/** Findings that one apply put back for good. `byPeople`: after an approval; else by the policies alone. */
export interface PastHeal {
  readonly stack: string;
  readonly at: number;
  readonly byPeople: boolean;
  readonly findings: number;
}

export interface Past {
  readonly findings: readonly PastFinding[];
  readonly heals: readonly PastHeal[];
  /** Also those that have ended. */
  readonly exemptions: readonly Exemption[];
}

/** Of one stack: open findings by origin, and findings put back by policy and by people. */
export type StackDay = readonly [cloud: number, code: number, both: number, policy: number, people: number];

/** The stacks that had any of it on one day. */
export type Day = Readonly<Record<string, StackDay>>;

/** The day of a time, as `2026-11-28`. Days are UTC, so that they are the same for everybody who reads a trend. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** The days of a trend at `now` (ms since epoch), oldest first; the last one is today. */
export function trendDays(now: number): readonly string[] {
  return Array.from({ length: TREND_DAYS }, (_, i) => dayOf(now - (TREND_DAYS - 1 - i) * DAY_MS));
}

/** When the day began, in ms since epoch. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/**
 * The same drift under alerts that follow each other at once, as one: a new alert of a stack repeats what stood before.
 */
export function joinSpans(findings: readonly PastFinding[]): readonly PastFinding[] {
  const byKey = Map.groupBy(findings, (f) => JSON.stringify([f.stack, f.address, f.fingerprint]));
  return [...byKey.values()].flatMap((same) => {
    const joined: PastFinding[] = [];
    for (const next of same.toSorted((a, b) => a.since - b.since)) {
      const last = joined.at(-1);
      if (last !== undefined && last.until === next.since)
        joined.splice(-1, 1, { ...last, until: next.until });
      else joined.push(next);
    }
    return joined;
  });
}

function wasExempt(finding: PastFinding, exemptions: readonly Exemption[], at: number): boolean {
  return exemptions.some((exemption) => {
    if (exemption.at > at) return false;
    // What ended after that time held then.
    const then =
      exemption.endedAt !== null && exemption.endedAt > at ? { ...exemption, endedAt: null } : exemption;
    return exemptionHolds(then, finding, at);
  });
}

/** The findings that were open at `at` (ms since epoch): neither put back nor exempt. */
export function openAt(past: Past, at: number): readonly PastFinding[] {
  const exemptions = Map.groupBy(past.exemptions, (k) => k.stack);
  return past.findings.filter(
    (f) =>
      f.since <= at && (f.until === null || f.until > at) && !wasExempt(f, exemptions.get(f.stack) ?? [], at),
  );
}

/** One day of each stack that had open drift at its end (at `now`, if it is today), or of which something was put back. */
export function dayIn(past: Past, day: string, now: number): Day {
  const start = startOf(day);
  const end = start + DAY_MS;
  const open = Map.groupBy(openAt(past, Math.min(end - 1, now)), (f) => f.stack);
  const heals = Map.groupBy(
    past.heals.filter((h) => h.at >= start && h.at < end),
    (h) => h.stack,
  );
  const stacks = [...new Set([...open.keys(), ...heals.keys()])].sort();
  return Object.fromEntries(
    stacks.map((stack) => {
      const of = (origin: Origin): number =>
        (open.get(stack) ?? []).filter((f) => f.origin === origin).length;
      const put = (byPeople: boolean): number =>
        (heals.get(stack) ?? []).reduce((n, h) => n + (h.byPeople === byPeople ? h.findings : 0), 0);
      return [stack, [of('cloud'), of('code'), of('both'), put(false), put(true)] as const];
    }),
  );
}

/** A day's numbers over all stacks of a trend; null before m0 was there. */
export interface TrendDay {
  readonly day: string;
  readonly numbers: StackDay | null;
}

/** The sum over the stacks. */
export function sumOf(day: Day, stacks: ReadonlySet<string>): StackDay {
  const sum: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  for (const [stack, numbers] of Object.entries(day)) {
    if (!stacks.has(stack)) continue;
    for (const [i, n] of numbers.entries()) sum[i] = (sum[i] ?? 0) + n;
  }
  return sum;
}

/** Ages in days, each from its own on: under a day, a day to a week, up to a month, older. */
const AGES = [
  { label: 'under a day', from: 0 },
  { label: '1 to 7 days', from: 1 },
  { label: '8 to 30 days', from: 8 },
  { label: 'older', from: 31 },
] as const;

/** How many of the open findings have each age at `now`, by origin. */
export function byAge(
  open: readonly Pick<PastFinding, 'since' | 'origin'>[],
  now: number,
): readonly {
  readonly label: string;
  readonly cloud: number;
  readonly code: number;
  readonly both: number;
}[] {
  const ageOf = (f: Pick<PastFinding, 'since'>): number => Math.floor((now - f.since) / DAY_MS);
  return AGES.map(({ label, from }, i) => {
    const to = AGES[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    const those = open.filter((f) => ageOf(f) >= from && ageOf(f) < to);
    const of = (origin: Origin): number => those.filter((f) => f.origin === origin).length;
    return { label, cloud: of('cloud'), code: of('code'), both: of('both') };
  });
}
