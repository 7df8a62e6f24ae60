/** Reads and writes of a SQLite database: its transactions, its error texts and the proof of the lease. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type SQL, sql } from 'drizzle-orm';
import { StoreError } from '../ports/store-error.ts';
import { type Access, attempt, type Dialect, type Queries, type Writing } from './access.ts';
import type { Database } from './database.ts';
import * as tables from './schema.ts';
import { serial } from './serial.ts';

/** How long one try of a write blocks this process while another one writes, in ms. Chats and health checks wait. */
const TRY_MS = 25;
/** The pause between two tries, in ms. */
const PAUSE_MS = 50;

const pathOf = (path: readonly string[]): string => ['$', ...path].join('.');

const each = (values: readonly (string | number)[], alias: string): SQL =>
  sql`json_each(${JSON.stringify(values)}) ${sql.identifier(alias)}`;

const DIALECT: Dialect = {
  texts: each,
  numbers: each,
  text: (json, ...path) => sql`CASE WHEN json_valid(${json}) THEN json_extract(${json}, ${pathOf(path)}) END`,
  number: (json, ...path) =>
    sql`CASE WHEN json_valid(${json}) THEN json_extract(${json}, ${pathOf(path)}) END`,
  length: (json, field) =>
    sql`CASE WHEN json_valid(${json}) THEN json_array_length(${json}, ${pathOf([field])}) END`,
  elements: (json, field, alias) =>
    sql`json_each(CASE WHEN json_valid(${json}) THEN ${json} ELSE '{}' END, ${pathOf(field === null ? [] : [field])}) ${sql.identifier(alias)}`,
  ending: (text, length) => sql`substr(${text}, ${-length})`,
};

/** The queries of the connection, as the store's code uses them. */
export function queriesOf(db: Database): Queries {
  return {
    // The query builders of a synchronous database are promises too, which is all that the store's code uses of them.
    ...({
      select: db.select.bind(db),
      selectDistinct: db.selectDistinct.bind(db),
      insert: db.insert.bind(db),
      update: db.update.bind(db),
      delete: db.delete.bind(db),
    } as unknown as Pick<Queries, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'>),
    ...{ tables, dialect: DIALECT },
    rows: async <T>(query: Parameters<Queries['rows']>[0]) => db.all<T>(query),
    run: async (query) => db.run(query).changes,
  };
}

/** The access to a SQLite database, with a second function for writes that wait only for `probeMs`. */
export interface SqliteAccess extends Access {
  readonly probing: Writing;
  /** Resolves after the work that was asked for before. */
  idle(): Promise<void>;
}

/**
 * The reads and writes of the store. `proveLease` is called inside each transaction. A write waits up to `patienceMs` for
 * another process without blocking this one.
 */
export function accessTo(
  db: Database,
  proveLease: () => void,
  patienceMs: number,
  probeMs: number,
): SqliteAccess {
  const client = db.$client;
  const queries = queriesOf(db);
  const begin = client.prepare('BEGIN');
  const end = client.prepare('END');
  const beginWrite = client.prepare('BEGIN IMMEDIATE');
  const commit = client.prepare('COMMIT');
  const rollback = client.prepare('ROLLBACK');
  // Between two queries of a transaction other code of this process runs, and it has the same connection: it must not
  // read what is not committed, nor write into that transaction.
  const inTurn = serial();

  const usualMs = Number(client.pragma('busy_timeout', { simple: true }));

  async function once<T>(work: (tx: Queries) => Promise<T>, tryMs: number): Promise<T> {
    if (tryMs !== usualMs) client.pragma(`busy_timeout = ${tryMs}`);
    try {
      beginWrite.run();
      try {
        proveLease();
        const result = await work(queries);
        commit.run();
        return result;
      } catch (error) {
        // SQLite itself has rolled back after some errors, as on a full disk.
        if (client.inTransaction) rollback.run();
        throw error;
      }
    } finally {
      if (tryMs !== usualMs) client.pragma(`busy_timeout = ${usualMs}`);
    }
  }

  function writingFor(limitMs: number): Writing {
    const tryMs = Math.min(TRY_MS, limitMs);
    return async (doing, work) => {
      const givesUpAt = performance.now() + limitMs;
      for (let tries = 0; ; tries += 1) {
        try {
          // The first try does not block: another connection of this very process may be writing.
          return await inTurn(() => attempt(doing, () => once(work, tries === 0 ? 0 : tryMs)));
        } catch (error) {
          const isBusy = error instanceof StoreError && error.problem === 'busy';
          const pauseMs = tries === 0 ? 0 : PAUSE_MS;
          if (!isBusy || performance.now() + pauseMs >= givesUpAt) throw error;
          await sleep(pauseMs);
        }
      }
    };
  }

  return {
    reading: (doing, work) => inTurn(() => attempt(doing, () => work(queries))),
    snapshot: (doing, work) =>
      inTurn(() =>
        attempt(doing, async () => {
          // Another process may write between two queries.
          begin.run();
          try {
            return await work(queries);
          } finally {
            if (client.inTransaction) end.run();
          }
        }),
      ),
    writing: writingFor(patienceMs),
    probing: writingFor(Math.min(probeMs, patienceMs)),
    idle: () => inTurn(async () => {}),
  };
}
