/**
 * Ends a process after its parent has ended. bootstrap.mjs loads it with `--import` into processes that run in a
 * session of their own: without a terminal they get no signal when the parent is killed. Threads and forks
 * inherit `--import`, but only the process that bootstrap.mjs started watches.
 */
import { isMainThread } from 'node:worker_threads';

const EVERY_MS = 1000;
const parent = process.ppid;

if (isMainThread && process.env.M0_STARTED_BY === String(parent)) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, EVERY_MS);
  timer.unref();
}
