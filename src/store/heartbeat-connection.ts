import Sqlite from 'better-sqlite3';

/** The connection that heartbeats are stored with. It blocks for at most `busyTimeoutMs`. Throws the driver's errors. */
export function openForHeartbeats(file: string, busyTimeoutMs: number): Sqlite.Database {
  const client = new Sqlite(file, { fileMustExist: true, timeout: busyTimeoutMs });
  // A heartbeat that a power cut loses was no longer needed, so it does not wait for the disk. Not OFF: this connection
  // also moves the commits of others from the log into the database, and those must reach the disk in their order.
  client.pragma('synchronous = NORMAL');
  return client;
}
