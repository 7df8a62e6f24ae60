/**
 * Copies of what a process has on disk, made inside that process.
 *
 * SIGKILL loses nothing but the memory of the process: what it has written stays in the files, also without fsync,
 * because the operating system holds it. So a copy made at an instant is what `kill -9` at that instant leaves, as long
 * as no other code runs meanwhile. Here none does: the copy is synchronous, m0 has one thread, and SQLite reads and
 * writes only within calls of that thread. So the order in which the database and its WAL are read does not matter.
 * The -shm file is an index of the WAL; whoever opens the database first builds it anew, after a kill as well.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const DATABASE = 'm0.db';
const INDEX = 'm0.db-shm';

export interface Copier {
  /** Makes the folder `to`, with what is in the copied one now. Blocks until it is done. */
  copy(to: string): void;
  /** To be called only when the database is closed. */
  close(): void;
}

/** Of a folder with a database in it. To be made before the process opens that database. */
export function createCopier(dir: string): Copier {
  // Closing any descriptor of a file drops all locks that the process has on it, so those of SQLite too: the file
  // is opened once and closed after SQLite has closed it. (SQLite locks the database and the index, not the WAL.)
  const database = openSync(join(dir, DATABASE), 'r');
  return {
    copy(to) {
      mkdirSync(to);
      const bytes = Buffer.allocUnsafe(fstatSync(database).size);
      for (let at = 0; at < bytes.length; ) at += readSync(database, bytes, at, bytes.length - at, at);
      writeFileSync(join(to, DATABASE), bytes);
      for (const name of readdirSync(dir)) {
        if (name !== DATABASE && name !== INDEX) copyFileSync(join(dir, name), join(to, name));
      }
    },
    close: () => closeSync(database),
  };
}
