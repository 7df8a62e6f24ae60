/** What is being worked on, so that each line of the log can say it, also where nobody there knows of it. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** Keys that every line gets while the work goes on. What a line says itself comes first. */
export type LogFields = Record<string, string | number | null>;

const underWay = new AsyncLocalStorage<LogFields>();

/** Does `work`, and all that follows from it, with these fields; those it learns on the way may be added to it. */
export function within<T>(fields: LogFields, work: () => T): T {
  return underWay.run(fields, work);
}

/** Does what goes on by itself, as a timer or the next run's work, without the fields of what set it going. */
export function outside<T>(work: () => T): T {
  return underWay.run({}, work);
}

/** The fields of what is being worked on, for the next line. */
export function fieldsUnderWay(): LogFields {
  return { ...underWay.getStore() };
}
