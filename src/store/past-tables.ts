/** Reads of what happened, from runs, alerts, exemptions and the audit log. */
import { and, asc, gt, gte, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { Origin } from '../drift/finding.ts';
import { isOfRun } from '../model/alert.ts';
import type { PastFinding } from '../model/trend.ts';
import type { ChainLink, PastAlert, PastApply, PastStore } from '../ports/past-store.ts';
import type { Access, Queries, Tables } from './access.ts';
import { foldedChecks, foldedRun } from './fold.ts';
import { toAuditEntry, without as withoutActions } from './record.ts';
import { toAlert, toExemption } from './rows.ts';

/** How many lines of the record one call looks at. */
const LINES = 2_000;
/** The clock may have been set back: the record is then not in the order of its times. In ms. */
const CLOCK_SLACK = 86_400_000;

type AlertRow = Tables['alerts']['$inferSelect'] & { readonly endedAt: number | null };

interface Period {
  readonly since: number;
  readonly until: number;
}

/** A superseded alert ended when the one after it began; a resolved one when it was last seen. */
function alertsOf({ since, until, after, limit }: Period & { after: number; limit: number }): SQL {
  return sql`
    SELECT a.id, a.kind, a.subject, a.version, a.fingerprint, a.state, a.first_seen_at AS "firstSeenAt",
      a.last_seen_at AS "lastSeenAt", a.seen_count AS "seenCount", a.run_id AS "runId", a.outcome, a.details,
      CASE a.state WHEN 'open' THEN NULL WHEN 'resolved' THEN a.last_seen_at ELSE coalesce(
        (SELECT min(b.first_seen_at) FROM alerts b
          WHERE b.subject = a.subject AND b.kind = 'drift' AND b.id > a.id), a.last_seen_at) END AS "endedAt"
    FROM alerts a WHERE a.kind = 'drift' AND a.id > ${after} AND a.first_seen_at < ${until}
      AND (a.state = 'open' OR a.last_seen_at >= ${since} OR (a.state = 'superseded' AND EXISTS (
        SELECT 1 FROM alerts b
        WHERE b.subject = a.subject AND b.kind = 'drift' AND b.id > a.id AND b.first_seen_at >= ${since})))
    ORDER BY a.id LIMIT ${limit}`;
}

/** The findings of a run: those of its newest plan, and those of its applies, with the time of the apply. */
function findingsIn({ dialect: { elements } }: Queries, run: number | null): SQL {
  const planned = elements(sql`r.data`, 'findings', 'f');
  const applied = elements(sql`CAST(p.value AS text)`, 'findings', 'f');
  return sql`
    SELECT f.value ->> 'address' AS address, f.value ->> 'fingerprint' AS fingerprint,
      f.value ->> 'origin' AS origin, CAST(NULL AS bigint) AS until
    FROM runs r CROSS JOIN ${planned}
    WHERE r.id = ${run} AND CAST(f.value ->> 'actionable' AS text) IN ('1', 'true')
    UNION ALL
    SELECT f.value ->> 'address', f.value ->> 'fingerprint', f.value ->> 'origin', CAST(p.value ->> 'at' AS bigint)
    FROM runs r CROSS JOIN ${elements(sql`r.data`, 'applied', 'p')} CROSS JOIN ${applied}
    WHERE r.id = ${run} AND p.value ->> 'verifiedAt' IS NOT NULL`;
}

function appliesOf({ dialect: { elements, length, numbers } }: Queries, runs: readonly number[]): SQL {
  const apply = sql`CAST(p.value AS text)`;
  return sql`
    SELECT r.id AS "runId", r.stack, CAST(p.value ->> 'at' AS bigint) AS at,
      CASE WHEN ${length(apply, 'approvedBy')} > 0 THEN 1 ELSE 0 END AS "byPeople",
      ${length(apply, 'scope')} AS findings
    FROM ${numbers(runs, 'i')} JOIN runs r ON r.id = i.value CROSS JOIN ${elements(sql`r.data`, 'applied', 'p')}
    WHERE p.value ->> 'verifiedAt' IS NOT NULL ORDER BY 3`;
}

interface FoundRow {
  readonly address: string;
  readonly fingerprint: string;
  readonly origin: Origin;
  readonly until: number | null;
}

const OLDEST_RUN = sql`
  SELECT min(at) AS at FROM (
    SELECT at FROM (SELECT created_at AS at FROM runs ORDER BY id LIMIT 1) oldest
    UNION ALL SELECT min(first_at) AS at FROM folded_checks) both_of_them`;

/** The highest number of a line that surely is before the time; 0 if there is none. Looks at a few lines only. */
async function lineBefore(db: Queries, at: number): Promise<number> {
  const [edge] = await db.rows<{ low: number | null; high: number | null }>(
    sql`SELECT min(id) AS low, max(id) AS high FROM audit`,
  );
  const { low, high } = edge ?? { low: null, high: null };
  if (low === null || high === null) return 0;
  let [from, to] = [low - 1, high];
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    const [line] = await db.rows<{ at: number }>(
      sql`SELECT at FROM audit WHERE id <= ${middle} ORDER BY id DESC LIMIT 1`,
    );
    if ((line?.at ?? 0) < at - CLOCK_SLACK) from = middle;
    else to = middle - 1;
  }
  return from;
}

