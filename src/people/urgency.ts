/** How much drift disturbs people, and when they may be disturbed. Pure. */

import { concerns } from '../drift/ignore.ts';
import type { QuietHours, Severity, Stack } from '../model/directory.ts';
import type { OpenFinding } from '../model/open-findings.ts';
import type { Run } from '../model/run.ts';
import { wallClock } from '../text/zone.ts';

const ORDER: readonly Severity[] = ['low', 'normal', 'urgent'];

/**
 * The severity of the open findings: the most severe of them, each by the rules of m0.yaml that match it (`normal`
 * if none does). What an interrupted apply left behind is always urgent.
 */
export function severityOf(
  stack: Pick<Stack, 'severity'>,
  run: Pick<Run, 'interrupted'>,
  open: readonly Pick<OpenFinding, 'finding'>[],
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

/** True if `now` (ms since epoch) is in the quiet hours. Quiet hours over midnight belong to both days. */
export function isQuiet(hours: QuietHours, now: number): boolean {
  const { hour, minute, weekday } = wallClock(now, hours.timezone);
  if (hours.weekends && (weekday === 0 || weekday === 6)) return true;
  const at = hour * 60 + minute;
  const { from, to } = hours;
  return from <= to ? at >= from && at < to : at >= from || at < to;
}

/** True if people may be notified now (ms since epoch) about drift of that severity. */
export function mayDisturb(stack: Pick<Stack, 'quietHours'>, severity: Severity, now: number): boolean {
  if (severity === 'urgent') return true;
  return severity === 'normal' && (stack.quietHours == null || !isQuiet(stack.quietHours, now));
}
