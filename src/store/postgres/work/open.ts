/** Opens what several processes share that work on one PostgreSQL database. */
import type pg from 'pg';
import type { Logger } from '../../../base/log.ts';
import type { SharedWork } from '../../../ports/shared-work.ts';
import { attempt, type Queries } from '../../access.ts';
import type { Committed, JobOf } from '../../committed.ts';
import { queriesOf } from '../queries.ts';
import { inTransaction } from '../transaction.ts';
import { livingWorkers, removeSilentWorkers } from '../worker-lease.ts';
import { startConsumer } from './consumer.ts';
import { openJobs } from './jobs.ts';
import { openNotices } from './notices.ts';

/** How long the removal of silent workers and new jobs wait for another writer, in ms. */
const LOCK_MS = 5_000;

export interface OpenWork {
  readonly shared: SharedWork;
  /** Tells other processes of a commit, and gives what it leaves to do to workers, inside its transaction. */
  announce(tx: Queries, committed: Committed): Promise<void>;
  close(): Promise<void>;
}

export interface WorkOptions {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly log: Logger;
  /** True in the owner: it gives away the jobs of workers that give no sign of life. */
  readonly supervises: boolean;
  /** False in processes beside the owner: they find the tables of the queues as they must be, or are refused. */
  readonly migrates: boolean;
  /** Makes a job of a run that waits. */
  readonly jobOf: JobOf;
}

/** Connects. Rejects with a StoreError. */
export async function openWork({
  url,
  pool,
  log,
  supervises,
  migrates,
  jobOf,
}: WorkOptions): Promise<OpenWork> {
  const jobs = await openJobs(url, log, { supervises, migrates });
  const notices = openNotices(url, log);
  return {
    shared: {
      add: (added) =>
        attempt('giving work to workers', () =>
          inTransaction(pool, { lockMs: LOCK_MS }, (tx) => jobs.addIn(tx, added)),
        ),
      jobs: jobs.all,
      consume: (options) =>
        startConsumer({ jobs, log, onNews: (listener) => notices.onChange(() => listener()) }, options),
      onChange: (listener) =>
        notices.onChange((runs, isOwn) => {
          if (!isOwn) listener(runs);
        }),
      report: notices.report,
      onReport: notices.onReport,
      workers: () => attempt('reading which workers there are', () => livingWorkers(queriesOf(pool))),
      removeSilentWorkers: () =>
        attempt('removing workers that are silent', () =>
          inTransaction(pool, { lockMs: LOCK_MS }, removeSilentWorkers),
        ),
    },
    async announce(tx, { runs, waiting }) {
      await jobs.addIn(tx, waiting.map(jobOf));
      await notices.send(tx, runs);
    },
    async close() {
      await notices.close();
      await jobs.close();
    },
  };
}
