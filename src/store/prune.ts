/** Folds old checks; deletes old runs, heals, codifications and delivered outbox messages. Never deletes audit entries. */
import { type SQL, sql } from 'drizzle-orm';
import { ACTIVE_CODIFICATIONS } from '../model/codification.ts';
import { isTerminal, RUN_STATES, type RunState } from '../model/run.ts';
import type { Dialect, Queries } from './access.ts';
import { fold } from './fold.ts';

/** What ended before these times is deleted, or folded (`checks`). In ms since epoch. */
export interface Cutoffs {
  readonly runs: number;
  readonly checks: number;
  readonly deliveries: number;
}

/** How many rows were deleted. */
export interface Pruned {
  readonly runs: number;
  readonly deliveries: number;
  readonly heals: number;
  /** Clean checks that are kept as part of one row a day from now on. */
  readonly folded: number;
}

/** How many rows one transaction deletes at most: a long transaction would block other writes. */
const BATCH = 200;
/** How many runs of a stack are always kept, because `status` and cards show them. */
const KEPT_RUNS = 20;

const END_STATES = quoted((Object.keys(RUN_STATES) as RunState[]).filter(isTerminal));
/** The states of what is still on its way into the code. */
const ACTIVE = quoted(ACTIVE_CODIFICATIONS);

function quoted(states: readonly string[]): SQL {
  return sql.raw(states.map((state) => `'${state}'`).join(', '));
}

/** Delivered messages, except those of open alerts: their keys prevent that a person is asked twice. */
const oldDeliveries = (before: number): SQL => sql`
  DELETE FROM outbox WHERE id IN (
    SELECT o.id FROM outbox o WHERE o.done_at < ${before} AND NOT EXISTS (
      SELECT 1 FROM alerts a WHERE a.id = o.alert_id AND a.state = 'open')
    LIMIT ${BATCH})`;

/** The brake looks at the last day only; the rest is kept as long as runs are. */
const oldHeals = (before: number): SQL => sql`
  DELETE FROM heals WHERE id IN (SELECT id FROM heals WHERE at < ${before} LIMIT ${BATCH})`;

/** Causes are kept as long as their finding is there, and then as long as runs are. */
const oldCauses = (before: number): SQL => sql`
  DELETE FROM causes WHERE (stack, fingerprint) IN (
    SELECT stack, fingerprint FROM causes WHERE gone_at < ${before} LIMIT ${BATCH})`;

/** What ended on its way into the code is kept as long as runs are. */
const oldCodifications = (before: number): SQL => sql`
  DELETE FROM codifications WHERE id IN (
    SELECT id FROM codifications WHERE updated_at < ${before} AND state NOT IN (${ACTIVE}) LIMIT ${BATCH})`;

/** The rows of folded checks are kept as long as runs are. */
const oldFolded = (before: number): SQL => sql`
  DELETE FROM folded_checks WHERE (stack, day) IN (
    SELECT stack, day FROM folded_checks WHERE last_at < ${before} LIMIT ${BATCH})`;

const oldestKeptOf = (stack: string): SQL => sql`
  SELECT id FROM runs WHERE stack = ${stack} ORDER BY id DESC LIMIT 1 OFFSET ${KEPT_RUNS - 1}`;

/** Ended runs without an open or recent alert, a waiting message, an exemption in force or recent, or a way into the code. */
const oldRuns = (
  { number }: Dialect,
  { stack, oldestKept, before }: { stack: string; oldestKept: number; before: number },
): SQL => sql`
  SELECT r.id FROM runs r
  WHERE r.stack = ${stack} AND r.id < ${oldestKept} AND r.updated_at < ${before} AND r.state IN (${END_STATES})
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.run_id = r.id AND (
      a.state = 'open' OR a.last_seen_at >= ${before}
      OR a.id IN (SELECT o.alert_id FROM outbox o WHERE o.done_at IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM exemptions k WHERE k.run_id = r.id
      AND coalesce(k.ended_at, k.until, ${before}) >= ${before})
    AND NOT EXISTS (SELECT 1 FROM codifications c WHERE c.stack = r.stack AND ${number(sql`c.data`, 'run')} = r.id
      AND c.state IN (${ACTIVE}))
  ORDER BY r.id LIMIT ${BATCH}`;

/** Deletes the runs with their alerts, messages and exemptions. */
async function deleteRuns(tx: Queries, runs: readonly number[]): Promise<void> {
  if (runs.length === 0) return;
  const ids = sql`(SELECT value FROM ${tx.dialect.numbers(runs, 'ids')})`;
  await tx.run(sql`DELETE FROM messages WHERE alert_id IN (SELECT id FROM alerts WHERE run_id IN ${ids})`);
  await tx.run(sql`DELETE FROM begun_posts WHERE alert_id IN (SELECT id FROM alerts WHERE run_id IN ${ids})`);
  await tx.run(sql`DELETE FROM alerts WHERE run_id IN ${ids}`);
  await tx.run(sql`DELETE FROM exemptions WHERE run_id IN ${ids}`);
  await tx.run(sql`DELETE FROM runs WHERE id IN ${ids}`);
}

/**
 * Deletes or folds one batch of what ended before the cutoffs: delivered outbox messages, heals, and runs with their alerts,
 * messages and exemptions. Nothing is left to delete when all returned numbers are 0. Call it inside a transaction. Rejects
 * with the driver's errors.
 */
export async function prune(tx: Queries, before: Cutoffs): Promise<Pruned> {
  const deliveries = await tx.run(oldDeliveries(before.deliveries));
  const heals = await tx.run(oldHeals(before.runs));
  await tx.run(oldCauses(before.runs));
  await tx.run(oldCodifications(before.runs));
  let runs = await tx.run(oldFolded(before.runs));
  let folded = 0;
  const stacks = await tx.rows<{ stack: string }>(sql`SELECT DISTINCT stack FROM runs`);
  for (const { stack } of stacks) {
    if (runs + folded >= BATCH) break;
    const [kept] = await tx.rows<{ id: number }>(oldestKeptOf(stack));
    if (kept === undefined) continue;
    const order = { stack, oldestKept: kept.id };
    const old = await tx.rows<{ id: number }>(oldRuns(tx.dialect, { ...order, before: before.runs }));
    await deleteRuns(
      tx,
      old.map(({ id }) => id),
    );
    runs += old.length;
    folded += await fold(tx, { ...order, before: before.checks });
  }
  return { runs, deliveries, heals, folded };
}
