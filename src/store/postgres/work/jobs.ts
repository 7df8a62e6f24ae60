/** The delivery of jobs to workers by pg-boss, whose tables are in a schema of their own. */
import { sql } from 'drizzle-orm';
import { type Db, fromDrizzle, type JobAttempt, PgBoss } from 'pg-boss';
import { z } from 'zod';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/log.ts';
import type { OpenJob, StackJob } from '../../../ports/shared-work.ts';
import { StoreError } from '../../../ports/store-error.ts';
import { attempt, type Queries } from '../../access.ts';

const SCHEMA = 'm0_jobs';
const QUEUE = 'stacks.';
/** A worker whose job has no heartbeat for so long has lost it. pg-boss allows no less. */
const HEARTBEAT_S = 10;
/** How often the owner looks for such jobs. */
const MONITOR_S = 5;
/** The longest time that pg-boss allows for one job. Plans and applies have limits of their own. */
const LONGEST_JOB_S = 24 * 60 * 60 - 1;
const KEPT_S = 60 * 60;
const MAX_CONNECTIONS = 3;

/** A job that this process has begun. */
export interface BegunJob extends JobAttempt {
  readonly label: string;
  readonly stack: string;
  readonly run: number;
}

export interface Jobs {
  /** Adds jobs inside a transaction that nobody else writes beside: so a stack has one job that waits. */
  addIn(tx: Queries, jobs: readonly StackJob[]): Promise<void>;
  /** Begins the next job of that label, if there is one. `minPriority`: only one with at least that priority. */
  begin(label: string, minPriority: number): Promise<BegunJob | null>;
  /** A sign of life. Resolves with false if the job was given away. */
  isMine(job: BegunJob): Promise<boolean>;
  /** The job is done. */
  end(job: BegunJob): Promise<void>;
  /** See SharedWork. */
  all(): Promise<ReadonlyMap<string, readonly OpenJob[]>>;
  close(): Promise<void>;
}

/** What pg-boss answers to `touch`; its types leave it out. */
const touched = z.object({ affected: z.number() });

const stackRows = z.array(z.object({ stack: z.string() }));

const openRows = z.array(z.object({ name: z.string(), stack: z.string(), begun: z.boolean() }));

const queueOf = (label: string): string => `${QUEUE}${label}`;

/** What pg-boss says where its tables are not those of its version. */
const NOT_ITS_TABLES = /^pg-boss (is not installed|database requires migrations)$/;

async function start(boss: PgBoss): Promise<void> {
  try {
    await boss.start();
  } catch (error) {
    // Its connections would keep the process alive.
    await boss.stop({ graceful: false });
    if (!NOT_ITS_TABLES.test(errorText(error))) throw error;
    throw new StoreError(
      'their tables are not those of this version of m0: start m0 serve of this version first, which makes them',
      { cause: error },
    );
  }
}

/**
 * Connects. `migrates`: makes pg-boss's tables, or brings them to the newest schema; without it, rejects where they are
 * not. `supervises`: this process gives away jobs without heartbeats. Rejects with a StoreError.
 */
export async function openJobs(
  url: string,
  log: Logger,
  { supervises, migrates }: { readonly supervises: boolean; readonly migrates: boolean },
): Promise<Jobs> {
  const boss = new PgBoss({
    ...{ connectionString: url, schema: SCHEMA, max: MAX_CONNECTIONS, application_name: 'm0 jobs' },
    // A newer worker must not change what an older owner works with.
    migrate: migrates,
    ...{ supervise: supervises, superviseIntervalSeconds: MONITOR_S, monitorIntervalSeconds: MONITOR_S },
    // m0 has a schedule, metrics and a list of its processes of its own.
    ...{ schedule: false, registerInstance: false, openTelemetry: { enabled: false }, monitorVacuum: false },
  });
  boss.on('error', (error) => log.warn({ problem: errorText(error) }, 'the delivery of jobs has a problem'));
  await attempt('opening the queues of the workers', () => start(boss));
  const known = new Set<string>();

  async function makeQueue(label: string): Promise<string> {
    const name = queueOf(label);
    if (known.has(name)) return name;
    await boss.createQueue(name, {
      // One job of a stack is done at a time.
      policy: 'singleton',
      heartbeatSeconds: HEARTBEAT_S,
      expireInSeconds: LONGEST_JOB_S,
      deleteAfterSeconds: KEPT_S,
      // An apply is never tried again by itself. What else is left is found in the store, and gets a new job.
      retryLimit: 0,
    });
    known.add(name);
    return name;
  }

  /** The stacks that have a waiting job in that queue. */
  async function waitingOf(name: string, stacks: readonly string[], db: Db): Promise<ReadonlySet<string>> {
    const { rows } = await db.executeSql(
      `SELECT singleton_key AS stack FROM ${SCHEMA}.job WHERE name = $1 AND state = 'created' AND singleton_key = ANY ($2)`,
      [name, stacks],
    );
    return new Set(stackRows.parse(rows).map(({ stack }) => stack));
  }

  /** All new jobs of a queue in one statement: a round of checks adds many. */
  async function addIn(jobs: readonly StackJob[], db: Db): Promise<void> {
    for (const [label, ofLabel] of Map.groupBy(jobs, (job) => job.label)) {
      const name = await makeQueue(label);
      const newest = new Map(ofLabel.map((job) => [job.stack, job]));
      const waiting = await waitingOf(name, [...newest.keys()], db);
      const fresh: { singletonKey: string; priority: number; data: object }[] = [];
      for (const { stack, run, priority } of newest.values()) {
        const data = { stack, run };
        if (waiting.has(stack)) await boss.upsert(name, data, { singletonKey: stack, priority, db });
        else fresh.push({ singletonKey: stack, priority, data });
      }
      if (fresh.length > 0) await boss.insert(name, fresh, { db });
    }
  }

  async function all(): Promise<ReadonlyMap<string, readonly OpenJob[]>> {
    // pg-boss documents these columns, and orders the states by how far a job is.
    const { rows } = await boss
      .getDb()
      .executeSql(
        `SELECT name, singleton_key AS stack, state = 'active' AS begun FROM ${SCHEMA}.job WHERE state < 'completed' AND name LIKE $1`,
        [`${QUEUE}%`],
      );
    const open = new Map<string, OpenJob[]>();
    for (const { name, stack, begun } of openRows.parse(rows)) {
      const of = open.get(stack) ?? [];
      open.set(stack, of);
      of.push({ label: name.slice(QUEUE.length), isBegun: begun });
    }
    return open;
  }

  return {
    // pg-boss sends its statements through drizzle's transaction, so that the job and the step are stored together.
    addIn: (tx, jobs) =>
      addIn(
        jobs,
        fromDrizzle({ execute: async (query) => ({ rows: [...(await tx.rows(query as never))] }) }, sql),
      ),
    begin: (label, minPriority) =>
      attempt('looking for work', async () => {
        const name = await makeQueue(label);
        const [job] = await boss.fetch<{ stack: string; run: number }>(name, { minPriority });
        return job === undefined ? null : { id: job.id, retryCount: job.retryCount, label, ...job.data };
      }),
    isMine: (job) =>
      attempt('sending a sign of life of a job', async () => {
        return touched.parse(await boss.touch(queueOf(job.label), job)).affected > 0;
      }),
    end: (job) =>
      attempt('storing that a job is done', async () => {
        await boss.complete(queueOf(job.label), job);
      }),
    all: () => attempt('reading the jobs of the workers', all),
    close: () => boss.stop({ graceful: false }),
  };
}
