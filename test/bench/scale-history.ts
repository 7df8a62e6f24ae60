/**
 * Fills a database with what 10,000 stacks leave behind: the checks of a week, folded checks of the year before, and open
 * drift. The first stacks are checked for real; the rows of all others are copies of theirs.
 */

import { createLogger } from '../../src/base/log.ts';
import type { Stack } from '../../src/model/directory.ts';
import { M0 } from '../../src/model/run.ts';
import { createWorker } from '../../src/runs/worker.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { directory, stack } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { sshFinding } from '../support/runs.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Every two hours. */
const CHECKS_A_DAY = 12;

export interface History {
  readonly stacks: number;
  /** Runs of each stack that are not folded yet. */
  readonly runs: number;
  /** Days of folded checks. */
  readonly days: number;
}

export const A_YEAR: History = { stacks: 10_000, runs: 7 * CHECKS_A_DAY, days: 358 };
/** One stack in a hundred waits for somebody. */
const DRIFTED_EVERY = 100;
const ENVIRONMENTS = ['prod', 'stage', 'dev', 'test', 'eu', 'us', 'ap', 'lab', 'edge', 'core'] as const;

const numbered = (i: number): string => String(i).padStart(5, '0');

/** The stacks, a tenth of them in each environment. */
export function fleetOf(count: number): readonly Stack[] {
  return Array.from({ length: count }, (_, i) =>
    stack({
      ...{ name: `stack-${numbered(i)}`, environment: ENVIRONMENTS[i % ENVIRONMENTS.length] ?? 'prod' },
      policies: [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' }],
    }),
  );
}

/** Runs SQL in the database; with rows. */
export type Sql = (statement: string) => Promise<readonly Record<string, unknown>[]>;

const text = (value: unknown): string => `'${String(value).replaceAll("'", "''")}'`;

/** How each database counts and writes numbers in texts. */
interface Words {
  numbers(to: number, alias: string): string;
  padded(column: string): string;
  list(from: string): string;
}

const WORDS: Record<'sqlite' | 'postgres', Words> = {
  sqlite: {
    numbers: (to, alias) =>
      `(WITH RECURSIVE n(v) AS (SELECT 0 UNION ALL SELECT v + 1 FROM n WHERE v < ${to - 1}) SELECT v FROM n) ${alias}`,
    padded: (column) => `printf('%05d', ${column})`,
    list: (from) =>
      `'[' || ${Array.from({ length: CHECKS_A_DAY }, (_, k) => `(${from} + ${k})`).join(` || ',' || `)} || ']'`,
  },
  postgres: {
    numbers: (to, alias) => `generate_series(0::bigint, ${to - 1}) ${alias}(v)`,
    padded: (column) => `lpad(${column}::text, 5, '0')`,
    list: (from) =>
      `'[' || ${Array.from({ length: CHECKS_A_DAY }, (_, k) => `(${from} + ${k})`).join(` || ',' || `)} || ']'`,
  },
};

/** Checks a clean and a drifted stack, so that there is a real row of each kind. */
async function checkSamples(store: AuditedStore): Promise<{ clean: number; drifted: number }> {
  const cloud = new FleetCloud({ clock: Date.now, onWork: () => {}, pass: async () => {} });
  const [clean, drifted] = fleetOf(2);
  if (clean === undefined || drifted === undefined) throw new Error('there are no stacks');
  cloud.drift.set(drifted.name, [sshFinding()]);
  const worker = createWorker({
    ...{ store, log: createLogger('silent'), clock: Date.now, runner: cloud, policies: cloud },
    directory: directory({ stacks: [clean, drifted] }),
    onCall: async () => ({}),
    peopleToAsk: async () => [],
    ...{ concurrency: 2, onChange: () => {} },
  });
  await worker.start();
  const runs = await worker.checkAll([clean, drifted], 'schedule', M0);
  const state = async (id: number | undefined): Promise<string | undefined> =>
    id === undefined ? undefined : (await store.run(id))?.state;
  for (let i = 0; i < 600; i += 1) {
    if ((await state(runs[0]?.id)) === 'clean' && (await state(runs[1]?.id)) === 'awaiting_approval') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await worker.drain();
  return { clean: runs[0]?.id ?? 0, drifted: runs[1]?.id ?? 0 };
}

/** Fills the empty database. */
export async function fill(
  store: AuditedStore,
  sql: Sql,
  kind: 'sqlite' | 'postgres',
  { stacks, runs, days }: History,
): Promise<void> {
  const { clean, drifted } = await checkSamples(store);
  const [sample] = await sql(`SELECT data FROM runs WHERE id = ${clean} AND state = 'clean'`);
  const [waiting] = await sql(`SELECT data FROM runs WHERE id = ${drifted} AND state = 'awaiting_approval'`);
  const [alert] = await sql(`SELECT fingerprint FROM alerts WHERE run_id = ${drifted} AND kind = 'drift'`);
  if (sample === undefined || waiting === undefined || alert === undefined) {
    throw new Error('filling a database: the first checks did not end as expected');
  }
  const { numbers, padded, list } = WORDS[kind];
  const now = Date.now();
  const name = (column: string): string => `'stack-' || ${padded(column)}`;
  const environment = (column: string): string =>
    `CASE ${ENVIRONMENTS.map((env, i) => `WHEN ${column} % ${ENVIRONMENTS.length} = ${i} THEN '${env}'`).join(' ')} END`;
  const insert = 'INSERT INTO runs (stack, environment, state, version, created_at, updated_at, data)';
  await sql(`${insert}
    SELECT ${name('i.v')}, ${environment('i.v')}, 'clean', 4, ${now} - (${runs} - j.v) * ${2 * HOUR},
      ${now} - (${runs} - j.v) * ${2 * HOUR} + 60000, ${text(sample.data)}
    FROM ${numbers(runs, 'j')} CROSS JOIN ${numbers(stacks, 'i')} ORDER BY j.v, i.v`);
  await sql(`${insert}
    SELECT ${name('i.v')}, ${environment('i.v')}, 'awaiting_approval', 4, ${now}, ${now}, ${text(waiting.data)}
    FROM ${numbers(stacks, 'i')} WHERE i.v % ${DRIFTED_EVERY} = 0 AND i.v > 1 ORDER BY i.v`);
  await sql(`INSERT INTO alerts (kind, subject, version, fingerprint, state, first_seen_at, last_seen_at, seen_count, run_id)
    SELECT 'drift', stack, 1, ${text(alert.fingerprint)}, 'open', ${now}, ${now}, 1, id FROM runs
    WHERE state = 'awaiting_approval' AND id <> ${drifted}`);
  const day = `(${Math.floor(now / DAY) - 8} - d.v) * ${DAY}`;
  // One statement for each month, so that no statement takes too long.
  for (let from = 0; from < days; from += 30) {
    const some = Math.min(30, days - from);
    const first = `((d.v + ${from}) * ${stacks} + i.v) * ${CHECKS_A_DAY}`;
    await sql(`INSERT INTO folded_checks (stack, day, checks, first_run, last_run, first_at, last_at, runs)
      SELECT ${name('i.v')}, ${day} - ${from * DAY}, ${CHECKS_A_DAY}, ${first}, ${first} + ${CHECKS_A_DAY - 1},
        ${day}, ${day} + ${DAY - 1}, ${list(first)}
      FROM ${numbers(some, 'd')} CROSS JOIN ${numbers(stacks, 'i')} WHERE true`);
  }
}
