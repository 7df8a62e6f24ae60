/** Finds out whether the disk of the database is still full after a write has found it full. */
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { storeUnavailable } from '../ports/store-error.ts';
import type { Writing } from './access.ts';
import { setValue } from './write.ts';

const PROBE_NAME = 'probed-at';
const ROOM_NAME = 'probed-room';
/** A probe then needs as much room as a large plan. */
const ROOM_BYTES = 256 * 1024;

export interface WatchedDisk {
  /** As the given one. */
  readonly writing: Writing;
  /** See Store. */
  probe(now: number): Promise<void>;
}

/**
 * A write of a few bytes often finds room inside the files of the database while larger ones fail, so after such a failure
 * a probe stores much and deletes it again, until that succeeds. `probing`: a write that waits only briefly for others.
 */
export function watchDisk(writing: Writing, probing: Writing): WatchedDisk {
  let wasFull = false;
  return {
    async writing(doing, work) {
      try {
        return await writing(doing, work);
      } catch (error) {
        if (storeUnavailable(error) === 'full') wasFull = true;
        throw error;
      }
    },
    async probe(now) {
      const needsRoom = wasFull;
      await probing('writing to the database', async (tx) => {
        // The value changes each time, because SQLite skips writes that change nothing.
        await setValue(tx, PROBE_NAME, String(now));
        if (!needsRoom) return;
        const { kv } = tx.tables;
        // Random, because the database compresses what it can.
        await setValue(tx, ROOM_NAME, randomBytes(ROOM_BYTES).toString('base64'));
        await tx.delete(kv).where(eq(kv.name, ROOM_NAME));
      });
      if (needsRoom) wasFull = false;
    },
  };
}
