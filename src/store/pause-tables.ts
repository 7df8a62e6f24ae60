/** The tables of what holds applies back: pauses by people, and the heals that the brake counts. */
import { and, asc, countDistinct, eq, gt, isNull, lt } from 'drizzle-orm';
import { assertNever } from '../base/assert-never.ts';
import { brakesOf, HEAL_LIMIT_MS, type HealHistory, type NewHeals, SAME_FINDING_MS } from '../model/brake.ts';
import { type PausableStack, type Pause, pausesOf } from '../model/pause.ts';
import type { ScopeEntry } from '../model/run.ts';
import type { HoldChange, HoldRefusal, PauseStore } from '../ports/pause-store.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Access, Queries, Tables } from './access.ts';
import { actor, json } from './rows.ts';

/** Rolls the transaction back: a pause or the brake holds the apply back. */
export class HeldBack extends Error {
  readonly refusal: HoldRefusal;
  constructor(refusal: HoldRefusal) {
    super(refusal.type === 'paused' ? `${refusal.pause.target} is paused` : 'the brake holds it back');
    this.refusal = refusal;
  }
}

function toPause(row: Tables['pauses']['$inferSelect']): Pause {
  const what = `pause ${row.id}`;
  return {
    ...row,
    by: json(what, actor, row.by),
    endedBy: row.endedBy === null ? null : json(what, actor, row.endedBy),
  };
}

/** The pauses that hold, oldest first. */
export async function pausesInForce(db: Queries): Promise<readonly Pause[]> {
  const { pauses } = db.tables;
  const rows = await db.select().from(pauses).where(isNull(pauses.endedAt)).orderBy(asc(pauses.id));
  return rows.map(toPause);
}

/** What the brake looks at. A heal with a time after `now` counts: then the clock was set back. */
async function readHistory(
  db: Queries,
  { name, environment }: PausableStack,
  now: number,
): Promise<HealHistory> {
  const { heals } = db.tables;
  const rows = await db
    .select()
    .from(heals)
    .where(and(eq(heals.stack, name), gt(heals.at, now - SAME_FINDING_MS)))
    .orderBy(asc(heals.id));
  const inHour = and(
    eq(heals.environment, environment),
    eq(heals.byPolicy, true),
    gt(heals.at, now - HEAL_LIMIT_MS),
  );
  const [counted] = await db
    .select({ n: countDistinct(heals.run) })
    .from(heals)
    .where(inHour);
  return { heals: rows, inEnvironment: counted?.n ?? 0 };
}

async function refuseWhilePaused(tx: Queries, stack: PausableStack): Promise<void> {
  const [pause] = pausesOf(await pausesInForce(tx), stack);
  if (pause !== undefined) throw new HeldBack({ type: 'paused', pause });
}

/** Records the heals. The count and the new rows are in one transaction, so two applies can't take the last place. */
async function addHeals(tx: Queries, applied: NewHeals, limit: number): Promise<void> {
  const { heals } = tx.tables;
  const { stack, environment, run, version, at, byPolicy, scope } = applied;
  if (byPolicy) {
    const history = await readHistory(tx, { name: stack, environment }, at);
    const brakes = brakesOf(scope, history, { environment, limit });
    if (brakes.length > 0) throw new HeldBack({ type: 'braked', brakes });
  }
  for (const { address, fingerprint } of scope) {
    await tx.insert(heals).values({ stack, environment, run, version, address, fingerprint, at, byPolicy });
  }
}

async function markSeenAgain(
  tx: Queries,
  { stack, findings, at }: { readonly stack: string; readonly findings: readonly ScopeEntry[]; at: number },
): Promise<void> {
  const { heals } = tx.tables;
  for (const { address, fingerprint } of findings) {
    await tx
      .update(heals)
      .set({ seenAgainAt: at })
      .where(
        and(
          eq(heals.stack, stack),
          gt(heals.at, at - SAME_FINDING_MS),
          lt(heals.at, at),
          isNull(heals.seenAgainAt),
          eq(heals.address, address),
          eq(heals.fingerprint, fingerprint),
        ),
      );
  }
}

/**
 * Writes one change about pauses or heals inside the caller's transaction. Throws HeldBack if it refuses the commit,
 * and a StoreError for a pause that does not exist.
 */
export async function writeHold(tx: Queries, change: HoldChange): Promise<void> {
  const { heals, pauses } = tx.tables;
  switch (change.type) {
    case 'unless.paused':
      await refuseWhilePaused(tx, change.stack);
      return;
    case 'pause.add': {
      const { target, by, at, reason } = change.pause;
      await tx
        .insert(pauses)
        .values({ target, by: JSON.stringify(by), at, reason })
        .onConflictDoNothing();
      return;
    }
    case 'pause.end': {
      const one = eq(pauses.id, change.id);
      const ended = await tx
        .update(pauses)
        .set({ endedBy: JSON.stringify(change.by), endedAt: change.at })
        .where(and(one, isNull(pauses.endedAt)))
        .returning({ id: pauses.id });
      if (ended.length > 0) return;
      const known = await tx.select({ id: pauses.id }).from(pauses).where(one);
      if (known.length === 0) throw new StoreError(`there is no pause ${change.id}`);
      return;
    }
    case 'heals.add':
      await addHeals(tx, change.heals, change.limit);
      return;
    case 'heals.undo':
      await tx.delete(heals).where(and(eq(heals.run, change.run), eq(heals.version, change.version)));
      return;
    case 'heals.seen':
      await markSeenAgain(tx, change);
      return;
    default:
      assertNever(change);
  }
}

/** The methods of the store for pauses and heals. They reject with a StoreError. */
export function pauseTables({ reading, snapshot }: Pick<Access, 'reading' | 'snapshot'>): PauseStore {
  return {
    pauses: ({ ended } = { ended: false }) =>
      reading('reading what is paused', async (db) => {
        const { pauses } = db.tables;
        if (!ended) return pausesInForce(db);
        return (await db.select().from(pauses).orderBy(asc(pauses.id))).map(toPause);
      }),
    healHistory: (stack, now) =>
      snapshot(`reading the heals of ${stack.name}`, (db) => readHistory(db, stack, now)),
  };
}
