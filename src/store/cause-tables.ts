/** The table of who changed the cloud. */
import { and, asc, eq, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import { assertNever } from '../base/assert-never.ts';
import type { Cause, CauseEvent } from '../model/cause.ts';
import type { CauseChange, CauseStore } from '../ports/cause-store.ts';
import type { Queries, Reading, Tables } from './access.ts';
import { json } from './rows.ts';

const status = z.enum(['pending', 'found', 'none']);
const event = z.looseObject({
  id: z.string(),
  name: z.string(),
  at: z.number(),
  grade: z.enum(['event names the attribute', 'event touched the resource']),
  who: z.looseObject({ kind: z.enum(['person', 'role', 'service']), name: z.string() }),
});

function toCause(row: Tables['causes']['$inferSelect']): Cause {
  const what = `the cause of ${row.address} in ${row.stack}`;
  return {
    ...row,
    status: status.parse(row.status),
    // The code that wrote it guarantees the rest of its shape.
    events: json(what, z.array(event), row.events) as unknown as readonly CauseEvent[],
  };
}

function columnsOf(cause: Cause): Tables['causes']['$inferInsert'] {
  return { ...cause, events: JSON.stringify(cause.events) };
}

function rowOf({ causes }: Tables, { stack, fingerprint }: Pick<Cause, 'stack' | 'fingerprint'>) {
  return and(eq(causes.stack, stack), eq(causes.fingerprint, fingerprint));
}

/** Writes one change inside the caller's transaction. */
export async function writeCause(tx: Queries, change: CauseChange): Promise<void> {
  const { causes } = tx.tables;
  switch (change.type) {
    case 'cause.add': {
      // The finding was gone in between: who made it then says nothing about who made it now.
      await tx.delete(causes).where(and(rowOf(tx.tables, change.cause), isNotNull(causes.goneAt)));
      await tx.insert(causes).values(columnsOf(change.cause)).onConflictDoNothing();
      return;
    }
    case 'cause.update': {
      const { looks, since, goneAt: _, ...rest } = columnsOf(change.cause);
      await tx
        .update(causes)
        .set({ ...rest, looks })
        .where(and(rowOf(tx.tables, change.cause), eq(causes.looks, looks - 1), eq(causes.since, since)));
      return;
    }
    case 'causes.gone': {
      const present = tx.dialect.texts(
        change.present.map(({ fingerprint }) => fingerprint),
        'present',
      );
      await tx
        .update(causes)
        .set({ goneAt: change.at })
        .where(
          and(
            eq(causes.stack, change.stack),
            isNull(causes.goneAt),
            // A list of parameters could be too long.
            sql`${causes.fingerprint} not in (select value from ${present})`,
          ),
        );
      return;
    }
    default:
      assertNever(change);
  }
}

/** The methods of the store for causes. They reject with a StoreError. */
export function causeTables(reading: Reading): CauseStore {
  return {
    causes: (stack) =>
      reading(`reading who changed ${stack}`, async (db) => {
        const { causes } = db.tables;
        return (await db.select().from(causes).where(eq(causes.stack, stack))).map(toCause);
      }),
    dueCauses: (now, limit) =>
      reading('reading whose causes are to be asked for', async (db) => {
        const { causes } = db.tables;
        const due = await db
          .select()
          .from(causes)
          .where(lte(causes.nextLookAt, now))
          .orderBy(asc(causes.nextLookAt))
          .limit(limit);
        return due.map(toCause);
      }),
  };
}
