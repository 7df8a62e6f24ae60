/**
 * Workers on one PostgreSQL database: how much faster two and four of them check than one, and what a check costs the
 * database and the processes. Each worker is a process (scale-worker.ts); the owner runs here; plans only take their time.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { createLogger } from '../../src/base/log.ts';
import type { Stack } from '../../src/model/directory.ts';
import { M0 } from '../../src/model/run.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { createWorker } from '../../src/runs/worker.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import { openStore } from '../../src/store/open.ts';
import { directory, stack } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { POSTGRES_MISSING, type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import type { Limit } from './table.ts';

/** What a plan takes in place of the cloud. */
const PLAN_MS = 2_000;
const STACKS = Number(process.env.M0_BENCH_STACKS ?? 80);
/** For what a check costs: plans take no time, so that all the time is m0's and the database's. */
const BUSY_STACKS = 1_000;
/** n workers do at least this share of n times what one does. */
const EFFICIENCY = 0.9;
const NOT_DONE_MS = 600_000;

/** A server that loses nothing in a power cut, as in production, and counts its statements. */
const LIKE_PRODUCTION = [
  ...['fsync=on', 'full_page_writes=on', 'synchronous_commit=on', 'shared_buffers=256MB', 'max_wal_size=1GB'],
  ...['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.track=top'],
];

export interface WorkerOrder {
  readonly url: string;
  readonly stacks: number;
  readonly planMs: number;
  readonly concurrency: number;
  readonly logLevel: string;
}

/** What a worker tells of itself since its start. */
export interface WorkerAnswer {
  readonly plans: number;
  readonly cpuMs: number;
}

