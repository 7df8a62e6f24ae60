/** What is deleted once nobody needs it any more. Never the record. */
import { isTerminal, RUN_STATES, type RunState } from '../model/run.ts';
import type { Database } from './database.ts';

/** Ms since epoch: what was over before goes. */
export interface Cutoffs {
  readonly runs: number;
  readonly deliveries: number;
}

export interface Pruned {
  readonly runs: number;
  readonly deliveries: number;
}

/** So much goes in one transaction, so that nobody waits long for the database. */
const BATCH = 200;
/** Newest runs of a stack that stay, however old: status and cards speak of them. */
const STAY = 20;

const ENDS = (Object.keys(RUN_STATES) as RunState[]).filter(isTerminal).map((s) => `'${s}'`);

/** Delivered and of no open alert: those keys may still keep somebody from being asked twice. */
const OLD_DELIVERIES = `DELETE FROM outbox WHERE id IN (
  SELECT o.id FROM outbox o WHERE o.done_at < ? AND NOT EXISTS (
    SELECT 1 FROM alerts a WHERE a.id = o.alert_id AND a.state = 'open')
  LIMIT ${BATCH})`;

const FIRST_THAT_STAYS = `SELECT id FROM runs WHERE stack = ? ORDER BY id DESC LIMIT 1 OFFSET ${STAY - 1}`;

/** Ended, and nothing that is open, due, kept or of later speaks of it. */
const OLD_RUNS = `SELECT r.id FROM runs r
  WHERE r.stack = :stack AND r.id < :stays AND r.updated_at < :before AND r.state IN (${ENDS.join(', ')})
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.run_id = r.id AND (
      a.state = 'open' OR a.last_seen_at >= :before
      OR a.id IN (SELECT o.alert_id FROM outbox o WHERE o.done_at IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM exemptions k WHERE k.run_id = r.id
      AND coalesce(k.ended_at, k.until, :before) >= :before)
  ORDER BY r.id LIMIT ${BATCH}`;

const IDS = '(SELECT value FROM json_each(?))';
const WITH_RUNS = [
  `DELETE FROM messages WHERE alert_id IN (SELECT id FROM alerts WHERE run_id IN ${IDS})`,
  `DELETE FROM alerts WHERE run_id IN ${IDS}`,
  `DELETE FROM exemptions WHERE run_id IN ${IDS}`,
  `DELETE FROM runs WHERE id IN ${IDS}`,
];

/**
 * Deletes one batch of what was over before the cutoffs: delivered entries of the outbox, and runs with their
 * alerts, messages and exemptions. Says how much went; nothing is left where both are 0. The caller holds the
 * transaction. Throws the driver's errors.
 */
export function prune({ $client: client }: Database, before: Cutoffs): Pruned {
  const deliveries = client.prepare<[number]>(OLD_DELIVERIES).run(before.deliveries).changes;
  let runs = 0;
  const stacks = client.prepare<[], { stack: string }>('SELECT DISTINCT stack FROM runs').all();
  for (const { stack } of stacks) {
    const stays = client.prepare<[string], { id: number }>(FIRST_THAT_STAYS).get(stack)?.id;
    if (stays === undefined || runs >= BATCH) continue;
    const old = client.prepare<[object], { id: number }>(OLD_RUNS).all({ stack, stays, before: before.runs });
    const ids = JSON.stringify(old.map((r) => r.id));
    if (old.length > 0) for (const statement of WITH_RUNS) client.prepare<[string]>(statement).run(ids);
    runs += old.length;
  }
  return { runs, deliveries };
}
