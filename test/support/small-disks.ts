/** Small disks that a test can fill, for a PostgreSQL server of its own. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type OwnDisks, POSTGRES_MISSING, type PostgresServer, startPostgres } from './postgres-server.ts';

/** Why a server can't have disks of its own here; null: it can. */
function whyNoDisks(): string | null {
  if (POSTGRES_MISSING !== null) return POSTGRES_MISSING;
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], {
    encoding: 'utf8',
  });
  if (tried.status === 0) return null;
  const why = (tried.error?.message ?? tried.stderr).trim();
  return `a test that fills a disk mounts one of its own, which needs the rights of root (${why})`;
}

export const SMALL_DISKS_MISSING = whyNoDisks();

const DISKS: OwnDisks = { dataMb: 160, logMb: 16 };
const FILLER = 'filler';
/** The code of PostgreSQL's error. */
const DISK_FULL = '53100';
const PIECE = Buffer.alloc(64 * 1024);

/** Starts a server whose data and write-ahead log are on small disks. */
export function startOnSmallDisks(): Promise<PostgresServer> {
  if (SMALL_DISKS_MISSING !== null) throw new Error(SMALL_DISKS_MISSING);
  return startPostgres({
    disks: DISKS,
    // Only what m0 writes takes or frees space.
    settings: ['max_wal_size=4MB', 'min_wal_size=2MB', 'autovacuum=off'],
  });
}

/** Fills the disk of the folder with a file. */
export function fillDisk(folder: string): void {
  const file = openSync(join(folder, FILLER), 'a');
  try {
    // The last pieces are small ones.
    for (let size = PIECE.length; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeSync(file, PIECE, 0, size);
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Takes the room that is left in the pages of a table, by writing each row anew as it is until the disk has no room for it.
 * Resolves with a function that lets the server use that room again.
 */
export async function takeRoom(url: string, table: string, id: string): Promise<() => Promise<void>> {
  const [holder, writer] = [new pg.Client(url), new pg.Client(url)];
  for (const client of [holder, writer]) {
    // A test may end the server before.
    client.on('error', () => {});
    await client.connect();
  }
  // While a transaction may still need the rows as they were, their room is not used again.
  await holder.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM ${table}`);
  const { rows } = await writer.query<{ id: unknown }>(`SELECT ${id} AS id FROM ${table}`);
  for (const row of rows) {
    try {
      for (;;) await writer.query(`UPDATE ${table} SET ${id} = ${id} WHERE ${id} = $1`, [row.id]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== DISK_FULL) throw error;
    }
  }
  await writer.end();
  return () => holder.end();
}

/** Deletes the file that fills the disk. */
export function freeDisk(folder: string): void {
  rmSync(join(folder, FILLER));
}