/** The stacks of the measurement: of one environment, with a policy. */
export function stacksOf(count: number): readonly Stack[] {
  return Array.from({ length: count }, (_, i) =>
    stack({
      ...{ name: `prod-${String(i).padStart(5, '0')}`, environment: 'prod', schedule: [] },
      policies: [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' }],
    }),
  );
}

function next(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`measuring workers: one ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
}

async function look(child: ChildProcess): Promise<WorkerAnswer> {
  if (!child.connected) throw new Error(`measuring workers: one ended with ${child.exitCode}`);
  const answer = next(child);
  child.send('look');
  return (await answer) as WorkerAnswer;
}

/** What a round took and cost. Times in ms. */
interface Round {
  readonly stacks: number;
  readonly ms: number;
  /** Until all checks were queued. */
  readonly queuedMs: number;
  readonly statements: number;
  /** What the server spent on statements. */
  readonly serverMs: number;
  readonly workerCpuMs: number;
  readonly ownerCpuMs: number;
}

interface Bench {
  readonly server: PostgresServer;
  readonly database: string;
  readonly url: string;
  readonly worker: Worker;
  close(): Promise<void>;
}

/** The owner of a new database, with all the stacks. It plans nothing itself. */
async function startOwner(server: PostgresServer, database: string, stacks: number): Promise<Bench> {
  const url = await server.create(database);
  await server.sql(database, 'CREATE EXTENSION pg_stat_statements');
  const log = createLogger('silent');
  const store = await openStore({
    ...{ url, log, jobOf },
    owner: { wait: false, onLost: () => process.exit(1) },
  });
  const cloud = new FleetCloud({ clock: Date.now, onWork: () => {}, pass: async () => {} });
  const worker = createWorker({
    ...{ store, log, shared: store.shared, clock: Date.now, runner: cloud, policies: cloud, labels: [] },
    directory: directory({ stacks: stacksOf(stacks) }),
    onCall: async () => ({}),
    peopleToAsk: async () => [],
    concurrency: 2,
    onChange: () => {},
  });
  await worker.start();
  return {
    ...{ server, database, url, worker },
    async close() {
      await worker.drain();
      await store.close();
    },
  };
}

async function startWorkers(
  bench: Bench,
  count: number,
  stacks: number,
  planMs: number,
): Promise<ChildProcess[]> {
  const order: WorkerOrder = {
    url: bench.url,
    stacks,
    planMs,
    concurrency: 2,
    logLevel: 'silent',
  };
  const script = join(import.meta.dirname, 'scale-worker.ts');
  const children = Array.from({ length: count }, () => fork(script, [JSON.stringify(order)]));
  await Promise.all(children.map(next));
  return children;
}

async function stopWorkers(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.send('end');
      await ended;
    }),
  );
}

/** What the server has done since the last call of `reset`. */
async function statements({ server, database }: Bench): Promise<{ calls: number; ms: number }> {
  const [row] = await server.sql(
    database,
    `SELECT sum(calls)::float AS calls, sum(total_exec_time) AS ms FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return { calls: Number(row?.calls), ms: Number(row?.ms) };
}

/** Checks all the stacks once, with the workers, and measures until the last answer is stored. */
async function round(bench: Bench, stacks: number, workers: readonly ChildProcess[]): Promise<Round> {
  const { server, database, worker } = bench;
  const before = await Promise.all(workers.map(look));
  const ownerBefore = process.cpuUsage();
  await server.sql(database, 'SELECT pg_stat_statements_reset()');
  const begun = Date.now();
  const runs = await worker.checkAll(stacksOf(stacks), 'schedule', M0);
  const queuedMs = Date.now() - begun;
  const first = Math.min(...runs.map(({ id }) => id));
  const givesUpAt = Date.now() + NOT_DONE_MS;
  for (;;) {
    const [row] = await server.sql(
      database,
      `SELECT count(*)::int AS done, max(updated_at)::float AS last FROM runs WHERE id >= ${first} AND state = 'clean'`,
    );
    if (row?.done === stacks) {
      const { calls, ms } = await statements(bench);
      const after = await Promise.all(workers.map(look));
      const owner = process.cpuUsage(ownerBefore);
      const sum = (all: readonly WorkerAnswer[]): number => all.reduce((cpu, { cpuMs }) => cpu + cpuMs, 0);
      return {
        ...{ stacks, ms: Number(row.last) - begun, queuedMs, statements: calls, serverMs: ms },
        workerCpuMs: sum(after) - sum(before),
        ownerCpuMs: (owner.user + owner.system) / 1_000,
      };
    }
    if (Date.now() > givesUpAt)
      throw new Error(`measuring workers: ${String(row?.done)} of ${stacks} checks were made`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function say(what: string, stacks: number, r: Round): void {
  const each = (value: number, digits = 1): string => (value / stacks).toFixed(digits);
  process.stderr.write(
    `  ${what}: ${(r.ms / 1_000).toFixed(1)} s, ${((stacks * 1_000) / r.ms).toFixed(1)} checks/s; queued in ${r.queuedMs} ms; ` +
      `a check: ${each(r.statements)} statements, ${each(r.serverMs)} ms of the server, CPU ${each(r.workerCpuMs)} ms of workers, ${each(r.ownerCpuMs)} ms of the owner\n`,
  );
}

/** Rounds with `count` workers in turn. */
async function rounds(
  bench: Bench,
  stacks: number,
  counts: readonly number[],
  planMs: number,
): Promise<Round[]> {
  const all: Round[] = [];
  for (const count of counts) {
    const workers = await startWorkers(bench, count, stacks, planMs);
    try {
      const r = await round(bench, stacks, workers);
      say(`${count} workers, ${stacks} stacks, plans of ${planMs} ms`, stacks, r);
      all.push(r);
    } finally {
      await stopWorkers(workers);
    }
  }
  return all;
}

/** What a check costs where plans take no time: the most that the database and its owner can do. */
export async function costOfChecks(server: PostgresServer, stacks = BUSY_STACKS): Promise<Round> {
  const bench = await startOwner(server, `m0_busy_${Date.now()}`, stacks);
  try {
    const [r] = await rounds(bench, stacks, [2], 0);
    if (r === undefined) throw new Error('measuring checks: no round was made');
    const [row] = await server.sql(
      bench.database,
      "SELECT count(*)::float AS lines, pg_total_relation_size('audit')::float AS bytes FROM audit",
    );
    const size = (Number(row?.bytes) / Number(row?.lines)).toFixed(0);
    process.stderr.write(`  the audit record: ${size} bytes a line, with indexes\n`);
    return r;
  } finally {
    await bench.close();
  }
}

/** Returns the limits of workers, with measured values. */
export async function workersLimits(runs: number, server: PostgresServer): Promise<Limit[]> {
  const two: number[] = [];
  const four: number[] = [];
  const bench = await startOwner(server, 'm0_workers', STACKS);
  try {
    for (let run = 0; run < runs; run += 1) {
      const [one, pair, many] = await rounds(bench, STACKS, [1, 2, 4], PLAN_MS);
      if (one === undefined || pair === undefined || many === undefined) break;
      two.push((2 * pair.ms) / one.ms);
      four.push((4 * many.ms) / one.ms);
    }
  } finally {
    await bench.close();
  }
  const name = `${STACKS} stacks, plans of ${PLAN_MS / 1_000} s, two at a time`;
  const most = Number((1 / EFFICIENCY).toFixed(2));
  return [
    { what: `${name}: 2 × time with 2 workers / with 1`, measured: two, most, unit: '×' },
    { what: `${name}: 4 × time with 4 workers / with 1`, measured: four, most, unit: '×' },
  ];
}

/** A server for the measurements; null, with a line that says so, where PostgreSQL is not installed. */
export async function benchServer(): Promise<PostgresServer | null> {
  if (POSTGRES_MISSING === null) return startPostgres({ settings: LIKE_PRODUCTION });
  process.stderr.write(`  not measured: ${POSTGRES_MISSING}\n`);
  return null;
}
