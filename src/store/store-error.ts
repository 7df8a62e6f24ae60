/** The error of the store, with advice for people who run m0. */
import { errorText } from '../base/error-text.ts';
import { StoreError, type StoreProblem } from '../ports/store-error.ts';

/** Why an older m0 opens no database that a newer one has migrated, and what to do about it. */
export const NEWER_DATABASE =
  'the database was written by a newer version of m0: start that version, or restore a back-up from before the upgrade';

type Advice = Record<Exclude<StoreProblem, 'uncertain' | 'other'>, string>;

const SQLITE: Advice = {
  full: 'the disk is full: free space on it, nothing was written',
  busy: 'the database is locked by another process: stop that process, nothing was written',
  corrupt: 'the database file is damaged: restore it from a back-up',
  denied: 'the database file or its folder cannot be opened for writing: check its owner and mode',
};

const POSTGRES: Advice = {
  full: 'the disk of the database server is full: free space on it, nothing was written',
  busy: 'the database is locked by another process: find it in pg_stat_activity, nothing was written',
  corrupt: 'the database is damaged: restore it from a back-up',
  denied: 'the database server refuses m0: check the user, the password and the rights in M0_DATABASE_URL',
};
const UNREACHABLE =
  'the database server cannot be reached: check that it runs, and the host in M0_DATABASE_URL; nothing was written';

/** Codes of PostgreSQL (class or whole) and of the system that mean: there is no connection, or it was lost. */
const LOST =
  /^(08...|57P0[123]|25P03|25006|53300|ECONN\w+|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;
/** What the driver says, without a code, where a connection ends or a server is silent. */
const LOST_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|The server does not support SSL)/;

function sqliteProblem(code: string): keyof Advice | 'other' {
  if (code.startsWith('SQLITE_FULL')) return 'full';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy';
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return 'corrupt';
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EROFS)/.test(code)) {
    return 'denied';
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  return 'other';
}

/** By the codes in the appendix of PostgreSQL's manual. */
function postgresProblem(code: string): keyof Advice | 'other' {
  if (code === '53100') return 'full';
  // Lock and statement timeouts, deadlocks, conflicts and a lack of memory pass.
  if (/^(55P03|57014|40001|40P01|53200|53400)$/.test(code)) return 'busy';
  if (/^XX00[12]$/.test(code)) return 'corrupt';
  return /^(28...|42501|3D000)$/.test(code) ? 'denied' : 'other';
}

/** The error code of the error or of one of its causes: drizzle may have wrapped the driver's error. */
function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) {
    const { code } = e as { code?: unknown };
    if (typeof code === 'string') return code;
  }
  return '';
}

/** True where there is no socket file: a server on the same machine deletes it when it ends. */
function isWithoutSocket(error: Error): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const { code, syscall } = e as { code?: unknown; syscall?: unknown };
    if (code === 'ENOENT' && syscall === 'connect') return true;
  }
  return false;
}

/** True if the connection to PostgreSQL could not be made or was lost. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return LOST.test(codeOf(error)) || LOST_TEXT.test(error.message) || isWithoutSocket(error);
}

/** The error for a write lock that another process does not release. */
export function busyError(doing: string): StoreError {
  return new StoreError(`${doing}: ${SQLITE.busy}`, { problem: 'busy' });
}

function explain(error: unknown): { readonly problem: StoreProblem; readonly advice: string | null } {
  const code = codeOf(error);
  if (isConnectionLost(error)) return { problem: 'busy', advice: UNREACHABLE };
  const isPostgres = /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
  const problem = isPostgres ? postgresProblem(code) : sqliteProblem(code);
  const advice = isPostgres ? POSTGRES : SQLITE;
  return { problem, advice: problem === 'other' ? null : advice[problem] };
}

/** Wraps anything thrown in a StoreError that begins with `doing`. A StoreError keeps its problem. */
export function toStoreError(doing: string, error: unknown): StoreError {
  const detail = errorText(error);
  if (error instanceof StoreError) {
    return new StoreError(`${doing}: ${detail}`, { problem: error.problem, cause: error });
  }
  const { problem, advice } = explain(error);
  const text = advice === null ? detail : `${advice} (${detail || codeOf(error)})`;
  return new StoreError(`${doing}: ${text}`, { problem, cause: error });
}
