/** Detects writes to the database file: after a COMMIT, and after a write outside a transaction. */
import Sqlite from 'better-sqlite3';

type Method = (this: Sqlite.Statement, ...args: unknown[]) => unknown;

/**
 * Calls `listener` right after each such statement on the database `file` in this process, until the returned
 * function is called. So a commit of two transactions counts as two writes, with a point between them.
 */
export function onDiskWrite(file: string, listener: () => void): () => void {
  const sample = new Sqlite(':memory:');
  const prototype = Object.getPrototypeOf(sample.prepare('SELECT 1')) as Record<string, Method>;
  sample.close();
  const methods = (['run', 'get', 'all'] as const).map((name) => ({
    name,
    method: prototype[name] as Method,
  }));
  for (const { name, method } of methods) {
    prototype[name] = function (...args) {
      const result = method.apply(this, args);
      const { database, readonly, source } = this;
      // SQLite reports COMMIT as a read-only statement.
      const writes = !readonly || source === 'COMMIT';
      if (writes && database.name === file && !database.inTransaction) listener();
      return result;
    };
  }
  return () => {
    for (const { name, method } of methods) prototype[name] = method;
  };
}
