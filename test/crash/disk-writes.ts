/** Tells when something has reached the database file: after a COMMIT, and after a write outside a transaction. */
import Sqlite from 'better-sqlite3';

type Method = (this: Sqlite.Statement, ...args: unknown[]) => unknown;

/**
 * Calls `listener` right after each such statement on the database `file`, in this process; the answer ends that. So a
 * commit that is made of two transactions is seen as two writes, with a point between them.
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
      // SQLite counts a COMMIT as a statement that only reads.
      const writes = !readonly || source === 'COMMIT';
      if (writes && database.name === file && !database.inTransaction) listener();
      return result;
    };
  }
  return () => {
    for (const { name, method } of methods) prototype[name] = method;
  };
}
