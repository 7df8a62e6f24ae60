/** Simulates many seeds in threads of their own: a simulation replaces the clocks and timers of its thread. */
import { Worker } from 'node:worker_threads';
import type { Violation } from './observer.ts';
import type { PlantedBugName } from './planted-bugs.ts';
import type { SeedReport, SeedWork } from './seed-thread.ts';
import type { SeedResult } from './simulation.ts';

/** How many cores the simulations take. */
const THREADS = 2;

export interface SeedsOptions {
  readonly first: number;
  readonly count: number;
  readonly bug?: PlantedBugName | null;
  readonly isTraced?: boolean;
  readonly threads?: number;
  /** True: no further seed once something was found. */
  readonly stopsAtFirst?: boolean;
}

export interface Found {
  readonly seed: number;
  readonly violations: readonly Violation[];
}

export interface SeedsResult {
  /** By seed. */
  readonly results: readonly SeedResult[];
  /** The seeds in which something that must hold did not, smallest first. */
  readonly found: readonly Found[];
}

/** Simulates them. Rejects if a simulation itself breaks. */
export async function simulateSeeds(options: SeedsOptions): Promise<SeedsResult> {
  const { first, count, bug = null, isTraced = false, threads = THREADS, stopsAtFirst = false } = options;
  const results: SeedResult[] = [];
  const workers: Worker[] = [];
  const stopAll = (): void => {
    for (const worker of workers) void worker.terminate();
  };
  const runThread = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const work: SeedWork = { first: first + index, end: first + count, step: threads, bug, isTraced };
      const worker = new Worker(new URL('./seed-thread.ts', import.meta.url), { workerData: work });
      workers.push(worker);
      worker.on('message', (report: SeedReport) => {
        if ('broken' in report) {
          reject(new Error(`the simulation of seed ${report.seed} broke: ${report.broken}`));
          return stopAll();
        }
        results.push(report);
        if (stopsAtFirst && report.violations.length > 0) stopAll();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  await Promise.all(Array.from({ length: Math.min(threads, count) }, (_, index) => runThread(index)));
  results.sort((a, b) => a.seed - b.seed);
  const found = results.flatMap(({ seed, violations }) =>
    violations.length > 0 ? [{ seed, violations }] : [],
  );
  return { results, found };
}

/** The seeds with what was found in them, for an assertion's message. */
export function foundText(found: readonly Found[]): string {
  return found
    .slice(0, 10)
    .map(({ seed, violations }) =>
      [`M0_SEED=${seed}`, ...violations.map(({ invariant, detail }) => `  ${invariant}: ${detail}`)].join(
        '\n',
      ),
    )
    .join('\n');
}
