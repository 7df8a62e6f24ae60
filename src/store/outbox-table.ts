/** The table of messages that wait for delivery. */
import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Logger } from '../base/log.ts';
import type { OutboxEntry } from '../ports/outbox.ts';
import type { Store } from '../ports/store.ts';
import type { Access, Tables } from './access.ts';
import { waiting } from './due.ts';
import { toOutboxEntry } from './rows.ts';

type OutboxMethods = 'dueOutbox' | 'hasOutboxKey' | 'hasNewerCard' | 'outboxDone' | 'outboxFailed';

const MAX_ERROR_TEXT = 2000;

/** The methods of the store for it. They reject with a StoreError. */
export function outboxTable({
  reading,
  writing,
  log,
}: Pick<Access, 'reading' | 'writing'> & { readonly log: Logger }): Pick<Store, OutboxMethods> {
  /** The entry, or nothing and a log line if it is damaged: it must not stop the other deliveries. */
  function readEntry(row: Tables['outbox']['$inferSelect']): readonly OutboxEntry[] {
    try {
      return [toOutboxEntry(row)];
    } catch (error) {
      log.error({ delivery: row.id, key: row.key, err: error }, 'delivery cannot be read and is left out');
      return [];
    }
  }

  return {
    dueOutbox: (now, limit) =>
      reading('reading the outbox', async (db) => {
        const { outbox } = db.tables;
        const rows = await db
          .select()
          .from(outbox)
          .where(waiting(db, now))
          .orderBy(asc(outbox.id))
          .limit(limit);
        return rows.flatMap(readEntry);
      }),

    hasOutboxKey: (key) =>
      reading('looking up a delivery', async (db) => {
        const { outbox } = db.tables;
        return (await db.select({ id: outbox.id }).from(outbox).where(eq(outbox.key, key))).length > 0;
      }),

    hasNewerCard: (alertId, after, found = false) =>
      reading('looking for a newer card', async (db) => {
        const { outbox } = db.tables;
        const isFound = db.dialect.text(sql`${outbox.message}`, 'found');
        const newer = and(
          isNull(outbox.doneAt),
          gt(outbox.id, after),
          eq(outbox.kind, 'card'),
          eq(outbox.alertId, alertId),
          found ? sql`CAST(${isFound} AS text) IN ('1', 'true')` : undefined,
        );
        return (await db.select({ id: outbox.id }).from(outbox).where(newer).limit(1)).length > 0;
      }),

    outboxDone: (id, at) =>
      writing(`marking delivery ${id} as done`, async (tx) => {
        const { outbox } = tx.tables;
        await tx
          .update(outbox)
          .set({ doneAt: at })
          .where(and(eq(outbox.id, id), isNull(outbox.doneAt)));
      }),

    outboxFailed: (id, error, nextAttemptAt) =>
      writing(`storing the failed try of delivery ${id}`, async (tx) => {
        const { outbox } = tx.tables;
        await tx
          .update(outbox)
          .set({
            attempts: sql`${outbox.attempts} + 1`,
            lastError: error.slice(0, MAX_ERROR_TEXT),
            nextAttemptAt,
          })
          .where(and(eq(outbox.id, id), isNull(outbox.doneAt)));
      }),
  };
}
