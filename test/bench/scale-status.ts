/**
 * `/m0 status prod` with 10,000 stacks and a year of history, on SQLite and on PostgreSQL, from a process of its own
 * (scale-status-m0.ts); and whether the memory of a replica stays flat.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { createLogger } from '../../src/base/log.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { openStore } from '../../src/store/open.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { percentile } from './people.ts';
import { A_YEAR, fill, type History, type Sql } from './scale-history.ts';
import type { Limit } from './table.ts';

const TARGETS = ['prod', '*'] as const;
const COMMANDS = 50;
const MEMORY_COMMANDS = 2_000;
const MIB = 2 ** 20;

export interface Order {
  readonly url: string;
  readonly stacks: number;
  readonly target: string;
  readonly commands: number;
  readonly sampleEvery: number;
}

/** Times in ms, memory in bytes after a collection. */
export interface Answer {
  readonly ms: readonly number[];
  readonly heap: readonly number[];
  readonly rss: number;
}

async function ask(order: Order): Promise<Answer> {
  const script = join(import.meta.dirname, 'scale-status-m0.ts');
  const { stdout } = await execa(process.execPath, ['--expose-gc', script, JSON.stringify(order)], {
    stderr: 'inherit',
  });
  return JSON.parse(stdout) as Answer;
}

/** A database with the history. Resolves with its URL and size in bytes. */
export async function filled(
  scratch: string,
  server: PostgresServer | null,
  history: History,
): Promise<{ url: string; bytes: number }> {
  const log = createLogger('silent');
  if (server === null) {
    const file = join(scratch, 'history.db');
    const store = await openStore({ url: `file:${file}`, log });
    const db = new Database(file);
    const sql: Sql = async (statement) => {
      const prepared = db.prepare(statement);
      if (prepared.reader) return prepared.all() as Record<string, unknown>[];
      prepared.run();
      return [];
    };
    await fill(store, sql, 'sqlite', history);
    db.exec('ANALYZE');
    db.close();
    await store.close();
    return { url: `file:${file}`, bytes: statSync(file).size };
  }
  const database = 'm0_history';
  const url = await server.create(database);
  // With the queues of the workers, which only this process may make.
  const store = await openStore({ url, log, jobOf });
  await fill(store, (statement) => server.sql(database, statement), 'postgres', history);
  await store.close();
  await server.sql(database, 'ANALYZE');
  const [row] = await server.sql(database, 'SELECT pg_database_size(current_database())::float AS bytes');
  return { url, bytes: Number(row?.bytes) };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Returns the limits of `status` with many stacks, with measured values. */
export async function statusLimits(
  scratch: string,
  server: PostgresServer | null,
  history: History = A_YEAR,
): Promise<Limit[]> {
  const limits: Limit[] = [];
  const { stacks } = history;
  for (const on of server === null ? [null] : [null, server]) {
    const backend = on === null ? 'SQLite' : 'PostgreSQL';
    const begun = performance.now();
    const { url, bytes } = await filled(scratch, on, history);
    process.stderr.write(
      `  ${backend}: ${stacks} stacks, ${history.runs} runs and ${history.days} days of each: ${(bytes / MIB).toFixed(0)} MiB, filled in ${((performance.now() - begun) / 1000).toFixed(0)} s\n`,
    );
    for (const target of TARGETS) {
      const { ms } = await ask({ url, stacks, target, commands: COMMANDS, sampleEvery: COMMANDS });
      const p99 = percentile(ms, 0.99);
      process.stderr.write(
        `  ${backend}, status ${target}: p50 ${percentile(ms, 0.5).toFixed(0)}, p99 ${p99.toFixed(0)} ms\n`,
      );
      if (target !== 'prod') continue;
      limits.push({
        what: `${stacks} stacks, a year: /m0 status prod (a tenth of them), p99, ${backend}`,
        measured: [p99],
        most: 300,
        unit: ' ms',
      });
    }
    if (on === null) continue;
    const { heap, rss } = await ask({
      ...{ url, stacks, target: 'prod' },
      ...{ commands: MEMORY_COMMANDS, sampleEvery: MEMORY_COMMANDS / 10 },
    });
    process.stderr.write(
      `  a replica: heap ${heap.map((bytes) => (bytes / MIB).toFixed(1)).join(', ')} MiB, process ${(rss / MIB).toFixed(0)} MiB\n`,
    );
    limits.push({
      what: `a replica, ${MEMORY_COMMANDS} times /m0 status prod: heap at the end / at the beginning`,
      measured: [mean(heap.slice(-3)) / mean(heap.slice(1, 4))],
      most: 1.1,
      unit: '×',
    });
  }
  return limits;
}
