/** The tables of the schedules: ticks, digests, skipped checks and pushes. */
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { SkippedCheck } from '../model/skipped-check.ts';
import type { ScheduleStore } from '../ports/schedule-store.ts';
import type { Database } from './database.ts';
import { check } from './rows.ts';
import { digests, pushedHeads, skippedChecks, ticks } from './schema.ts';
import { attempt, type Writer, type Writing } from './writing.ts';

const skippedKind = z.enum(['queued', 'checking', 'locked', 'applying', 'verified']);

/** Stores when a schedule last ticked (ms since epoch), inside the caller's transaction. */
export function setLastTick(tx: Writer, name: string, at: number): void {
  tx.insert(ticks).values({ name, at }).onConflictDoUpdate({ target: ticks.name, set: { at } }).run();
}

/** Stores when a digest was last sent and how many stacks had open drift, inside the caller's transaction. */
export function setLastDigest(
  tx: Writer,
  { name, at, open }: { readonly name: string; readonly at: number; readonly open: number },
): void {
  tx.insert(digests)
    .values({ name, at, open })
    .onConflictDoUpdate({ target: digests.name, set: { at, open } })
    .run();
}

/** Stores why the last check of a stack was skipped, inside the caller's transaction. */
export function setSkippedCheck(tx: Writer, stack: string, skipped: SkippedCheck): void {
  const { kind, run, since, at, times } = skipped;
  const set = { kind, run, since, at, times };
  tx.insert(skippedChecks)
    .values({ stack, ...set })
    .onConflictDoUpdate({ target: skippedChecks.stack, set })
    .run();
}

/** The methods of the store for schedules. They reject with a StoreError. */
export function scheduleTables(db: Database, writing: Writing): ScheduleStore {
  return {
    lastTick: (name) =>
      attempt(
        `reading the last tick of ${name}`,
        () => db.select().from(ticks).where(eq(ticks.name, name)).get()?.at,
      ),

    setLastTick: (name, at) =>
      writing(`storing a tick of ${name}`, (tx) => {
        setLastTick(tx, name, at);
      }),

    lastDigest: (name) =>
      attempt(`reading when ${name} was sent`, () => {
        const row = db.select().from(digests).where(eq(digests.name, name)).get();
        return row && { at: row.at, open: row.open };
      }),

    skippedCheck: (stack) =>
      attempt(`reading how a check of ${stack} was skipped`, () => {
        const row = db.select().from(skippedChecks).where(eq(skippedChecks.stack, stack)).get();
        if (row === undefined) return undefined;
        const { kind, run, since, at, times } = row;
        return { kind: check(`skipped check of ${stack}`, skippedKind, kind), run, since, at, times };
      }),

    removeSkippedCheck: (stack) =>
      writing(`deleting how a check of ${stack} was skipped`, (tx) => {
        tx.delete(skippedChecks).where(eq(skippedChecks.stack, stack)).run();
      }),

    pushedHead: (stack) =>
      attempt(`reading which push to ${stack} was seen`, () => {
        const row = db.select().from(pushedHeads).where(eq(pushedHeads.stack, stack)).get();
        return row && { head: row.head, source: row.source };
      }),

    setPushedHead: (stack, { head, source }) =>
      writing(`storing which push to ${stack} was seen`, (tx) => {
        tx.insert(pushedHeads)
          .values({ stack, head, source })
          .onConflictDoUpdate({ target: pushedHeads.stack, set: { head, source } })
          .run();
      }),
  };
}
