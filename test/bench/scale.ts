/**
 * More than one machine: how workers share the checks of one PostgreSQL database, what a check costs it, how many workers
 * 10,000 stacks need, and `/m0 status` with a year of their history.
 */
import { roundMs, workersFor } from './scale-day.ts';
import { statusLimits } from './scale-status.ts';
import { benchServer, costOfChecks, workersLimits } from './scale-workers.ts';
import type { Limit } from './table.ts';

const STACKS = 10_000;
const MINUTE = 60_000;
/** How long plans of different stacks take, in ms. */
const PLANS_MS = [5_000, 10_000, 30_000];

/** Prints how many workers 10,000 stacks need; `storeMs`: what a check costs the database at most. */
function saySizes(storeMs: number): void {
  for (const planMs of PLANS_MS) {
    const times = { planMs: [planMs], storeMs };
    const found = workersFor(STACKS, times);
    const words =
      found === null
        ? 'the database can not serve so many checks'
        : `${found.workers} workers, a round ${(found.ms / MINUTE).toFixed(0)} min; with twice as many ${(roundMs(STACKS, 2 * found.workers, times) / MINUTE).toFixed(0)} min`;
    process.stderr.write(`  ${STACKS} stacks every 2 hours, plans of ${planMs / 1_000} s: ${words}\n`);
  }
}

/** Returns the limits of workers and replicas, with measured values. Without PostgreSQL only those of SQLite. */
export async function scaleLimits(runs: number, scratch: string): Promise<Limit[]> {
  const server = await benchServer();
  const limits: Limit[] = [];
  if (server !== null) {
    limits.push(...(await workersLimits(runs, server)));
    const cost = await costOfChecks(server);
    saySizes(cost.ms / cost.stacks);
  }
  limits.push(...(await statusLimits(scratch, server)));
  return limits;
}
