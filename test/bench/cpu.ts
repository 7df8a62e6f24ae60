/** The CPU time of a process and of the tools that it ran. */
import { readFileSync } from 'node:fs';

/** Steps of the clock in /proc, in ms: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

/** The CPU time (user and system) of this process and of all its children that have ended, in ms. */
export function cpuMsOfAll(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The name in parentheses may contain spaces; utime, stime, cutime and cstime are fields 14 to 17 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
}
