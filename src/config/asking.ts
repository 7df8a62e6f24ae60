/** Reads from m0.yaml when people are notified, and who is next: severity, quiet hours, escalation. */
import type { EscalationStep, QuietHours, Stack } from '../model/directory.ts';
import type { RawConfig, RawStack } from './schema.ts';
import type { Path } from './source.ts';

const minuteOfDay = (time: string): number => {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
};

/** The functions of the configuration reader that this file needs. */
export interface AskingReader {
  zone(path: Path, name: string): string;
  approverNames(path: Path, names: readonly string[]): readonly string[];
  milliseconds(duration: string): number;
  report(path: Path, problem: string): void;
}

function quietHours(
  raw: RawConfig['defaults']['quietHours'],
  path: Path,
  zone: string,
  read: AskingReader,
): QuietHours | null {
  if (raw === 'off') return null;
  const [from, to] = [minuteOfDay(raw.from), minuteOfDay(raw.to)];
  if (from === to) read.report([...path, 'to'], 'is the same time as from: say off, or another time');
  const timezone = raw.timezone === undefined ? zone : read.zone([...path, 'timezone'], raw.timezone);
  return { from, to, weekends: raw.weekends, timezone };
}

function escalation(
  raw: RawConfig['defaults']['escalation'],
  path: Path,
  read: AskingReader,
): readonly EscalationStep[] {
  return raw.map(({ after, to, every }, i) => {
    if (to !== 'asked' && to !== 'channel') read.approverNames([...path, i], [to]);
    return {
      afterMs: read.milliseconds(after),
      to,
      everyMs: every === undefined ? null : read.milliseconds(every),
    };
  });
}

/** Checks the defaults once, at their own place in the file. */
export function checkAsking({ defaults }: RawConfig, read: AskingReader): void {
  quietHours(defaults.quietHours, ['defaults', 'quietHours'], defaults.timezone, read);
  escalation(defaults.escalation, ['defaults', 'escalation'], read);
}

/**
 * The settings of a stack, or else the defaults. Severity rules of both are combined. `zone`: the stack's time
 * zone.
 */
export function readAsking(
  { defaults }: RawConfig,
  stack: RawStack,
  path: Path,
  zone: string,
  read: AskingReader,
): Pick<Stack, 'severity' | 'quietHours' | 'escalation'> {
  const silent: AskingReader = {
    ...read,
    zone: (_, name) => name,
    approverNames: (_, names) => names,
    report: () => {},
  };
  return {
    severity: [...defaults.severity, ...stack.severity],
    quietHours:
      stack.quietHours === undefined
        ? quietHours(defaults.quietHours, [], zone, silent)
        : quietHours(stack.quietHours, [...path, 'quietHours'], zone, read),
    escalation:
      stack.escalation === undefined
        ? escalation(defaults.escalation, [], silent)
        : escalation(stack.escalation, [...path, 'escalation'], read),
  };
}
