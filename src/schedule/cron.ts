import { createTask, validate } from 'node-cron';
import { utcOf, wallClock } from '../text/zone.ts';

const MINUTE = 60_000;

/** True where `text` is a cron of five fields (minute hour day month weekday) or a nickname such as `@daily`. */
export function isValidCron(text: string): boolean {
  const trimmed = text.trim();
  // node-cron also takes seconds as a sixth field; nobody means to plan a stack every second.
  const shaped = trimmed.startsWith('@') || trimmed.split(/\s+/).length === 5;
  return shaped && validate(trimmed);
}

/** What a clock on the wall in `zone` shows at `at`, to the minute, written as if it were UTC. */
function shownAt(at: number, zone: string): number {
  return utcOf(wallClock(at, zone));
}

/** A cron in a time zone, asked minute by minute. */
export interface Cron {
  /** True where the cron fires in the minute that begins at `minute` (ms since epoch, a whole minute). */
  firesAt(minute: number): boolean;
}

const crons = new Map<string, Cron>();

/**
 * Reads a cron for a time zone (IANA name). Where clocks are put forward, what stood in the hour that is left
 * out fires in the first minute after it; where they are put back, a cron with a fixed hour fires the first
 * time only, one with `*` as its hour goes on through both. Throws where `text` is no cron.
 */
export function readCron(text: string, zone: string): Cron {
  if (!isValidCron(text)) throw new Error(`"${text}" is not a cron`);
  const trimmed = text.trim();
  const name = `${trimmed} ${zone}`;
  const cron = crons.get(name) ?? remembering(makeCron(trimmed, zone));
  crons.set(name, cron);
  return cron;
}

/** Stacks by the hundred share a cron, and all ask for the same minute. */
function remembering({ firesAt }: Cron): Cron {
  let last = { minute: Number.NaN, fires: false };
  return {
    firesAt(minute) {
      if (minute !== last.minute) last = { minute, fires: firesAt(minute) };
      return last.fires;
    },
  };
}

function makeCron(trimmed: string, zone: string): Cron {
  // Wall-clock minutes are handed over as if they were UTC: node-cron itself skips both hours of a change.
  const task = createTask(trimmed, () => undefined, { timezone: 'UTC' });
  const matches = (wall: number): boolean => task.match(new Date(wall));
  const everyHour = trimmed === '@hourly' || (trimmed.split(/\s+/)[1] ?? '').startsWith('*');
  return {
    firesAt(minute) {
      const wall = shownAt(minute, zone);
      const before = shownAt(minute - MINUTE, zone);
      const hourAgo = shownAt(minute - 60 * MINUTE, zone);
      if (wall - before > MINUTE) {
        for (let skipped = before + MINUTE; skipped < wall; skipped += MINUTE) {
          if (matches(skipped)) return true;
        }
      }
      return matches(wall) && (everyHour || wall > hourAgo);
    },
  };
}

/** The minutes of an hour, 0 to 59, at which the cron may fire in some hour. Throws where `text` is no cron. */
export function minutesOf(text: string): readonly number[] {
  if (!isValidCron(text)) throw new Error(`"${text}" is not a cron`);
  const [minutes = ''] = text.trim().split(/\s+/);
  // All nicknames fire at the full hour.
  if (minutes.startsWith('@')) return [0];
  const task = createTask(`${minutes} * * * *`, () => undefined, { timezone: 'UTC' });
  return Array.from({ length: 60 }, (_, minute) => minute).filter((m) => task.match(new Date(m * MINUTE)));
}
