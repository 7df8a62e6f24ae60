import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { Stack } from '../model/directory.ts';
import { type Cron, readCron } from './cron.ts';

const MINUTE = 60_000;
/** A downtime longer than this has missed something for sure, as far as anybody cares. */
const LONGEST_LOOK_BACK = 7 * 24 * 60 * MINUTE;

export interface ScheduleOptions {
  readonly stacks: readonly Pick<Stack, 'name' | 'schedule' | 'timezone'>[];
  /** Now, in ms since epoch. */
  readonly now: () => number;
  /** Called once for a tick, however many crons of the stack fire in that minute. */
  readonly onTick: (stack: string) => Promise<void> | void;
  readonly log: Logger;
  /** When the stack last ticked, as `setLastTick` was told to store it; undefined: never seen. */
  readonly lastTick: (stack: string) => Promise<string | undefined>;
  /** `at` is ms since epoch as text. */
  readonly setLastTick: (stack: string, at: string) => Promise<void>;
  /** How much later a stack's ticks come (ms), so that many stacks don't start at once; 0 where not given. */
  readonly jitterOf?: (stack: string) => number;
}

export interface Schedule {
  /** No tick begins after it. Ticks under way are the caller's. */
  stop(): void;
  /** When it last looked at the clock, in ms since epoch: about a minute ago at most. */
  lookedAt(): number;
  /** Ticks that came and were not followed up yet, or could not be. */
  overdue(): readonly Overdue[];
}

/** `since`: when the tick came, in ms since epoch. `error`: why it could not be followed up; null while it is tried. */
export interface Overdue {
  readonly name: string;
  readonly since: number;
  readonly error: string | null;
}

interface Clockwork {
  readonly name: string;
  readonly crons: readonly Cron[];
}

function wholeMinute(at: number): number {
  return Math.floor(at / MINUTE) * MINUTE;
}

/** True where one of the crons fires in a minute after `from`, up to and including that of `to`. */
function firedBetween(crons: readonly Cron[], from: number, to: number): boolean {
  if (to - from > LONGEST_LOOK_BACK) return crons.length > 0;
  for (let minute = wholeMinute(to); minute > wholeMinute(from); minute -= MINUTE) {
    if (crons.some((cron) => cron.firesAt(minute))) return true;
  }
  return false;
}

/**
 * Ticks each stack by its crons in its time zone. What was missed while nothing ran, or while the machine
 * slept, is made up for by one tick; a stack never seen before waits for its first own time. Rejects where a
 * cron is none or the last ticks can't be read; a tick that fails is logged and comes again at its next time.
 */
export async function startSchedule(options: ScheduleOptions): Promise<Schedule> {
  const { now, log, jitterOf = () => 0 } = options;
  const clockworks: readonly Clockwork[] = options.stacks.map((stack) => ({
    name: stack.name,
    crons: stack.schedule.map((text) => readCron(text, stack.timezone)),
  }));
  const delayed = new Set<NodeJS.Timeout>();

  const overdue = new Map<string, Overdue>();

  async function tick(name: string): Promise<void> {
    const before = overdue.get(name) ?? { name, since: now(), error: null };
    overdue.set(name, before);
    try {
      await options.onTick(name);
      // Remembered after, not before: a tick that a crash cut short comes again, one too many harms nobody.
      await options.setLastTick(name, String(now()));
      overdue.delete(name);
    } catch (error) {
      overdue.set(name, { ...before, error: errorText(error) });
      log.error({ stack: name, err: error }, 'scheduled check could not be started');
    }
  }

  function later(name: string): void {
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

  let seenUntil = now();
  const missed: string[] = [];
  for (const { name, crons } of clockworks) {
    const last = Number(await options.lastTick(name));
    if (Number.isNaN(last)) await options.setLastTick(name, String(seenUntil));
    else if (firedBetween(crons, last, seenUntil)) missed.push(name);
  }

  /** Also looks at the minutes since the last look, so a late or left-out beat loses nothing. */
  function beat(): void {
    const at = now();
    const from = seenUntil;
    // Also where the clock was set back: it goes on from there, rather than standing still until it caught up.
    seenUntil = at;
    for (const { name, crons } of clockworks) {
      if (firedBetween(crons, from, at)) later(name);
    }
  }

  // A timer of our own: node-cron's sleeps until the time it expects, whatever becomes of the clock meanwhile.
  let heart: NodeJS.Timeout;
  function arm(): void {
    heart = setTimeout(
      () => {
        beat();
        arm();
      },
      MINUTE - (now() % MINUTE),
    );
  }
  arm();

  if (missed.length > 0) {
    log.info({ stacks: missed }, 'checks missed while m0 was down run now');
    for (const name of missed) later(name);
  }

  return {
    stop() {
      clearTimeout(heart);
      for (const timer of delayed) clearTimeout(timer);
      delayed.clear();
    },
    lookedAt: () => seenUntil,
    overdue: () => [...overdue.values()],
  };
}
