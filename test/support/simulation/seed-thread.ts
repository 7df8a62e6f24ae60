/** A thread that simulates seeds: one after the other from `first`, each `step` further, as long as the results are wanted. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PlantedBugName } from './planted-bugs.ts';
import { type SeedResult, simulate } from './simulation.ts';

/** What the thread is to do. */
export interface SeedWork {
  readonly first: number;
  readonly end: number;
  readonly step: number;
  readonly bug: PlantedBugName | null;
  readonly isTraced: boolean;
}

/** What it tells of each seed. */
export type SeedReport = SeedResult | { readonly seed: number; readonly broken: string };

const { first, end, step, bug, isTraced } = workerData as SeedWork;
for (let seed = first; seed < end; seed += step) {
  let report: SeedReport;
  try {
    report = await simulate(seed, { bug, isTraced });
  } catch (error) {
    report = { seed, broken: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(report);
  // Between two seeds the thread can be ended.
  await new Promise((resolve) => setImmediate(resolve));
}
