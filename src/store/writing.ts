/** Runs reads and writes of the store with its error texts, transactions and the proof of the lease. */
import { LeaseLost } from '../ports/owner.ts';
import type { Database } from './database.ts';
import { toStoreError } from './store-error.ts';

/** The part of a transaction that writes use. */
export type Writer = Pick<Database, 'insert' | 'update' | 'select' | 'delete'>;

/**
 * Runs `work`. If it throws, rejects with a StoreError that begins with `doing`. A LeaseLost is passed on as it is.
 */
export async function attempt<T>(doing: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    throw error instanceof LeaseLost ? error : toStoreError(doing, error);
  }
}

/**
 * Runs `work` in one transaction that takes the write lock at its start. If `work` throws, the transaction is rolled
 * back, and the call rejects with a StoreError that begins with `doing`.
 */
export type Writing = <T>(doing: string, work: (tx: Writer) => T) => Promise<T>;

/** Creates the function for all writes of the store. It proves the lease inside each transaction. */
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
