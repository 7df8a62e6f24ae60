/** Reads from m0.yaml when people are notified, and who is next: quiet hours, escalation. */
import type { EscalationStep, QuietHours } from '../model/directory.ts';
import type { RawConfig } from './schema.ts';
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

/** Quiet hours as they are written: without a time zone, that of the stack counts. */
export type WrittenQuietHours = Omit<QuietHours, 'timezone'> & { readonly timezone: string | null };

/** Null: off. */
export function readQuietHours(
  raw: RawConfig['defaults']['quietHours'],
  path: Path,
  read: AskingReader,
): WrittenQuietHours | null {
  if (raw === 'off') return null;
  const [from, to] = [minuteOfDay(raw.from), minuteOfDay(raw.to)];
  if (from === to) read.report([...path, 'to'], 'is the same time as from: say off, or another time');
  const timezone = raw.timezone === undefined ? null : read.zone([...path, 'timezone'], raw.timezone);
  return { from, to, weekends: raw.weekends, timezone };
}

export function readEscalation(
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
