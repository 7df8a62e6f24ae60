/** Puts a back-up in the place of the database, as a new memory. At every moment one of the two is usable. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { Memory, Restore } from '../model/memory.ts';
import { LEASE_MS } from '../model/owner.ts';
import { StoreError } from '../ports/store-error.ts';
import { createPrivateFile, flushToDisk, toolsOfPostgres, verifyCopy } from './back-up.ts';
import { migrateDatabase } from './database.ts';
import { startHeartbeat } from './heartbeat.ts';
import { hasOwnerTable, releaseLease, takeLease } from './lease.ts';
import { readMemory } from './memory.ts';
import { databaseFile, isPostgres } from './open.ts';
import { shownDatabase } from './postgres/client.ts';
import { openReadOnly } from './read-only.ts';
import { prepareCopy, type Replaced, replacedBy } from './restored-copy.ts';
import { busyError, toStoreError } from './store-error.ts';

export interface Restored {
  /** The path of the database. */
  readonly database: string;
  /** Where the former database is now; null if there was none. */
  readonly aside: string | null;
  readonly restore: Restore;
  /** The lines of the record in the back-up. */
  readonly lines: number;
}

export interface RestoreParts {
  readonly log: Logger;
  /** ms since epoch */
  readonly now: number;
  /** Who restores, for the audit record: a sentence without a full stop. */
  readonly note: string;
}

/** How long a restore waits for a process that is writing, in ms. */
const PATIENCE_MS = 30_000;
const POLL_MS = 100;
const SQLITE_HEADER = Buffer.from('SQLite format 3\0');
/** The parts of a database in WAL mode besides its file. */
const SIDE_FILES = ['-wal', '-shm'] as const;

