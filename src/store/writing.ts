import { LeaseLost } from '../ports/owner.ts';
import type { Database } from './database.ts';
import { toStoreError } from './store-error.ts';

/** What a transaction offers that writes need. */
export type Writer = Pick<Database, 'insert' | 'update' | 'select' | 'delete'>;

/** Runs `work`. Where it throws, rejects with a StoreError that says `doing`, or with the LeaseLost it threw. */
export async function attempt<T>(doing: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw error instanceof LeaseLost ? error : toStoreError(doing, error);
  }
}

/**
 * Runs `work` in one transaction that holds the right to write from its start. What it throws undoes all of it and
 * becomes a StoreError that says `doing`.
 */
export type Writing = <T>(doing: string, work: (tx: Writer) => T) => Promise<T>;

/** The only way in which the store writes: what every write must prove is proven here, inside the transaction. */
export function writingTo(db: Database, proveLease: () => void): Writing {
  return (doing, work) =>
    attempt(doing, () =>
      db.transaction(
        (tx) => {
          proveLease();
          return work(tx);
        },
        { behavior: 'immediate' },
      ),
    );
}
