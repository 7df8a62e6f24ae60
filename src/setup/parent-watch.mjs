/**
 * Loaded with `--import` into what bootstrap.mjs starts in a session of its own. There a killed parent
 * would go unnoticed (no terminal, no hang-up), so this asks for an orderly end when the parent is gone.
 * Threads and forks inherit `--import`; only the process that bootstrap.mjs itself started watches.
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
