/** Folds clean checks that said nothing new into one row for a stack and a day. Their numbers stay taken. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { FoldedChecks } from '../ports/past-store.ts';
import type { Queries } from './access.ts';
import { json } from './rows.ts';

const DAY_MS = 86_400_000;
/** How many runs one transaction folds at most: a long transaction would block other writes. */
const BATCH = 200;

interface Foldable {
  readonly id: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Which runs of a stack may be folded. `oldestKept`: that run and newer ones stay. `before`: ms since epoch. */
export interface FoldOrder {
  readonly stack: string;
  readonly oldestKept: number;
  readonly before: number;
}

/**
 * Clean runs without a person, an apply, an alert, a message or an exemption, whose findings (none, or some that no apply
 * would change) are those of the next clean run: that one still tells them. The newest `kept` runs of the stack stay.
 */
function foldable(db: Queries, { stack, oldestKept, before }: FoldOrder): Promise<readonly Foldable[]> {
  const { text, length } = db.dialect;
  const data = sql`r.data`;
  return db.rows(sql`
    SELECT r.id, r.created_at AS "createdAt", r.updated_at AS "updatedAt" FROM runs r
    WHERE r.stack = ${stack} AND r.state = 'clean' AND r.id < ${oldestKept} AND r.updated_at < ${before}
      AND ${text(data, 'interrupted')} IS NULL AND ${text(data, 'forceHuman')} IS NULL
      AND ${length(data, 'applied')} = 0 AND ${length(data, 'approvals')} = 0
      AND (${length(data, 'findings')} = 0 OR ${text(data, 'fingerprint')} = (
        SELECT ${text(sql`n.data`, 'fingerprint')} FROM runs n
        WHERE n.stack = r.stack AND n.state = 'clean' AND n.id > r.id ORDER BY n.id LIMIT 1))
      AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.run_id = r.id)
      AND NOT EXISTS (SELECT 1 FROM exemptions k WHERE k.run_id = r.id)
    ORDER BY r.id LIMIT ${BATCH}`);
}

/** Adds the runs to the row of their day. */
async function addToDay(tx: Queries, stack: string, day: number, those: readonly Foldable[]): Promise<void> {
  const { foldedChecks: table } = tx.tables;
  const where = and(eq(table.stack, stack), eq(table.day, day));
  const [known] = await tx.select().from(table).where(where);
  const before =
    known === undefined ? [] : json(`folded checks of ${stack}`, z.array(z.number()), known.runs);
  const runs = [...new Set([...before, ...those.map(({ id }) => id)])].sort((a, b) => a - b);
  const set = {
    checks: (known?.checks ?? 0) + those.length,
    firstRun: runs[0] ?? 0,
    lastRun: runs.at(-1) ?? 0,
    firstAt: Math.min(known?.firstAt ?? Number.POSITIVE_INFINITY, ...those.map((run) => run.createdAt)),
    lastAt: Math.max(known?.lastAt ?? 0, ...those.map((run) => run.updatedAt)),
    runs: JSON.stringify(runs),
  };
  if (known === undefined) await tx.insert(table).values({ stack, day, ...set });
  else await tx.update(table).set(set).where(where);
}

/** Folds one batch of the stack's runs. Resolves with how many; 0: nothing is left. Call it inside a transaction. */
export async function fold(tx: Queries, order: FoldOrder): Promise<number> {
  const runs = await foldable(tx, order);
  for (const [day, those] of Map.groupBy(runs, (run) => Math.floor(run.createdAt / DAY_MS) * DAY_MS)) {
    await addToDay(tx, order.stack, day, those);
  }
  if (runs.length > 0) {
    const ids = tx.dialect.numbers(
      runs.map(({ id }) => id),
      'ids',
    );
    await tx.run(sql`DELETE FROM runs WHERE id IN (SELECT value FROM ${ids})`);
  }
  return runs.length;
}

/** As `PastStore.foldedChecks`. Rejects with the driver's errors. */
export function foldedChecks(db: Queries, stacks: readonly string[]): Promise<readonly FoldedChecks[]> {
  return db.rows(sql`
    SELECT f.stack, CAST(sum(f.checks) AS bigint) AS checks, min(f.first_at) AS "firstAt", max(f.last_at) AS "lastAt"
    FROM ${db.dialect.texts(stacks, 's')} JOIN folded_checks f ON f.stack = s.value GROUP BY f.stack ORDER BY f.stack`);
}

/** As `PastStore.foldedRun`. Rejects with the driver's errors. */
export async function foldedRun(db: Queries, id: number): Promise<FoldedChecks | null> {
  const runs = db.dialect.elements(sql`f.runs`, null, 'r');
  const [row] = await db.rows<FoldedChecks>(sql`
    SELECT f.stack, f.checks, f.first_at AS "firstAt", f.last_at AS "lastAt" FROM folded_checks f
    WHERE f.last_run >= ${id} AND f.first_run <= ${id}
      AND EXISTS (SELECT 1 FROM ${runs} WHERE CAST(CAST(r.value AS text) AS bigint) = ${id})`);
  return row ?? null;
}
