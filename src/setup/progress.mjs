/**
 * Prints the progress of set-up to stderr; stdout is left to the command. Plain JavaScript, because it runs
 * before a Node that runs TypeScript is installed.
 */

/** `75000` -> `1 min 15 s`; below ten seconds with one decimal. Takes milliseconds. */
export function formatElapsed(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  return `${minutes} min ${Math.round(seconds) % 60} s`;
}

/**
 * Runs one step of set-up. Prints a line that says what it does and one that says how long it took. On a
 * terminal the seconds are updated meanwhile, unless the step prints its own progress. Rethrows the error of
 * `work`.
 */
export async function step(label, what, work, { ownProgress = false } = {}) {
  const started = Date.now();
  const ticking = process.stderr.isTTY && !ownProgress;
  process.stderr.write(`${label}: ${what} …${ticking ? '' : '\n'}`);
  const draw = () =>
    process.stderr.write(`\r\u001b[K${label}: ${what} … ${formatElapsed(Date.now() - started)}`);
  const timer = ticking ? setInterval(draw, 1000) : undefined;
  const close = (word) =>
    process.stderr.write(
      `${ticking ? '\r\u001b[K' : ''}${label}: ${word} ${formatElapsed(Date.now() - started)}\n`,
    );
  try {
    const result = await work();
    clearInterval(timer);
    close('ready after');
    return result;
  } catch (error) {
    clearInterval(timer);
    close('given up after');
    throw error;
  }
}
