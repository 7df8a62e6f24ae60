/** What goes wrong around a tool rather than in the code it runs: full disks, closed folders, damaged files. */
import { errorText } from '../base/error-text.ts';
import { RunnerError, type RunnerPhase } from '../ports/runner-error.ts';

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i,
    'The disk is full: make room in the data folder and in the folder for temporary files; the next check then goes on by itself',
  ],
  [
    /read-only file system|EROFS/i,
    'The disk can only be read: mount it so that m0 can write to its data folder',
  ],
  [/EACCES|EPERM/, 'Let the user m0 runs as read and write its data folder'],
  [
    /EMFILE|ENFILE|too many open files/i,
    'Raise the limit of open files (ulimit -n), or lower M0_CONCURRENCY',
  ],
];

const DAMAGED =
  /failed to read modules? manifest|Failed to load (backend )?state: invalid syntax|failed to read dependency lock file/i;

/** What to do about it, as a line of its own; '' where there is nothing to say. */
function adviceOn(text: string): string {
  const advice = ADVICE.find(([sign]) => sign.test(text))?.[1];
  return advice === undefined || text.includes(advice) ? '' : `\n${advice}`;
}

/** The error as one of the runner, with what to do where that is known. `doing`: as in `planning prod`. */
export function asRunnerError(error: unknown, phase: RunnerPhase, doing: string): RunnerError {
  if (error instanceof RunnerError) {
    const advice = adviceOn(error.message);
    if (advice === '') return error;
    const { locked, stopped, mayHaveApplied } = error;
    return new RunnerError(error.phase, error.message + advice, {
      locked,
      stopped,
      mayHaveApplied,
      cause: error,
    });
  }
  const text = errorText(error);
  return new RunnerError(phase, `${doing}: ${text}${adviceOn(text)}`, { cause: error });
}

/**
 * True where a tool complains about what it keeps itself between its runs (modules, providers, the address of the
 * state): all of that can be made anew.
 */
export function saysDamaged(text: string, dataDir: string): boolean {
  return text.includes(dataDir) || DAMAGED.test(text);
}
