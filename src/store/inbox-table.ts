/** The table of the commands that are taken in and not carried out yet. */
import { and, asc, eq, isNull, notInArray, or, sql } from 'drizzle-orm';
import type { ChatInbox } from '../ports/chat-store.ts';
import type { Queries, Writing } from './access.ts';
import { seeEvent } from './chat-tables.ts';
import { living } from './tool-processes.ts';

interface Kept {
  readonly platform: string;
  readonly key: string;
  readonly payload: string;
  readonly at: number;
  readonly fence: number | null;
}

async function keep(tx: Queries, row: Kept): Promise<void> {
  await tx.insert(tx.tables.inbox).values(row).onConflictDoNothing();
}

/** The methods of the store for what chats send. `fence`: the number of this process. They reject with a StoreError. */
export function inboxTable(writing: Writing, fence: number | null): Omit<ChatInbox, 'isNewEvent'> {
  return {
    takeIn: (platform, key, payload, now) =>
      writing('storing a command that was received', async (tx) => {
        if (!(await seeEvent(tx, platform, key, now))) return false;
        await keep(tx, { platform, key, payload, at: now, fence });
        return true;
      }),

    keepIn: (platform, key, payload, now) =>
      writing('storing a command that takes long', (tx) =>
        keep(tx, { platform, key, payload, at: now, fence }),
      ),

    carriedOut: (platform, key) =>
      writing('storing that a command was carried out', async (tx) => {
        const { inbox } = tx.tables;
        await tx.delete(inbox).where(and(eq(inbox.platform, platform), eq(inbox.key, key)));
      }),

    leftIn: (platform) =>
      writing('reading the commands that an earlier process left', async (tx) => {
        const { inbox } = tx.tables;
        // What a process that lives has taken in is its own, also what this one has.
        const left = and(
          eq(inbox.platform, platform),
          or(isNull(inbox.fence), notInArray(inbox.fence, living(tx))),
        );
        const rows = await tx
          .select({ key: inbox.key, payload: inbox.payload, attempts: inbox.attempts })
          .from(inbox)
          .where(left)
          .orderBy(asc(inbox.at), asc(sql`rowid`));
        if (rows.length === 0) return [];
        await tx
          .update(inbox)
          .set({ attempts: sql`${inbox.attempts} + 1`, fence })
          .where(left);
        return rows.map((row) => ({ ...row, attempts: row.attempts + 1 }));
      }),
  };
}
