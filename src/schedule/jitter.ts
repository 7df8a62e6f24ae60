/** Spreads checks that share a cron. */
import { createHash } from 'node:crypto';
import type { Stack } from '../model/directory.ts';
import { minutesOf } from './cron.ts';

const MINUTE = 60_000;
const MAX_DELAY_MS = MINUTE;
const MAX_SHARE_OF_GAP = 0.1;

/**
 * The delay after the cron time at which each stack's check begins, in ms, so that many stacks with one cron
 * do not start together. Less than a minute, and less than a tenth of the shortest time between two checks of
 * the stack. It depends only on the stack's name, so the distance between its checks stays the same. 0 for a
 * single stack.
 */
export function jitterOf(stacks: readonly Pick<Stack, 'name' | 'schedule'>[]): (stack: string) => number {
  if (stacks.length < 2) return () => 0;
  const delays = new Map(
    stacks.map(({ name, schedule }) => {
      const maxDelay = Math.min(MAX_DELAY_MS, MAX_SHARE_OF_GAP * shortestGap(schedule));
      return [name, Math.floor(maxDelay * fractionOf(name))];
    }),
  );
  return (name) => delays.get(name) ?? 0;
}

/** The distance between the ticks of a stack and of one that it follows, in ms: time to queue the first one. */
const FOLLOWS_MS = 250;

/** The same delays, but never before that of a stack that it follows, so that one round has both in their order. */
export function jitterAfter(
  jitter: (stack: string) => number,
  upstreamOf: (stack: string) => ReadonlySet<string>,
): (stack: string) => number {
  return (name) => {
    const before = [...upstreamOf(name)].map(
      (each) => jitter(each) + FOLLOWS_MS * (upstreamOf(each).size + 1),
    );
    return Math.max(jitter(name), ...before);
  };
}

/** A lower limit of the time between two checks, in ms. Hours and days are not considered. */
function shortestGap(crons: readonly string[]): number {
  const minutes = [...new Set(crons.flatMap(minutesOf))].sort((a, b) => a - b);
  const gaps = minutes.map((minute, i) => (minutes[i + 1] ?? (minutes[0] ?? 0) + 60) - minute);
  return Math.min(60, ...gaps) * MINUTE;
}

/** A number from 0 to below 1, evenly distributed over names. */
function fractionOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
}
