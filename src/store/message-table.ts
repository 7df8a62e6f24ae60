/** The table of what was posted about alerts, and where. */
import { and, asc, eq, gte } from 'drizzle-orm';
import type { Store } from '../ports/store.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Access } from './access.ts';
import { toMessage } from './rows.ts';

type MessageMethods = 'messages' | 'messageAt' | 'postedSince' | 'addMessage' | 'replaceMessage';

/** The methods of the store for it. They reject with a StoreError. */
export function messageTable({
  reading,
  writing,
}: Pick<Access, 'reading' | 'writing'>): Pick<Store, MessageMethods> {
  return {
    messages: (alertId) =>
      reading(`reading the messages of alert ${alertId}`, async (db) => {
        const { messages } = db.tables;
        const rows = await db
          .select()
          .from(messages)
          .where(eq(messages.alertId, alertId))
          .orderBy(asc(messages.id));
        return rows.map(toMessage);
      }),

    messageAt: (platform, channel, messageId) =>
      reading('looking up a message', async (db) => {
        const { messages } = db.tables;
        const [row] = await db
          .select()
          .from(messages)
          .where(
            and(
              eq(messages.platform, platform),
              eq(messages.channel, channel),
              eq(messages.messageId, messageId),
            ),
          );
        return row && toMessage(row);
      }),

    postedSince: (where, kind, since) =>
      reading('reading what was posted lately', async (db) => {
        const { alerts, messages } = db.tables;
        const rows = await db
          .selectDistinct({ id: messages.alertId })
          .from(messages)
          .innerJoin(alerts, eq(alerts.id, messages.alertId))
          .where(
            and(
              eq(messages.platform, where.platform),
              'channel' in where
                ? and(eq(messages.channel, where.channel), eq(messages.role, 'root'))
                : and(eq(messages.person, where.person), eq(messages.role, 'dm')),
              eq(alerts.kind, kind),
              gte(messages.postedAt, since),
            ),
          )
          .orderBy(asc(messages.alertId));
        return rows.map((row) => row.id);
      }),

    addMessage: ({ alertId, platform, channel, messageId, role, person, why, postedAt }) =>
      writing(`storing a message of alert ${alertId}`, async (tx) => {
        const { messages } = tx.tables;
        // After a crash a post may be repeated. The chat returns the same message, which is stored only once.
        const values = { alertId, platform, channel, messageId, role, person, why, postedAt };
        const added = await tx
          .insert(messages)
          .values(values)
          .onConflictDoNothing()
          .returning({ id: messages.id });
        if (added.length > 0) return;
        const there = and(
          eq(messages.platform, platform),
          eq(messages.channel, channel),
          eq(messages.messageId, messageId),
        );
        const [other] = await tx.select().from(messages).where(there);
        if (other?.alertId !== alertId) {
          throw new StoreError(`that message already belongs to alert ${String(other?.alertId)}`);
        }
      }),

    replaceMessage: (id, { channel, messageId, postedAt }) =>
      writing('storing that a message was posted again', async (tx) => {
        const { messages } = tx.tables;
        const changed = await tx
          .update(messages)
          .set({ channel, messageId, postedAt })
          .where(eq(messages.id, id))
          .returning({ id: messages.id });
        if (changed.length === 0) throw new StoreError(`there is no message ${id}`);
      }),
  };
}
