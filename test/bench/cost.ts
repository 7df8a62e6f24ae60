/** What a piece of work costs, with the tools that it runs. */
import { readFile } from 'node:fs/promises';

export interface Cost {
  /** Elapsed time, in ms. */
  readonly wall: number;
  /** CPU time, in ms, of this process and of all descendants that have ended meanwhile. */
  readonly cpu: number;
}

const TICK_MS = 10;

/** CPU time, in ms, of this process and its ended children; NaN if the system does not report it. */
async function cpuSoFar(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  // The process name in brackets may contain blanks; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, stat === '' ? NaN : 0);
}

/** Does the work and says what it cost. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = await cpuSoFar();
  const begun = performance.now();
  await work();
  return { wall: performance.now() - begun, cpu: (await cpuSoFar()) - cpu };
}