/** Deletes the copies of restores whose process has ended. */
function removeLeftCopies(file: string): void {
  const start = `${basename(file)}.restoring-`;
  for (const name of readdirSync(dirname(file))) {
    const pid = name.startsWith(start) ? Number.parseInt(name.slice(start.length), 10) : Number.NaN;
    // In a container a process may have the id that an earlier one had.
    if (!Number.isNaN(pid) && (pid === process.pid || !isAlive(pid)))
      rmSync(join(dirname(file), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A name next to the database that no file has. */
function asideName(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/:|\.\d+/g, '');
  const name = `${file}.before-restore-${stamp}`;
  for (let n = 1; ; n += 1) {
    const free = n === 1 ? name : `${name}-${n}`;
    if (![free, ...SIDE_FILES.map((side) => `${free}${side}`)].some((path) => existsSync(path))) return free;
  }
}

/** The error for a back-up that can't be used. */
function unusable(from: string, error: unknown): StoreError {
  const known = toStoreError(`restoring ${from}`, error);
  if (known.problem !== 'corrupt') return known;
  const text = `restoring ${from}: it is damaged, or no back-up of m0: use another one (${errorText(error)})`;
  return new StoreError(text, { problem: 'corrupt', cause: error });
}

/** Copies the back-up into `part` and checks the copy. Throws a StoreError if it can't be used. */
function copyBackUp(from: string, part: string): number {
  const client = openReadOnly(from);
  try {
    createPrivateFile(part);
    client.prepare('VACUUM INTO ?').run(part);
  } finally {
    client.close();
  }
  const { record } = verifyCopy(part);
  if (record.ok) return record.entries;
  throw new StoreError(
    `line ${record.entry} of its audit record is not what was written (${record.problem}): somebody changed it; use another back-up`,
  );
}

/** True if the file begins as a database does, or is new and empty. Throws the system's errors. */
function looksLikeDatabase(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const start = Buffer.alloc(SQLITE_HEADER.length);
    const bytes = readSync(handle, start);
    return bytes === 0 || start.equals(SQLITE_HEADER);
  } finally {
    closeSync(handle);
  }
}

/** Opens the present database. Returns null if it is damaged. Throws a StoreError if it can't be opened at all. */
function openPresent(file: string): Sqlite.Database | null {
  let client: Sqlite.Database | null = null;
  try {
    // SQLite would empty the files next to one that is no database.
    if (!looksLikeDatabase(file)) return null;
    client = new Sqlite(file, { fileMustExist: true, timeout: PATIENCE_MS });
    client.pragma('synchronous = FULL');
    if (client.pragma('quick_check(1)', { simple: true }) === 'ok') return client;
  } catch (error) {
    const known = toStoreError(`opening the database ${file}`, error);
    client?.close();
    if (known.problem !== 'corrupt') throw known;
    return null;
  }
  client.close();
  return null;
}

/** A copy of the whole present database, next to it. */
function setAside(client: Sqlite.Database, aside: string): void {
  createPrivateFile(aside);
  client.prepare('VACUUM INTO ?').run(aside);
  flushToDisk(aside);
  flushToDisk(dirname(aside));
}

/**
 * Copies the prepared database over the present one, in one transaction of SQLite: a process that waits for the present
 * one sees the new one afterwards, and a crash leaves the present one.
 */
async function replaceContent(part: string, file: string, memory: Memory): Promise<void> {
  const source = new Sqlite(part, { readonly: true, fileMustExist: true });
  try {
    const givesUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      // All pages in one step. No page means that another process was writing.
      const { totalPages } = await source.backup(file, { progress: () => 0x7fffffff });
      if (totalPages > 0) break;
      if (performance.now() > givesUpAt) throw busyError(`replacing the database ${file}`);
      await sleep(POLL_MS);
    }
  } finally {
    source.close();
  }
  const client = new Sqlite(file, { fileMustExist: true, timeout: PATIENCE_MS });
  try {
    if (readMemory(client).id !== memory.id) throw new StoreError(`the database ${file} was not replaced`);
    client.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    client.close();
  }
}

/** Restores over a database that can be read. Only its owner may, so the restore becomes the owner. */
async function restoreOver(
  client: Sqlite.Database,
  file: string,
  part: string,
  { log, now, note }: RestoreParts,
): Promise<Pick<Restored, 'aside' | 'restore'>> {
  const aside = asideName(file, now);
  const owner = { wait: false, onLost: () => {} };
  // A database of an m0 without leases gets their table first; it is set aside as it was.
  const isOwned = hasOwnerTable(client);
  let fence = isOwned ? await takeLease(client, file, owner) : null;
  if (fence === null) {
    setAside(client, aside);
    migrateDatabase(client);
    fence = await takeLease(client, file, owner);
  }
  let isLost = false;
  const onLost = (): void => {
    isLost = true;
  };
  const heartbeat = startHeartbeat({ file, fence, leaseMs: LEASE_MS, log, onLost });
  try {
    if (isOwned) setAside(client, aside);
    const { memory, restore } = await prepareCopy(part, replacedBy(client), {
      at: now,
      detail: `${note}; the former database is ${aside}`,
    });
    flushToDisk(part);
    if (isLost) throw new StoreError('another m0 has taken over the database meanwhile: stop it first');
    await replaceContent(part, file, memory);
    return { aside, restore };
  } finally {
    await heartbeat.stop();
    try {
      releaseLease(client, fence);
    } catch (error) {
      // The lease ends with this process as well.
      log.warn({ err: error }, 'ending the lease failed');
    }
  }
}

/** Puts the prepared file where no database is, or where a damaged one is, which is kept under the name `aside`. */
function putInPlace(part: string, file: string, aside: string | null): void {
  for (const side of SIDE_FILES) {
    // The side files of another database would destroy the new one.
    if (existsSync(`${file}${side}`)) renameSync(`${file}${side}`, `${aside ?? asideName(file, 0)}${side}`);
  }
  if (aside === null) {
    // Fails where another process has made a database meanwhile.
    linkSync(part, file);
    rmSync(part);
  } else {
    try {
      linkSync(file, aside);
    } catch {
      copyFileSync(file, aside);
      flushToDisk(aside);
    }
    renameSync(part, file);
  }
  flushToDisk(dirname(file));
}

/** Throws a StoreError if a process has the damaged database open, or if that can't be known. */
function refuseOpenElsewhere(file: string): void {
  const todo =
    'make sure that no m0 runs, move the file and those with -wal and -shm away, and restore again';
  let locks: string;
  try {
    locks = readFileSync('/proc/locks', 'utf8');
  } catch {
    throw new StoreError(`the database ${file} is damaged, and m0 can't see who uses it: ${todo}`);
  }
  const inodes = [file, ...SIDE_FILES.map((side) => `${file}${side}`)]
    .filter((path) => existsSync(path))
    .map((path) => String(statSync(path).ino));
  const isLocked = locks.split('\n').some((line) => {
    const inode = /\s[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line)?.[1];
    return inode !== undefined && inodes.includes(inode);
  });
  if (isLocked) throw new StoreError(`the database ${file} is damaged and in use: stop that m0 first`);
}

/**
 * Restores the back-up `from` as the database at `url` (M0_DATABASE_URL). Checks the back-up, sets the present database
 * aside without changing it, and makes the back-up a new memory (see `prepareCopy`). A crash leaves the present or the
 * new database, each complete; a second call does the whole again. Rejects with an OwnedError while another m0 owns the
 * database, and with a StoreError if the back-up can't be used (then nothing was changed) or the disk fails.
 */
export async function restore(url: string, from: string, parts: RestoreParts): Promise<Restored> {
  if (isPostgres(url)) {
    throw toolsOfPostgres('restore', `pg_restore --dbname=${shownDatabase(url)} FILE while no m0 runs`);
  }
  const file = databaseFile(url);
  const part = `${file}.restoring-${process.pid}-${randomBytes(4).toString('hex')}`;
  if (existsSync(file) && existsSync(from) && statSync(file).ino === statSync(from).ino) {
    throw new StoreError(`restoring ${from}: it is the present database`);
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  removeLeftCopies(file);
  let lines: number;
  try {
    lines = copyBackUp(from, part);
  } catch (error) {
    rmSync(part, { force: true });
    throw unusable(from, error);
  }
  let client: Sqlite.Database | null = null;
  try {
    const isThere = existsSync(file);
    client = isThere ? openPresent(file) : null;
    if (client !== null) {
      return { database: file, lines, ...(await restoreOver(client, file, part, parts)) };
    }
    if (isThere) refuseOpenElsewhere(file);
    const aside = isThere ? asideName(file, parts.now) : null;
    const former = aside === null ? 'there was no database' : `the former database is ${aside}`;
    const note = { at: parts.now, detail: `${parts.note}; ${former}` };
    const { restore: made } = await prepareCopy(part, null satisfies Replaced | null, note);
    flushToDisk(part);
    putInPlace(part, file, aside);
    return { database: file, lines, aside, restore: made };
  } catch (error) {
    throw error instanceof StoreError ? toStoreError(`restoring ${from}`, error) : error;
  } finally {
    client?.close();
    for (const side of ['', ...SIDE_FILES]) rmSync(`${part}${side}`, { force: true });
  }
}
