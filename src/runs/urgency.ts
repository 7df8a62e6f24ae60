/** How much drift disturbs people, and when they may be disturbed. Pure. */
import { wallClock } from '../commands/zone.ts';
import { concerns } from '../drift/ignore.ts';
import type { Stack } from './ports.ts';
import type { Run } from './run.ts';
import type { Open } from './waiting.ts';

/** How much drift disturbs: `low` nobody but the digest, `urgent` also at night. */
export type Severity = 'low' | 'normal' | 'urgent';

/** `match` as in an ignore rule; of several that fit, the most severe counts. */
export interface SeverityRule {
  readonly match: string;
  readonly severity: Severity;
}

/** When only what is urgent disturbs anybody. Minutes of the day; from 22:00 to 7:00 is one night. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
  /** Saturday and Sunday are quiet all day. */
  readonly weekends: boolean;
  readonly timezone: string;
}

const ORDER: readonly Severity[] = ['low', 'normal', 'urgent'];

/**
 * The severity of what is open: the most severe of its findings, each by the rules of m0.yaml that fit it (`normal`
 * where none does). What an interrupted apply left is urgent, whatever it is.
 */
export function severityOf(
  stack: Pick<Stack, 'severity'>,
  run: Pick<Run, 'interrupted'>,
  open: readonly Pick<Open, 'finding'>[],
): Severity {
  if (run.interrupted != null) return 'urgent';
  const each = open.map(({ finding }) => {
    const fits = (stack.severity ?? []).filter((rule) => concerns(rule.match, finding));
    return fits.length === 0 ? 'normal' : worst(fits.map((rule) => rule.severity));
  });
  return worst(each);
}

function worst(severities: readonly Severity[]): Severity {
  const ranks = severities.map((severity) => ORDER.indexOf(severity));
  return ORDER[Math.max(0, ...ranks)] ?? 'normal';
}

/** True where `now` (ms since epoch) falls into the quiet hours. Those over midnight belong to both days. */
export function isQuiet(hours: QuietHours, now: number): boolean {
  const { hour, minute, weekday } = wallClock(now, hours.timezone);
  if (hours.weekends && (weekday === 0 || weekday === 6)) return true;
  const at = hour * 60 + minute;
  const { from, to } = hours;
  return from <= to ? at >= from && at < to : at >= from || at < to;
}

/** True where somebody may be written to now about drift of the severity. */
export function mayDisturb(stack: Pick<Stack, 'quietHours'>, severity: Severity, now: number): boolean {
  if (severity === 'urgent') return true;
  return severity === 'normal' && (stack.quietHours == null || !isQuiet(stack.quietHours, now));
}
