/** The SQLite database that all simulated processes share, and the rows by which it gives the lease and the jobs away. */
import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { createLogger } from '../../../src/base/log.ts';
import { LeaseLost } from '../../../src/ports/owner.ts';
import type { StackJob } from '../../../src/ports/shared-work.ts';
import type { WorkerProcess } from '../../../src/ports/worker-processes.ts';
import { attempt } from '../../../src/store/access.ts';
import { type AuditedStore, createStore, PROBE_MS } from '../../../src/store/audited-store.ts';
import type { Committed } from '../../../src/store/committed.ts';
import { type Database, migrateDatabase, openFile } from '../../../src/store/database.ts';
import { accessTo } from '../../../src/store/writing.ts';

/** How long a lease lasts after the last sign of life, in ms. */
export const LEASE_MS = 9_000;
/** How often a process gives a sign of life, in ms. */
export const BEAT_MS = 2_000;
/** How long a job may be silent before it is given away, in ms, and how often that is looked for. */
const JOB_SILENCE_MS = 5_500;
export const SUPERVISE_MS = 2_000;

export const silentLog = createLogger('silent');

let template: Buffer | null = null;

/** An empty database of the newest schema, in memory. The migrations run once in this thread. */
function emptyDatabase(): Database {
  if (template === null) {
    const { $client: client } = migrateDatabase(openFile(':memory:', 0));
    // The random id of a memory is part of the keys of messages.
    client.prepare("UPDATE kv SET value = json_set(value, '$.id', 'simulated') WHERE name = 'memory'").run();
    // No id is given twice, as in pg-boss: a process that was frozen must not end the job of another.
    client.exec(`CREATE TABLE jobs (
      id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, stack TEXT NOT NULL, run INTEGER NOT NULL,
      priority INTEGER NOT NULL, is_begun INTEGER NOT NULL DEFAULT 0, beat_at INTEGER NOT NULL)`);
    template = client.serialize();
    client.close();
  }
  const client = new Sqlite(template);
  client.pragma('recursive_triggers = ON');
  client.pragma('foreign_keys = ON');
  return drizzle(client);
}

/** The tables that a statement reads and writes. */
interface Touched {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

const touchedBy = new Map<string, Touched>();

function touched(sql: string): Touched {
  let found = touchedBy.get(sql);
  if (found === undefined) {
    const named = (words: RegExp): readonly string[] =>
      [...sql.matchAll(words)].flatMap(([, name]) => name ?? []);
    found = {
      reads: named(/\b(?:from|join)\s+"?(\w+)"?/gi),
      writes: named(/^\s*(?:insert into|update|delete from)\s+"?(\w+)"?/gi),
    };
    touchedBy.set(sql, found);
  }
  return found;
}

/** An answer of the store, which holds while the tables that it was read from have these versions. */
interface Answer {
  readonly from: readonly (readonly [table: string, version: number])[];
  readonly answer: unknown;
}

/** A job that waits or is done, see Jobs. */
interface JobRow {
  readonly id: number;
  readonly label: string;
  readonly stack: string;
  readonly run: number;
}

/** What a process is for the database. */
export type Part = { readonly owner: number } | { readonly worker: number };

/** A store for one process, and what its last commit tells others. */
export interface OpenStore {
  readonly store: AuditedStore;
  /** The runs that the last commit has moved, once; null: it moved none. */
  takeAnnounced(): readonly number[] | null;
}

export interface StoreHooks {
  readonly jobOf: (run: Committed['waiting'][number]) => StackJob;
  /** Called when a write shows that the lease of the process is over. */
  readonly onLost: () => void;
  /** Which jobs of a commit are stored. */
  readonly keptJobs: (jobs: readonly StackJob[]) => readonly StackJob[];
}

export class SharedDatabase {
  readonly #db = emptyDatabase();
  readonly #now: () => number;
  /** How often each table was written. */
  readonly #versions = new Map<string, number>();
  readonly #answers = new Map<string, Answer>();
  /** Whether all messages were delivered, at a version of their table. */
  #delivered = { version: -1, is: false };
  /** The version of the jobs at which nothing was there for a label. */
  readonly #noJobs = new Map<string, number>();
  /** The tables that the read in progress has read. */
  #reading = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
    const client = this.#db.$client;
    const prepare = client.prepare.bind(client);
    const known = new Map<string, Sqlite.Statement>();
    // The store prepares each query anew, which takes longer than the query on so small a database.
    client.prepare = ((sql: string) => {
      const { reads, writes } = touched(sql);
      for (const table of reads) this.#reading.add(table);
      for (const table of writes) this.#versions.set(table, this.#version(table) + 1);
      const statement = known.get(sql) ?? prepare(sql);
      known.set(sql, statement);
      if (statement.reader) statement.raw(false);
      return statement;
    }) as typeof client.prepare;
  }

