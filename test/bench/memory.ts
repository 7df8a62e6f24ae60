/** Measures whether m0's memory stays flat: the heap of a separate process during 10,000 runs. */

import { join } from 'node:path';
import { execa } from 'execa';
import type { Limit } from './table.ts';

const MIB = 2 ** 20;

/** What memory-of-runs.ts prints: bytes after a forced collection. */
export interface Sample {
  readonly runs: number;
  readonly heap: number;
  readonly rss: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of the last three values divided by that of the second to fourth; the first is warm-up. */
function growth(values: readonly number[]): number {
  return mean(values.slice(-3)) / mean(values.slice(1, 4));
}

/** Returns the memory limits with measured values. Rejects if the runs end in an unexpected way. */
export async function memoryLimits(): Promise<Limit[]> {
  const script = join(import.meta.dirname, 'memory-of-runs.ts');
  const { stdout } = await execa(process.execPath, ['--expose-gc', script], { stderr: 'inherit' });
  const samples = JSON.parse(stdout) as readonly Sample[];
  for (const { runs, heap, rss } of samples) {
    const show = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
    process.stderr.write(`  ${runs} runs: heap ${show(heap)}, process ${show(rss)}\n`);
  }
  const heap = samples.map((sample) => sample.heap);
  const rss = samples.map((sample) => sample.rss);
  return [
    {
      what: '10,000 runs: heap at the end / at the beginning',
      measured: [growth(heap)],
      most: 1.1,
      unit: '×',
    },
    {
      what: '10,000 runs: process at the end / at the beginning',
      measured: [growth(rss)],
      most: 1.3,
      unit: '×',
    },
  ];
}
