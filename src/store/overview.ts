/** Reads the overview of all stacks, with queries whose cost does not grow with the number of ended runs. */
import type {
  ActiveRuns,
  ExemptionInForce,
  FindingInRun,
  OpenAlert,
  OutboxStatus,
  Overview,
  StackResult,
} from '../model/overview.ts';
import { STATES_MAYBE_WITHOUT_ANSWER, STATES_WITH_ANSWER } from '../model/overview.ts';
import { isTerminal, RUN_STATES, type RunState } from '../model/run.ts';
import type { Database } from './database.ts';

function quoted(states: readonly RunState[]): string {
  return states.map((s) => `'${s}'`).join(', ');
}

/** SQL for a field of a run's data. Null if the data is not JSON: reading the run itself reports that error. */
function jsonField(data: string, path: string): string {
  return `CASE WHEN json_valid(${data}) THEN json_extract(${data}, '${path}') END`;
}

const LIVE_STATES = (Object.keys(RUN_STATES) as RunState[]).filter((s) => !isTerminal(s));

const ACTIVE_RUNS = `
  SELECT state, CASE WHEN state = 'queued' THEN ${jsonField('data', '$.trigger')} END AS "trigger",
    count(*) AS count, min(created_at) AS askedAt, min(updated_at) AS since
  FROM runs WHERE state IN (${quoted(LIVE_STATES)}) GROUP BY 1, 2`;

const ALERTS = `
  SELECT kind, subject, run_id AS runId, first_seen_at AS firstSeenAt FROM alerts WHERE state = 'open' ORDER BY id DESC`;

/**
 * The newest run with an answer of each stack. The index finds the newest run of each state; the query takes the
 * newest of these.
 */
const ANSWERS = `
  SELECT s.value AS stack, r.id AS runId, coalesce(${jsonField('r.data', '$.plan.madeAt')}, r.updated_at) AS at
  FROM json_each(:stacks) s JOIN runs r ON r.id = (
    SELECT max((
      SELECT g.id FROM runs g
      WHERE g.stack = s.value AND g.state = t.value AND (
        g.state NOT IN (${quoted(STATES_MAYBE_WITHOUT_ANSWER)}) OR ${jsonField('g.data', '$.decision')} IS NOT NULL)
      ORDER BY g.id DESC LIMIT 1))
    FROM json_each('${JSON.stringify(STATES_WITH_ANSWER)}') t)`;

const EXEMPTIONS = `
  SELECT k.kind, k.stack, k.address, k.fingerprint, k.until, k.ended_at AS endedAt
  FROM json_each(:stacks) s JOIN exemptions k ON k.stack = s.value AND k.ended_at IS NULL
  WHERE k.until IS NULL OR k.until > :now ORDER BY k.id`;

const FINDINGS = `
  SELECT r.stack, r.id AS runId, f.value ->> 'address' AS address, f.value ->> 'fingerprint' AS fingerprint,
    f.value ->> 'origin' AS origin
  FROM json_each(:ids) i JOIN runs r ON r.id = i.value,
    json_each(CASE WHEN json_valid(r.data) THEN r.data ELSE '{}' END, '$.findings') f
  WHERE f.value ->> 'actionable'`;

const OUTBOX = `
  SELECT count(*) AS waiting, min(created_at) AS oldestAt, (SELECT max(done_at) FROM outbox) AS doneAt,
    (SELECT last_error FROM outbox WHERE done_at IS NULL AND last_error IS NOT NULL ORDER BY id LIMIT 1) AS error
  FROM outbox WHERE done_at IS NULL`;

const NEWEST_LINE = 'SELECT at FROM audit ORDER BY id DESC LIMIT 1';

/** The overview without the number of due deliveries, which sqlite.ts counts. Throws the driver's errors. */
export function overviewOf(
  { $client: client }: Database,
  stacks: readonly string[],
  now: number,
): Omit<Overview, 'outbox'> & { readonly outbox: Omit<OutboxStatus, 'due'> } {
  const names = JSON.stringify(stacks);
  const readAll = client.transaction(() => {
    const alerts = client.prepare<[], OpenAlert>(ALERTS).all();
    const answers = client.prepare<[object], StackResult>(ANSWERS).all({ stacks: names });
    const exemptions = client.prepare<[object], ExemptionInForce>(EXEMPTIONS).all({ stacks: names, now });
    const stacksWithExemptions = new Set(exemptions.map((k) => k.stack));
    const ids = [
      ...alerts.flatMap((a) => (a.kind === 'drift' && a.runId !== null ? [a.runId] : [])),
      ...answers.filter((a) => stacksWithExemptions.has(a.stack)).map((a) => a.runId),
    ];
    const outbox = client.prepare<[], Omit<OutboxStatus, 'due'>>(OUTBOX).get();
    return {
      runs: client.prepare<[], ActiveRuns>(ACTIVE_RUNS).all(),
      alerts,
      answers,
      findings: client
        .prepare<[object], FindingInRun>(FINDINGS)
        .all({ ids: JSON.stringify([...new Set(ids)]) }),
      exemptions: exemptions,
      outbox: outbox ?? { waiting: 0, oldestAt: null, doneAt: null, error: null },
      recordedAt: client.prepare<[], { at: number }>(NEWEST_LINE).get()?.at ?? null,
    };
  });
  return readAll.deferred();
}
