/** The error of the store, with advice for people who run m0. */
import { errorText } from '../base/error-text.ts';

/** The cause of a store error, if people can do something about it. */
export type StoreProblem = 'full' | 'busy' | 'corrupt' | 'denied' | 'other';

/** An error of the store. The message says what the store was doing and, if known, what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly problem: StoreProblem;
  constructor(message: string, options: { problem?: StoreProblem; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.problem = options.problem ?? 'other';
  }
}

const ADVICE: Record<Exclude<StoreProblem, 'other'>, string> = {
  full: 'the disk is full: free space on it, nothing was written',
  busy: 'the database is locked by another process: stop that process, nothing was written',
  corrupt: 'the database file is damaged: restore it from a back-up',
  denied: 'the database file or its folder cannot be opened for writing: check its owner and mode',
};

function problemOf(code: string): StoreProblem {
  if (code.startsWith('SQLITE_FULL')) return 'full';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy';
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return 'corrupt';
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS)/.test(code)) {
    return 'denied';
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  return 'other';
}

/** The error code of the error or of one of its causes: drizzle may have wrapped the driver's error. */
function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) {
    const { code } = e as { code?: unknown };
    if (typeof code === 'string') return code;
  }
  return '';
}

/** The error for a write lock that another process does not release. */
export function busyError(doing: string): StoreError {
  return new StoreError(`${doing}: ${ADVICE.busy}`, { problem: 'busy' });
}

/** Wraps anything thrown in a StoreError that begins with `doing`. A StoreError keeps its problem. */
export function toStoreError(doing: string, error: unknown): StoreError {
  const detail = errorText(error);
  if (error instanceof StoreError) {
    return new StoreError(`${doing}: ${detail}`, { problem: error.problem, cause: error });
  }
  const problem = problemOf(codeOf(error));
  const text = problem === 'other' ? detail : `${ADVICE[problem]} (${detail})`;
  return new StoreError(`${doing}: ${text}`, { problem, cause: error });
}
