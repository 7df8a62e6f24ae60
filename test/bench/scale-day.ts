/**
 * Rounds of 10,000 stacks every two hours, simulated with measured times: how many workers answer all of them in time, and
 * how old the oldest answer gets. Each worker makes two plans at a time. What a check needs of the database, whose writes
 * follow one after the other, is served to one check after the other.
 */
import { seeded } from '../support/random.ts';

const ROUND_MS = 2 * 3_600_000;
const PLANS_AT_ONCE = 2;
const MOST_WORKERS = 500;

export interface Times {
  /** Measured plans while another one runs on the machine, in ms. */
  readonly planMs: readonly number[];
  /** What one check keeps the database from serving others, in ms. */
  readonly storeMs: number;
}

/** How long a round takes until its last answer, in ms: all checks become due at the same time. */
export function roundMs(stacks: number, workers: number, { planMs, storeMs }: Times, seed = 1): number {
  const random = seeded(seed);
  /** When each slot is free, and when the database is. */
  const slots: number[] = Array.from({ length: workers * PLANS_AT_ONCE }, () => 0);
  let store = 0;
  for (let i = 0; i < stacks; i += 1) {
    let slot = 0;
    for (let s = 1; s < slots.length; s += 1) if ((slots[s] ?? 0) < (slots[slot] ?? 0)) slot = s;
    // Stacks differ: between 75% and 125% of the measured time.
    const plan = random.pick(planMs) * (0.75 + random.int(501) / 1_000);
    store = Math.max(store, (slots[slot] ?? 0) + plan) + storeMs;
    slots[slot] = store;
  }
  return Math.max(...slots);
}

/** The fewest workers whose round ends before the next one begins; null: the database can't serve so many checks. */
export function workersFor(
  stacks: number,
  times: Times,
  withinMs = ROUND_MS,
): { readonly workers: number; readonly ms: number } | null {
  for (let workers = 1; workers <= MOST_WORKERS; workers += 1) {
    const ms = roundMs(stacks, workers, times);
    if (ms <= withinMs) return { workers, ms };
  }
  return null;
}
