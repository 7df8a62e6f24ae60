/**
 * Advice for failures of the machine rather than of the code: full disks, missing permissions, damaged files.
 */
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

/** Advice as a separate line; '' where there is none. */
function adviceOn(text: string): string {
  const advice = ADVICE.find(([sign]) => sign.test(text))?.[1];
  return advice === undefined || text.includes(advice) ? '' : `\n${advice}`;
}

/**
 * The error as a RunnerError, with advice where there is some. `doing` says what was attempted, e.g.
 * `planning prod`.
 */
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
 * True where a tool reports that its own files from earlier runs (modules, providers, backend configuration)
 * are damaged. All of these can be recreated.
 */
export function isDamaged(text: string, dataDir: string): boolean {
  return text.includes(dataDir) || DAMAGED.test(text);
}
