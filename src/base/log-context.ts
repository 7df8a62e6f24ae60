/**
 * Fields that every log line gets while a piece of work runs (a run id, a stack), kept in an AsyncLocalStorage, so
 * that code which does not know them logs them too.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Keys added to every line of the log. A key that the line sets itself wins. */
export type LogFields = Record<string, string | number | null>;

const currentFields = new AsyncLocalStorage<LogFields>();

/** Does `work`, and everything that it starts, with these log fields. `work` may add fields to the object. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return currentFields.run(fields, work);
}

/**
 * Does `work` without the current log fields: for timers and background work that outlive the work that started
 * them.
 */
export function withoutLogFields<T>(work: () => T): T {
  return currentFields.run({}, work);
}

/** A copy of the current log fields. */
export function currentLogFields(): LogFields {
  return { ...currentFields.getStore() };
}
