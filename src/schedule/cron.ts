/** Cron expressions in a time zone, with daylight saving time. */
import { createTask, validate } from 'node-cron';
import { utcOf, wallClock } from '../text/zone.ts';

const MINUTE = 60_000;

/**
 * True where `text` is a cron of five fields (minute hour day month weekday) or a nickname such as `@daily`.
 */
export function isValidCron(text: string): boolean {
  const trimmed = text.trim();
  // node-cron also accepts seconds as a sixth field; planning a stack every second is always a mistake.
  const hasForm = trimmed.startsWith('@') || trimmed.split(/\s+/).length === 5;
  return hasForm && validate(trimmed);
}

/** The local time in `zone` at `at`, rounded down to the minute and encoded as if it were UTC. */
function localTimeAt(at: number, zone: string): number {
  return utcOf(wallClock(at, zone));
}

/** A cron in a time zone. The caller asks minute by minute. */
export interface Cron {
  /** True where the cron fires in the minute that begins at `minute` (ms since epoch, a whole minute). */
  firesAt(minute: number): boolean;
}

const crons = new Map<string, Cron>();

/**
 * Parses a cron for a time zone (IANA name). When clocks go forward, times in the skipped hour fire in the
 * first minute after it. When clocks go back, a cron with a fixed hour fires only the first time; a cron with
 * `*` as its hour fires in both hours. Throws where `text` is no cron.
 */
export function readCron(text: string, zone: string): Cron {
  if (!isValidCron(text)) throw new Error(`"${text}" is not a cron`);
  const trimmed = text.trim();
  const name = `${trimmed} ${zone}`;
  const cron = crons.get(name) ?? withCache(makeCron(trimmed, zone));
  crons.set(name, cron);
  return cron;
}

/** Remembers the last answer: hundreds of stacks share a cron and all ask about the same minute. */
function withCache({ firesAt }: Cron): Cron {
  let last = { minute: Number.NaN, fires: false };
  return {
    firesAt(minute) {
      if (minute !== last.minute) last = { minute, fires: firesAt(minute) };
      return last.fires;
    },
  };
}

function makeCron(trimmed: string, zone: string): Cron {
  // node-cron gets local times encoded as UTC, because with a real time zone it skips both hours of a clock
  // change.
  const task = createTask(trimmed, () => undefined, { timezone: 'UTC' });
  const matches = (localTime: number): boolean => task.match(new Date(localTime));
  const everyHour = trimmed === '@hourly' || (trimmed.split(/\s+/)[1] ?? '').startsWith('*');
  return {
    firesAt(minute) {
      const localTime = localTimeAt(minute, zone);
      const before = localTimeAt(minute - MINUTE, zone);
      const hourAgo = localTimeAt(minute - 60 * MINUTE, zone);
      if (localTime - before > MINUTE) {
        for (let skipped = before + MINUTE; skipped < localTime; skipped += MINUTE) {
          if (matches(skipped)) return true;
        }
      }
      return matches(localTime) && (everyHour || localTime > hourAgo);
    },
  };
}

/** The minutes of an hour, 0 to 59, at which the cron can fire. Throws where `text` is no cron. */
export function minutesOf(text: string): readonly number[] {
  if (!isValidCron(text)) throw new Error(`"${text}" is not a cron`);
  const [minutes = ''] = text.trim().split(/\s+/);
  // All nicknames fire at minute 0.
  if (minutes.startsWith('@')) return [0];
  const task = createTask(`${minutes} * * * *`, () => undefined, { timezone: 'UTC' });
  return Array.from({ length: 60 }, (_, minute) => minute).filter((m) => task.match(new Date(m * MINUTE)));
}
