/** Databases that are not flushed to the disk, for tests in which no machine loses its power. */
import Sqlite from 'better-sqlite3';

/**
 * From now on SQLite flushes nothing in this process. A killed process loses nothing by that: what it has written is in
 * the files, because the operating system holds it. Only a power cut would show the difference, and no test makes one.
 * To wait for the disk takes a third of the time of a test that commits often.
 */
export function flushNothing(): void {
  const { pragma } = Sqlite.prototype;
  Sqlite.prototype.pragma = function (source, options) {
    const result = pragma.call(this, source, options);
    if (/^synchronous\s*=/.test(source)) pragma.call(this, 'synchronous = OFF');
    return result;
  };
}