  #version(table: string): number {
    return this.#versions.get(table) ?? 0;
  }

  /**
   * The answer of a read of the store. Where none of its tables was written since the same read, it is the same answer.
   * Nothing else may use the database meanwhile.
   */
  async read(method: string, args: readonly unknown[], call: () => Promise<unknown>): Promise<unknown> {
    // Its first argument is the time, so it would be another read each time.
    if (method === 'dueOutbox' && this.#isDelivered()) return [];
    const key = `${method} ${JSON.stringify(args)}`;
    const known = this.#answers.get(key);
    if (known?.from.every(([table, version]) => this.#version(table) === version)) return known.answer;
    this.#reading = new Set();
    const before = new Map(this.#versions);
    const answer = await call();
    const from = [...this.#reading].map((table) => [table, this.#version(table)] as const);
    const isRead =
      from.length > 0 && [...this.#versions].every(([table, version]) => before.get(table) === version);
    if (isRead) this.#answers.set(key, { from, answer });
    return answer;
  }

  /** True if no message waits. */
  #isDelivered(): boolean {
    const version = this.#version('outbox');
    if (this.#delivered.version !== version) {
      const waiting = this.row('SELECT 1 FROM outbox WHERE done_at IS NULL LIMIT 1');
      this.#delivered = { version, is: waiting === undefined };
    }
    return this.#delivered.is;
  }

  close(): void {
    this.#db.$client.close();
  }

  /** The first row of a query, for checks beside the store. */
  row<T>(sql: string, ...values: readonly (string | number)[]): T | undefined {
    return this.#db.$client.prepare(sql).get(...values) as T | undefined;
  }

  rows<T>(sql: string, ...values: readonly (string | number)[]): readonly T[] {
    return this.#db.$client.prepare(sql).all(...values) as T[];
  }

  #run(sql: string, ...values: readonly (string | number)[]): number {
    return this.#db.$client.prepare(sql).run(...values).changes;
  }

  /** The store as one process opens it. */
  open(part: Part, { jobOf, onLost, keptJobs }: StoreHooks): OpenStore {
    let announced: readonly number[] | null = null;
    const prove = (): void => {
      const there =
        'owner' in part
          ? this.row('SELECT 1 FROM owner WHERE id = 1 AND fence = ?', part.owner)
          : this.row('SELECT 1 FROM workers WHERE id = ?', part.worker);
      if (there !== undefined) return;
      onLost();
      throw new LeaseLost('another process has taken over');
    };
    const store = createStore({
      ...accessTo(this.#db, prove, 0, PROBE_MS),
      fence: 'owner' in part ? part.owner : -part.worker,
      log: silentLog,
      announce: async (_tx, { runs, waiting }) => {
        // On the connection of the transaction, so that the jobs are stored with the step or not at all.
        this.addJobs(keptJobs(waiting.map(jobOf)));
        announced = runs;
      },
      proveOwner: () => attempt('proving the lease', prove),
      close: async () => {},
    });
    return {
      store,
      takeAnnounced: () => {
        const runs = announced;
        announced = null;
        return runs;
      },
    };
  }

  /** Takes the lease of the owner and returns its fence number; null while another process has it. */
  takeLease(holder: string, isFree: (expiresAt: number) => boolean): number | null {
    const owner = this.row<{ fence: number; at: number }>('SELECT fence, expires_at AS at FROM owner');
    if (owner !== undefined && !isFree(owner.at)) return null;
    const fence = (owner?.fence ?? 0) + 1;
    const now = this.#now();
    this.#run('DELETE FROM owner');
    this.#run(
      `INSERT INTO owner (id, holder, host, pid, process, since, heartbeat_at, expires_at, fence)
       VALUES (1, ?, ?, 1, ?, ?, ?, ?, ?)`,
      ...[holder, holder, `${holder}/${fence}`, now, now, now + LEASE_MS, fence],
    );
    return fence;
  }

  /** A sign of life of the owner. False: another process has taken over. */
  extendLease(fence: number): boolean {
    const until = this.#now() + LEASE_MS;
    return (
      this.#run(
        'UPDATE owner SET heartbeat_at = ?, expires_at = ? WHERE fence = ?',
        this.#now(),
        until,
        fence,
      ) > 0
    );
  }

  releaseLease(fence: number): void {
    this.#run('UPDATE owner SET expires_at = 0 WHERE fence = ?', fence);
  }

  enterWorker(name: string, labels: readonly string[]): number {
    const now = this.#now();
    this.#run(
      `INSERT INTO workers (host, pid, process, labels, since, heartbeat_at, expires_at) VALUES (?, 1, ?, ?, ?, ?, ?)`,
      ...[name, name, JSON.stringify(labels), now, now, now + LEASE_MS],
    );
    return this.row<{ id: number }>('SELECT max(id) AS id FROM workers')?.id ?? 0;
  }

  /** A sign of life of a worker. False: its work was given away. */
  extendWorker(id: number): boolean {
    const now = this.#now();
    return (
      this.#run('UPDATE workers SET heartbeat_at = ?, expires_at = ? WHERE id = ?', now, now + LEASE_MS, id) >
      0
    );
  }

  leaveWorker(id: number): void {
    this.#run('DELETE FROM workers WHERE id = ?', id);
  }

  removeSilentWorkers(): number {
    return this.#run('DELETE FROM workers WHERE expires_at <= ?', this.#now());
  }

  workers(): readonly WorkerProcess[] {
    const rows = this.rows<{ id: number; host: string; labels: string; since: number; beat: number }>(
      'SELECT id, host, labels, since, heartbeat_at AS beat FROM workers WHERE expires_at > ? ORDER BY id',
      this.#now(),
    );
    return rows.map(({ id, host, labels, since, beat }) => ({
      ...{ id, host, pid: 1, since, silentMs: this.#now() - beat },
      labels: JSON.parse(labels) as readonly string[],
    }));
  }

  /** Adds jobs: of each stack and label at most one waits, and gets the newer run and priority. */
  addJobs(jobs: readonly StackJob[]): void {
    for (const { label, stack, run, priority } of jobs) {
      const changed = this.#run(
        'UPDATE jobs SET run = ?, priority = ? WHERE label = ? AND stack = ? AND is_begun = 0',
        ...[run, priority, label, stack],
      );
      if (changed > 0) continue;
      this.#run(
        'INSERT INTO jobs (label, stack, run, priority, beat_at) VALUES (?, ?, ?, ?, ?)',
        ...[label, stack, run, priority, this.#now()],
      );
    }
  }

  openJobs(): readonly { readonly label: string; readonly stack: string; readonly isBegun: number }[] {
    return this.rows('SELECT label, stack, is_begun AS isBegun FROM jobs ORDER BY id');
  }

  /** Begins the next job of that label; of a stack one at a time. */
  beginJob(label: string, minPriority: number): JobRow | null {
    const key = `${label} ${minPriority}`;
    if (this.#noJobs.get(key) === this.#version('jobs')) return null;
    const job = this.row<JobRow>(
      `SELECT id, label, stack, run FROM jobs AS waiting
       WHERE is_begun = 0 AND label = ? AND priority >= ? AND NOT EXISTS
         (SELECT 1 FROM jobs WHERE label = waiting.label AND stack = waiting.stack AND is_begun = 1)
       ORDER BY priority DESC, id LIMIT 1`,
      ...[label, minPriority],
    );
    if (job === undefined) {
      this.#noJobs.set(key, this.#version('jobs'));
      return null;
    }
    this.#run('UPDATE jobs SET is_begun = 1, beat_at = ? WHERE id = ?', this.#now(), job.id);
    return job;
  }

  /** A sign of life of a job. False: it was given away. */
  extendJob(id: number): boolean {
    return this.#run('UPDATE jobs SET beat_at = ? WHERE id = ? AND is_begun = 1', this.#now(), id) > 0;
  }

  endJob(id: number): void {
    this.#run('DELETE FROM jobs WHERE id = ? AND is_begun = 1', id);
  }

  /** Ends the jobs of which nothing was heard for too long. What they leave is found in the store. */
  dropSilentJobs(): void {
    this.#run('DELETE FROM jobs WHERE is_begun = 1 AND beat_at <= ?', this.#now() - JOB_SILENCE_MS);
  }
}
