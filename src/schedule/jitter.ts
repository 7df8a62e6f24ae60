import { createHash } from 'node:crypto';
import type { Stack } from '../model/directory.ts';
import { minutesOf } from './cron.ts';

const MINUTE = 60_000;
const MOST_MS = MINUTE;
const PART_OF_GAP = 0.1;

/**
 * How much later than their crons say the checks of each stack begin, in ms, so that many stacks of one cron
 * don't start together: below a tenth of the shortest time between two checks of the stack, and below a minute.
 * It follows from the stack's name alone, so its checks keep their distance. 0 for a single stack.
 */
export function jitterOf(stacks: readonly Pick<Stack, 'name' | 'schedule'>[]): (stack: string) => number {
  if (stacks.length < 2) return () => 0;
  const delays = new Map(
    stacks.map(({ name, schedule }) => {
      const most = Math.min(MOST_MS, PART_OF_GAP * shortestGap(schedule));
      return [name, Math.floor(most * partOf(name))];
    }),
  );
  return (name) => delays.get(name) ?? 0;
}

/** No two checks are nearer to each other than this, whatever hours and days they are for. */
function shortestGap(crons: readonly string[]): number {
  const minutes = [...new Set(crons.flatMap(minutesOf))].sort((a, b) => a - b);
  const gaps = minutes.map((minute, i) => (minutes[i + 1] ?? (minutes[0] ?? 0) + 60) - minute);
  return Math.min(60, ...gaps) * MINUTE;
}

/** From 0 up to 1, spread evenly over names. */
function partOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
}
