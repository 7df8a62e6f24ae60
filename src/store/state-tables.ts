/** The table of what m0 last saw in each stack's state. */
import { eq } from 'drizzle-orm';
import type { SeenState } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import type { Database } from './database.ts';
import { seenStates } from './schema.ts';
import { attempt, type Writer } from './writing.ts';

/** Stores what was seen in the stack's state, inside the caller's transaction. */
export function setSeenState(tx: Writer, stack: string, { resources, run, at }: SeenState): void {
  const set = { resources, run, at };
  tx.insert(seenStates)
    .values({ stack, ...set })
    .onConflictDoUpdate({ target: seenStates.stack, set })
    .run();
}

/** The method of the store for it. It rejects with a StoreError. */
export function stateTables(db: Database): Pick<Store, 'seenState'> {
  return {
    seenState: (stack) =>
      attempt(`reading what was seen in the state of ${stack}`, () => {
        const row = db.select().from(seenStates).where(eq(seenStates.stack, stack)).get();
        return row && { resources: row.resources, run: row.run, at: row.at };
      }),
  };
}
