/**
 * Copies the files of a process from inside that process, as `kill -9` would leave them.
 *
 * SIGKILL loses nothing but the memory of the process: what it has written stays in the files, also without fsync,
 * because the operating system holds it. So a copy made at an instant is what `kill -9` at that instant leaves, as long
 * as no other code runs meanwhile. Here none does: the copy is synchronous, m0 has one thread, and SQLite reads and
 * writes only within calls of that thread. So the order in which the database and its WAL are read does not matter.
 * The -shm file is an index of the WAL; the first process that opens the database rebuilds it, also after a kill.
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
  /** Creates the folder `to` with a copy of the current files. Synchronous. */
  copy(to: string): void;
  /** Call it only after the database is closed. */
  close(): void;
}

/** Creates a copier of a folder with a database. Call it before the process opens that database. */
export function createCopier(dir: string): Copier {
  // Closing any descriptor of a file drops all locks of the process on that file, also SQLite's. So the file
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
