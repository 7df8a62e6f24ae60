/** The table of what m0 last saw in each stack's state. */
import { eq } from 'drizzle-orm';
import type { SeenState } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import type { Queries, Reading } from './access.ts';

/** Stores what was seen in the stack's state, inside the caller's transaction. */
export async function setSeenState(
  tx: Queries,
  stack: string,
  { resources, run, at }: SeenState,
): Promise<void> {
  const { seenStates } = tx.tables;
  const set = { resources, run, at };
  await tx
    .insert(seenStates)
    .values({ stack, ...set })
    .onConflictDoUpdate({ target: seenStates.stack, set });
}

/** The method of the store for it. It rejects with a StoreError. */
export function stateTables(reading: Reading): Pick<Store, 'seenState'> {
  return {
    seenState: (stack) =>
      reading(`reading what was seen in the state of ${stack}`, async (db) => {
        const { seenStates } = db.tables;
        const [row] = await db.select().from(seenStates).where(eq(seenStates.stack, stack));
        return row && { resources: row.resources, run: row.run, at: row.at };
      }),
  };
}
