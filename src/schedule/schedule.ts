/** Starts the scheduled checks of stacks. */
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { Stack } from '../model/directory.ts';
import { type Cron, readCron } from './cron.ts';

const MINUTE = 60_000;
/** After a downtime longer than this, every cron counts as missed without a search. */
const MAX_LOOK_BACK_MS = 7 * 24 * 60 * MINUTE;

export interface ScheduleOptions {
  readonly stacks: readonly Pick<Stack, 'name' | 'schedule' | 'timezone'>[];
  /** The current time, in ms since epoch. */
  readonly now: () => number;
  /** Called once per tick, however many crons of the stack fire in that minute. */
  readonly onTick: (stack: string) => Promise<void> | void;
  readonly log: Logger;
  /** When the stack last ticked, in ms since epoch; undefined where it never did. */
  readonly lastTick: (stack: string) => Promise<number | undefined>;
  /** Stores `at`, in ms since epoch. */
  readonly setLastTick: (stack: string, at: number) => Promise<void>;
  /** Delay of a stack's ticks in ms, so that many stacks do not start at once; 0 where not given. */
  readonly jitterOf?: (stack: string) => number;
}

export interface Schedule {
  /** Starts no more ticks. The caller waits for those that are running. */
  stop(): void;
  /**
   * Goes on with these stacks: with the crons of new ones and changed ones, and without those that are missing. Rejects
   * like `startSchedule`, and then goes on as before.
   */
  follow(stacks: ScheduleOptions['stacks']): Promise<void>;
  /** When the schedule last checked the clock, in ms since epoch. Normally less than a minute ago. */
  checkedClockAt(): number;
  /** Ticks that were due and have not been handled, or failed. */
  overdue(): readonly Overdue[];
}

/**
 * A tick that was due and is not handled yet. `since` is when it was due, in ms since epoch. `error` is why
 * it failed; null while it is running.
 */
export interface Overdue {
  readonly name: string;
  readonly since: number;
  readonly error: string | null;
}

interface StackSchedule {
  readonly name: string;
  readonly crons: readonly Cron[];
}

function wholeMinute(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE;
}

/** True where one of the crons fires in a minute after `from`, up to and including the minute of `to`. */
function firedBetween(crons: readonly Cron[], from: number, to: number): boolean {
  if (to - from > MAX_LOOK_BACK_MS) return crons.length > 0;
  for (let minute = wholeMinute(to); minute > wholeMinute(from); minute -= MINUTE) {
    if (crons.some((cron) => cron.firesAt(minute))) return true;
  }
  return false;
}

/**
 * Ticks each stack by its crons in its time zone. Ticks missed while m0 was down or the machine slept become
 * one tick. A stack seen for the first time waits for its next cron time. Rejects where a cron is not valid
 * or the last ticks cannot be read. A tick that fails is logged and repeated at the stack's next cron time.
 */
export async function startSchedule(options: ScheduleOptions): Promise<Schedule> {
  const { now, log, jitterOf = () => 0 } = options;
  const read = (stacks: ScheduleOptions['stacks']): readonly StackSchedule[] =>
    stacks.map((stack) => ({
      name: stack.name,
      crons: stack.schedule.map((text) => readCron(text, stack.timezone)),
    }));
  let schedules = read(options.stacks);
  const delayed = new Set<NodeJS.Timeout>();

  const overdue = new Map<string, Overdue>();

  async function tick(name: string): Promise<void> {
    const pending = overdue.get(name) ?? { name, since: now(), error: null };
    overdue.set(name, pending);
    try {
      await options.onTick(name);
      // Stored afterwards: a tick that a crash interrupted happens again, and one check too many does no
      // harm.
      await options.setLastTick(name, now());
      overdue.delete(name);
    } catch (error) {
      overdue.set(name, { ...pending, error: errorText(error) });
      log.error({ stack: name, err: error }, 'scheduled check could not be started');
    }
  }

  function tickAfterJitter(name: string): void {
    const delay = jitterOf(name);
    if (delay === 0) {
      void tick(name);
      return;
    }
    const timer = setTimeout(() => {
      delayed.delete(timer);
      void tick(name);
    }, delay);
    delayed.add(timer);
  }

  let checkedUntil = now();
  const missed: string[] = [];
  for (const { name, crons } of schedules) {
    const last = await options.lastTick(name);
    if (last === undefined) await options.setLastTick(name, checkedUntil);
    else if (firedBetween(crons, last, checkedUntil)) missed.push(name);
  }

  /** Covers all minutes since the last beat, so that a late or missed beat loses no tick. */
  function beat(): void {
    const at = now();
    const from = checkedUntil;
    // Also after the clock was set back: continues from the new time instead of waiting until the old one is
    // reached again.
    checkedUntil = at;
    for (const { name, crons } of schedules) {
      if (firedBetween(crons, from, at)) tickAfterJitter(name);
    }
  }

  // m0's own timer: node-cron's waits for a fixed duration, even if the clock changes meanwhile.
  let beatTimer: NodeJS.Timeout;
  function scheduleBeat(): void {
    beatTimer = setTimeout(
      () => {
        beat();
        scheduleBeat();
      },
      MINUTE - (now() % MINUTE),
    );
  }
  scheduleBeat();

  if (missed.length > 0) {
    log.info({ stacks: missed }, 'checks that were missed while m0 was down run now');
    for (const name of missed) tickAfterJitter(name);
  }

  return {
    async follow(stacks) {
      const next = read(stacks);
      for (const { name } of next) {
        if ((await options.lastTick(name)) === undefined) await options.setLastTick(name, now());
      }
      schedules = next;
      const names = new Set(next.map(({ name }) => name));
      for (const name of overdue.keys()) if (!names.has(name)) overdue.delete(name);
    },
    stop() {
      clearTimeout(beatTimer);
      for (const timer of delayed) clearTimeout(timer);
      delayed.clear();
    },
    checkedClockAt: () => checkedUntil,
    overdue: () => [...overdue.values()],
  };
}
