/** Reads the overview of all stacks, with queries whose cost does not grow with the number of ended runs. */
import { type SQL, sql } from 'drizzle-orm';
import type {
  ActiveRuns,
  ExemptionInForce,
  FindingInRun,
  OpenAlert,
  OutboxStatus,
  Overview,
  StackResult,
} from '../model/overview.ts';
import { STATES_MAYBE_WITHOUT_ANSWER, STATES_WITH_ANSWER, WORKING_STATES } from '../model/overview.ts';
import { isTerminal, RUN_STATES, type RunState } from '../model/run.ts';
import type { Queries } from './access.ts';
import { pausesInForce } from './pause-tables.ts';

function quoted(states: readonly RunState[]): SQL {
  return sql.raw(states.map((s) => `'${s}'`).join(', '));
}

const LIVE_STATES = (Object.keys(RUN_STATES) as RunState[]).filter((s) => !isTerminal(s));

/** SQL: the run has an answer. */
const hasAnswer = ({ dialect }: Queries): SQL => sql`(
  g.state NOT IN (${quoted(STATES_MAYBE_WITHOUT_ANSWER)}) OR ${dialect.text(sql`g.data`, 'decision')} IS NOT NULL)`;

/**
 * The newest run with an answer of each stack. That is nearly always the stack's newest run. Otherwise the index finds the
 * newest run of each state, and the query takes the newest of these.
 */
function answers(db: Queries, stacks: readonly string[]): SQL {
  const { dialect } = db;
  // To look for the name of a field costs much less than to parse a run.
  const madeAt = sql`CASE WHEN r.data LIKE '%"madeAt"%' THEN ${dialect.number(sql`r.data`, 'plan', 'madeAt')} END`;
  // The limit keeps PostgreSQL from reading all runs, where it would join them with thousands of stacks.
  return sql`
    SELECT f.stack, r.id AS "runId", coalesce(${madeAt}, r.updated_at) AS at
    FROM (
      SELECT s.value AS stack, coalesce(
        (SELECT g.id FROM runs g
         WHERE g.id = (SELECT n.id FROM runs n WHERE n.stack = s.value ORDER BY n.id DESC LIMIT 1)
           AND g.state IN (${quoted(STATES_WITH_ANSWER)}) AND ${hasAnswer(db)}),
        (SELECT max((
          SELECT g.id FROM runs g WHERE g.stack = s.value AND g.state = t.value AND ${hasAnswer(db)}
          ORDER BY g.id DESC LIMIT 1))
         FROM ${dialect.texts(STATES_WITH_ANSWER, 't')})) AS id
      FROM ${dialect.texts(stacks, 's')} LIMIT ${stacks.length}
    ) f JOIN runs r ON r.id = f.id`;
}

function exemptionsOf({ dialect }: Queries, stacks: readonly string[], now: number): SQL {
  return sql`
    SELECT k.kind, k.stack, k.address, k.fingerprint, k.until, k.ended_at AS "endedAt"
    FROM ${dialect.texts(stacks, 's')} JOIN exemptions k ON k.stack = s.value AND k.ended_at IS NULL
    WHERE k.until IS NULL OR k.until > ${now} ORDER BY k.id`;
}

function findingsOf({ dialect }: Queries, ids: readonly number[]): SQL {
  return sql`
    SELECT r.stack, r.id AS "runId", f.value ->> 'address' AS address, f.value ->> 'fingerprint' AS fingerprint,
      f.value ->> 'origin' AS origin
    FROM ${dialect.numbers(ids, 'i')} JOIN runs r ON r.id = i.value
      CROSS JOIN ${dialect.elements(sql`r.data`, 'findings', 'f')}
    WHERE CAST(f.value ->> 'actionable' AS text) IN ('1', 'true')`;
}

/** The overview without the number of due deliveries. Rejects with the driver's errors. */
export async function overviewOf(
  db: Queries,
  stacks: readonly string[],
  now: number,
): Promise<Omit<Overview, 'outbox'> & { readonly outbox: Omit<OutboxStatus, 'due'> }> {
  const alerts = await db.rows<OpenAlert>(sql`
    SELECT kind, subject, run_id AS "runId", first_seen_at AS "firstSeenAt" FROM alerts
    WHERE state = 'open' ORDER BY id DESC`);
  const answered = await db.rows<StackResult>(answers(db, stacks));
  const exemptions = await db.rows<ExemptionInForce>(exemptionsOf(db, stacks, now));
  const stacksWithExemptions = new Set(exemptions.map((k) => k.stack));
  const ids = [
    ...alerts.flatMap((a) => (a.kind === 'drift' && a.runId !== null ? [a.runId] : [])),
    ...answered.filter((a) => stacksWithExemptions.has(a.stack)).map((a) => a.runId),
  ];
  const [outbox] = await db.rows<Omit<OutboxStatus, 'due'>>(sql`
    SELECT count(*) AS waiting, min(created_at) AS "oldestAt", (SELECT max(done_at) FROM outbox) AS "doneAt",
      (SELECT last_error FROM outbox WHERE done_at IS NULL AND last_error IS NOT NULL ORDER BY id LIMIT 1) AS error
    FROM outbox WHERE done_at IS NULL`);
  const [newestLine] = await db.rows<{ at: number }>(sql`SELECT at FROM audit ORDER BY id DESC LIMIT 1`);
  return {
    runs: await db.rows<ActiveRuns>(sql`
      SELECT state, CASE WHEN state = 'queued' THEN ${db.dialect.text(sql`data`, 'trigger')} END AS "trigger",
        count(*) AS count, min(created_at) AS "askedAt", min(updated_at) AS since
      FROM runs WHERE state IN (${quoted(LIVE_STATES)}) GROUP BY 1, 2`),
    working: await db.rows<Overview['working'][number]>(sql`
      SELECT DISTINCT stack, state FROM runs WHERE state IN (${quoted(WORKING_STATES)}) ORDER BY 1, 2`),
    alerts,
    answers: answered,
    findings: await db.rows<FindingInRun>(findingsOf(db, [...new Set(ids)])),
    exemptions,
    pauses: await pausesInForce(db),
    outbox: outbox ?? { waiting: 0, oldestAt: null, doneAt: null, error: null },
    recordedAt: newestLine?.at ?? null,
  };
}
