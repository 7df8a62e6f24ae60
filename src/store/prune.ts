/** Deletes old runs and delivered outbox messages. Never deletes audit entries. */
import { isTerminal, RUN_STATES, type RunState } from '../model/run.ts';
import type { Database } from './database.ts';

/** What ended before these times is deleted. In ms since epoch. */
export interface Cutoffs {
  readonly runs: number;
  readonly deliveries: number;
}

/** How many rows were deleted. */
export interface Pruned {
  readonly runs: number;
  readonly deliveries: number;
}

/** How many rows one transaction deletes at most: a long transaction would block other writes. */
const BATCH = 200;
/** How many runs of a stack are always kept, because `status` and cards show them. */
const KEPT_RUNS = 20;

const END_STATES = (Object.keys(RUN_STATES) as RunState[]).filter(isTerminal).map((s) => `'${s}'`);

/** Delivered messages, except those of open alerts: their keys prevent that a person is asked twice. */
const OLD_DELIVERIES = `DELETE FROM outbox WHERE id IN (
  SELECT o.id FROM outbox o WHERE o.done_at < ? AND NOT EXISTS (
    SELECT 1 FROM alerts a WHERE a.id = o.alert_id AND a.state = 'open')
  LIMIT ${BATCH})`;

const OLDEST_KEPT = `SELECT id FROM runs WHERE stack = ? ORDER BY id DESC LIMIT 1 OFFSET ${KEPT_RUNS - 1}`;

/** Ended runs without an open or recent alert, a waiting message or an exemption that is in force or recent. */
const OLD_RUNS = `SELECT r.id FROM runs r
  WHERE r.stack = :stack AND r.id < :oldestKept AND r.updated_at < :before AND r.state IN (${END_STATES.join(', ')})
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.run_id = r.id AND (
      a.state = 'open' OR a.last_seen_at >= :before
      OR a.id IN (SELECT o.alert_id FROM outbox o WHERE o.done_at IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM exemptions k WHERE k.run_id = r.id
      AND coalesce(k.ended_at, k.until, :before) >= :before)
  ORDER BY r.id LIMIT ${BATCH}`;

const IDS = '(SELECT value FROM json_each(?))';
const DELETE_WITH_RUNS = [
  `DELETE FROM messages WHERE alert_id IN (SELECT id FROM alerts WHERE run_id IN ${IDS})`,
  `DELETE FROM alerts WHERE run_id IN ${IDS}`,
  `DELETE FROM exemptions WHERE run_id IN ${IDS}`,
  `DELETE FROM runs WHERE id IN ${IDS}`,
];

/**
 * Deletes one batch of what ended before the cutoffs: delivered outbox messages, and runs with their alerts, messages
 * and exemptions. Nothing is left to delete when both returned numbers are 0. Call it inside a transaction. Throws
 * the driver's errors.
 */
export function prune({ $client: client }: Database, before: Cutoffs): Pruned {
  const deliveries = client.prepare<[number]>(OLD_DELIVERIES).run(before.deliveries).changes;
  let runs = 0;
  const stacks = client.prepare<[], { stack: string }>('SELECT DISTINCT stack FROM runs').all();
  for (const { stack } of stacks) {
    const oldestKept = client.prepare<[string], { id: number }>(OLDEST_KEPT).get(stack)?.id;
    if (oldestKept === undefined || runs >= BATCH) continue;
    const old = client
      .prepare<[object], { id: number }>(OLD_RUNS)
      .all({ stack, oldestKept, before: before.runs });
    const ids = JSON.stringify(old.map((r) => r.id));
    if (old.length > 0)
      for (const statement of DELETE_WITH_RUNS) client.prepare<[string]>(statement).run(ids);
    runs += old.length;
  }
  return { runs, deliveries };
}
