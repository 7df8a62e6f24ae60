/** The table of findings on their way into the code. */
import { and, desc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import {
  ACTIVE_CODIFICATIONS,
  CODIFICATION_STATES,
  type Codification,
  type CodificationState,
} from '../model/codification.ts';
import type { CodifyChange, CodifyStore } from '../ports/codify-store.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Queries, Reading, Tables } from './access.ts';
import { actor, check, json } from './rows.ts';

const stateSchema = z.enum(Object.keys(CODIFICATION_STATES) as [CodificationState, ...CodificationState[]]);
const dataSchema = z.looseObject({
  fingerprint: z.string(),
  run: z.number(),
  alert: z.number().nullable(),
  by: actor,
  at: z.number(),
  branch: z.string(),
  edits: z.array(z.looseObject({ file: z.string(), line: z.number(), says: z.string() })),
  proof: z.array(z.looseObject({ stack: z.string(), against: z.array(z.string()) })),
  dueAt: z.number(),
});

/** Rolls the transaction back: another writer changed it first, or the finding has an active one. */
export class StaleCodification extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`codification ${id} was changed by somebody else`);
    this.id = id;
  }
}

function toCodification(row: Tables['codifications']['$inferSelect']): Codification {
  const what = `codification ${row.id}`;
  // Checked partly, as all rows are: the full shape is guaranteed by the code that wrote it.
  const data = json(what, dataSchema, row.data) as unknown as Omit<
    Codification,
    'id' | 'stack' | 'address' | 'state' | 'version' | 'updatedAt'
  >;
  const { id, stack, address, version, updatedAt } = row;
  return { ...data, id, stack, address, state: check(what, stateSchema, row.state), version, updatedAt };
}

function columnsOf<C extends Omit<Codification, 'id' | 'version'>>(
  codification: C,
): Omit<Tables['codifications']['$inferInsert'], 'id' | 'version'> {
  const {
    id: _,
    version: __,
    stack,
    address,
    state,
    updatedAt,
    ...data
  } = codification as C & {
    id?: number;
    version?: number;
  };
  return { stack, address, state, updatedAt, data: JSON.stringify(data) };
}

/** Writes the change inside the caller's transaction. Throws StaleCodification if it must not be written. */
export async function writeCodification(tx: Queries, change: CodifyChange): Promise<void> {
  const { codifications } = tx.tables;
  if (change.type === 'codification.insert') {
    const { stack, address } = change.codification;
    const active = and(
      eq(codifications.stack, stack),
      eq(codifications.address, address),
      inArray(codifications.state, [...ACTIVE_CODIFICATIONS]),
    );
    const [other] = await tx.select({ id: codifications.id }).from(codifications).where(active).limit(1);
    if (other !== undefined) throw new StaleCodification(other.id);
    await tx.insert(codifications).values({ ...columnsOf(change.codification), version: 1 });
    return;
  }
  const { codification, was } = change;
  const next: readonly CodificationState[] = CODIFICATION_STATES[was.state];
  if (codification.state !== was.state && !next.includes(codification.state)) {
    throw new StoreError(
      `codification ${codification.id} may not go from ${was.state} to ${codification.state}`,
    );
  }
  const changed = await tx
    .update(codifications)
    .set({ ...columnsOf(codification), version: was.version + 1 })
    .where(
      and(
        eq(codifications.id, codification.id),
        eq(codifications.state, was.state),
        eq(codifications.version, was.version),
      ),
    )
    .returning({ id: codifications.id });
  if (changed.length === 0) throw new StaleCodification(codification.id);
}

/** The methods of the store for codifications. They reject with a StoreError. */
export function codifyTable(reading: Reading): CodifyStore {
  return {
    codifications: ({ stack, active = false }) =>
      reading('reading what goes into the code', async (db) => {
        const { codifications } = db.tables;
        const rows = await db
          .select()
          .from(codifications)
          .where(
            and(
              ...(stack === undefined ? [] : [eq(codifications.stack, stack)]),
              ...(active ? [inArray(codifications.state, [...ACTIVE_CODIFICATIONS])] : []),
            ),
          )
          .orderBy(desc(codifications.id));
        return rows.map(toCodification);
      }),

    codification: (id) =>
      reading(`reading codification ${id}`, async (db) => {
        const { codifications } = db.tables;
        const [row] = await db.select().from(codifications).where(eq(codifications.id, id));
        return row && toCodification(row);
      }),
  };
}
