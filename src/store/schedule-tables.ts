/** The tables of the schedules: ticks, digests, skipped checks and pushes. */
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { SkippedCheck } from '../model/skipped-check.ts';
import type { ScheduleStore } from '../ports/schedule-store.ts';
import type { Access, Queries, Tables } from './access.ts';
import { check } from './rows.ts';

const skippedKind = z.enum(['queued', 'checking', 'locked', 'applying', 'verified']);

/** Stores when a schedule last ticked (ms since epoch), inside the caller's transaction. */
export async function setLastTick(tx: Queries, name: string, at: number): Promise<void> {
  const { ticks } = tx.tables;
  await tx.insert(ticks).values({ name, at }).onConflictDoUpdate({ target: ticks.name, set: { at } });
}

/** Stores when a digest was last sent and how many stacks had open drift, inside the caller's transaction. */
export async function setLastDigest(
  tx: Queries,
  { name, at, open }: { readonly name: string; readonly at: number; readonly open: number },
): Promise<void> {
  const { digests } = tx.tables;
  await tx
    .insert(digests)
    .values({ name, at, open })
    .onConflictDoUpdate({ target: digests.name, set: { at, open } });
}

/** Stores why the last check of a stack was skipped, inside the caller's transaction. */
export async function setSkippedCheck(tx: Queries, stack: string, skipped: SkippedCheck): Promise<void> {
  const { skippedChecks } = tx.tables;
  const { kind, run, since, at, times } = skipped;
  const set = { kind, run, since, at, times };
  await tx
    .insert(skippedChecks)
    .values({ stack, ...set })
    .onConflictDoUpdate({ target: skippedChecks.stack, set });
}

function toSkippedCheck({ stack, kind, ...rest }: Tables['skippedChecks']['$inferSelect']): SkippedCheck {
  const { run, since, at, times } = rest;
  return { kind: check(`skipped check of ${stack}`, skippedKind, kind), run, since, at, times };
}

/** The methods of the store for schedules. They reject with a StoreError. */
export function scheduleTables({ reading, writing }: Access): ScheduleStore {
  return {
    lastTick: (name) =>
      reading(`reading the last tick of ${name}`, async (db) => {
        const { ticks } = db.tables;
        const [row] = await db.select().from(ticks).where(eq(ticks.name, name));
        return row?.at;
      }),

    setLastTick: (name, at) => writing(`storing a tick of ${name}`, (tx) => setLastTick(tx, name, at)),

    lastDigest: (name) =>
      reading(`reading when ${name} was sent`, async (db) => {
        const { digests } = db.tables;
        const [row] = await db.select().from(digests).where(eq(digests.name, name));
        return row && { at: row.at, open: row.open };
      }),

    skippedCheck: (stack) =>
      reading(`reading how a check of ${stack} was skipped`, async (db) => {
        const { skippedChecks } = db.tables;
        const [row] = await db.select().from(skippedChecks).where(eq(skippedChecks.stack, stack));
        return row && toSkippedCheck(row);
      }),

    skippedChecks: () =>
      reading('reading how checks were skipped', async (db) => {
        const rows = await db.select().from(db.tables.skippedChecks);
        return new Map(rows.map((row) => [row.stack, toSkippedCheck(row)]));
      }),

    removeSkippedCheck: (stack) =>
      writing(`deleting how a check of ${stack} was skipped`, async (tx) => {
        const { skippedChecks } = tx.tables;
        await tx.delete(skippedChecks).where(eq(skippedChecks.stack, stack));
      }),

    pushedHead: (stack) =>
      reading(`reading which push to ${stack} was seen`, async (db) => {
        const { pushedHeads } = db.tables;
        const [row] = await db.select().from(pushedHeads).where(eq(pushedHeads.stack, stack));
        return row && { head: row.head, source: row.source };
      }),

    setPushedHead: (stack, { head, source }) =>
      writing(`storing which push to ${stack} was seen`, async (tx) => {
        const { pushedHeads } = tx.tables;
        await tx
          .insert(pushedHeads)
          .values({ stack, head, source })
          .onConflictDoUpdate({ target: pushedHeads.stack, set: { head, source } });
      }),
  };
}