async function findingsOf(db: Queries, { alert, endedAt }: PastAlert): Promise<readonly PastFinding[]> {
  const rows = await db.rows<FoundRow>(findingsIn(db, alert.runId));
  const keyOf = (row: FoundRow): string => JSON.stringify([row.address, row.fingerprint]);
  const applied = new Set(rows.filter((row) => row.until !== null).map(keyOf));
  return rows
    .filter((row) => row.until !== null || !applied.has(keyOf(row)))
    .map(({ until, ...row }) => ({
      ...row,
      stack: alert.subject,
      since: alert.firstSeenAt,
      until: until ?? endedAt,
    }));
}

async function edgesOf(db: Queries, { since, until }: Period) {
  const [from, begin] = [await lineBefore(db, since), await lineBefore(db, until + 2 * CLOCK_SLACK)];
  const to = Math.max(from, begin + 1) + LINES;
  const link = (order: SQL): Promise<readonly ChainLink[]> =>
    db.rows(sql`
      SELECT id AS line, at, prev_hash AS "prevHash", hash FROM audit
      WHERE id > ${from} AND id <= ${to} AND at >= ${since} AND at < ${until} ORDER BY ${order} LIMIT 1`);
  const [first] = await link(sql`id`);
  const [last] = await link(sql`id DESC`);
  return first === undefined || last === undefined ? null : { first, last };
}

/** The methods of the store for what happened. They reject with a StoreError. */
export function pastTables({ reading, snapshot }: Pick<Access, 'reading' | 'snapshot'>): PastStore {
  return {
    pastAlerts: (query) =>
      reading('reading the drift of a period', async (db) =>
        (await db.rows<AlertRow>(alertsOf(query))).flatMap(({ endedAt, ...row }): readonly PastAlert[] => {
          const alert = toAlert(row);
          return isOfRun(alert) ? [{ alert, endedAt }] : [];
        }),
      ),

    pastFindings: (of) =>
      snapshot('reading what had drifted', async (db) => {
        const found: PastFinding[] = [];
        for (const alert of of) found.push(...(await findingsOf(db, alert)));
        return found;
      }),

    pastApplies: (runs) =>
      reading('reading what was put back', async (db) => {
        const rows = await db.rows<Omit<PastApply, 'byPeople'> & { readonly byPeople: number }>(
          appliesOf(db, runs),
        );
        return rows.map((row) => ({ ...row, byPeople: row.byPeople === 1 }));
      }),

    pastExemptions: (since, until) =>
      reading('reading the exemptions of a period', async (db) => {
        const { exemptions } = db.tables;
        const rows = await db
          .select()
          .from(exemptions)
          .where(
            and(
              lt(exemptions.at, until),
              or(isNull(exemptions.endedAt), gte(exemptions.endedAt, since)),
              or(isNull(exemptions.until), gt(exemptions.until, since)),
            ),
          )
          .orderBy(asc(exemptions.id));
        return rows.map(toExemption);
      }),

    pastRecord: ({ since, until, actions, without = [], after }) =>
      snapshot('reading the audit record of a period', async (db) => {
        const { audit } = db.tables;
        const from = after ?? (await lineBefore(db, since));
        const [newest] = await db.rows<{ id: number | null }>(sql`SELECT max(id) AS id FROM audit`);
        const last = newest?.id ?? 0;
        const end = Math.min(last, from + LINES);
        const rows = await db
          .select()
          .from(audit)
          .where(
            and(
              ...[gt(audit.id, from), lte(audit.id, end), gte(audit.at, since), lt(audit.at, until)],
              actions === undefined ? undefined : inArray(audit.action, [...actions]),
              ...without.map((one) => withoutActions(db, one)),
            ),
          )
          .orderBy(asc(audit.id));
        const [seen] = await db.rows<{ at: number }>(sql`SELECT at FROM audit WHERE id = ${end}`);
        const isOver = end >= last || (seen?.at ?? 0) >= until + CLOCK_SLACK;
        return {
          lines: rows.map((row) => ({ line: row.id, entry: toAuditEntry(row) })),
          next: isOver ? null : end,
        };
      }),

    recordEdges: (since, until) =>
      snapshot('reading the ends of the audit record of a period', (db) => edgesOf(db, { since, until })),

    oldestRunAt: () =>
      reading('reading when the oldest run was requested', async (db) => {
        const [row] = await db.rows<{ at: number | null }>(OLDEST_RUN);
        return row?.at ?? null;
      }),

    foldedChecks: (stacks) => reading('reading the folded checks', (db) => foldedChecks(db, stacks)),

    foldedRun: (id) => reading(`looking up the folded run #${id}`, (db) => foldedRun(db, id)),

    recordBegan: () =>
      reading('reading when the audit record began', async (db) => {
        const [row] = await db.rows<{ at: number }>(sql`SELECT at FROM audit ORDER BY id LIMIT 1`);
        return row?.at ?? null;
      }),
  };
}
