/** Copies a SQLite memory into an empty PostgreSQL database: `m0 db migrate-from FILE`. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { Logger } from '../../base/log.ts';
import { LEASE_MS } from '../../model/owner.ts';
import { StoreError } from '../../ports/store-error.ts';
import { attempt, type Queries, type Reading } from '../access.ts';
import { type ChainVerdict, verifyChain, verifyChainOf } from '../audit-chain.ts';
import { createPrivateFile } from '../back-up.ts';
import { migrateDatabase, openFile } from '../database.ts';
import { startHeartbeat } from '../heartbeat.ts';
import { hasOwnerTable, releaseLease, takeLease } from '../lease.ts';
import { readMemory } from '../memory.ts';
import { recordLines, storedLines } from '../record.ts';
import { toStoreError } from '../store-error.ts';
import { shownDatabase } from './client.ts';
import { openDatabase } from './open.ts';
import * as schema from './schema.ts';
import { inTransaction, MARKS } from './transaction.ts';

export interface MovedIn {
  /** The address of the PostgreSQL database, without user and password. */
  readonly database: string;
  /** The path of the SQLite database. */
  readonly from: string;
  readonly rows: number;
  readonly runs: number;
  /** The lines of the audit record. */
  readonly lines: number;
  readonly lastHash: string;
}

/** In an order in which each row refers to rows that are there. */
const TABLES: readonly PgTable[] = [
  ...[schema.runs, schema.alerts, schema.messages, schema.begunPosts, schema.exemptions, schema.outbox],
  ...[schema.audit],
  ...[schema.subscriptions, schema.pauses, schema.heals, schema.causes, schema.codifications, schema.kv],
  ...[schema.ticks, schema.digests, schema.skippedChecks, schema.seenStates, schema.pushedHeads],
  ...[schema.refusals, schema.refusedAlerts, schema.lostChannels, schema.seenEvents, schema.inbox],
  ...[schema.foldedChecks, schema.teamsConversations, schema.teamsPeople, schema.teamsTeams],
  ...[schema.teamsChannels, schema.teamsNotes, schema.toolProcesses],
];

/** How many rows one statement inserts. */
const BATCH = 100;
/** One statement of the copy may take long, in ms; so may other writers. */
const PATIENCE = { lockMs: 60_000, statementMs: 3_600_000 };

type Row = Record<string, unknown>;

/** Rejects with a StoreError if the database holds anything but what a new one has. */
async function refuseUsed(tx: Queries): Promise<void> {
  for (const table of TABLES) {
    const { name } = getTableConfig(table);
    const isNew =
      table === schema.kv
        ? sql`WHERE name NOT IN ('memory', 'probed-at') AND name NOT LIKE ${`${MARKS}%`}`
        : sql``;
    const rows = await tx.rows(sql`SELECT 1 FROM ${sql.identifier(name)} ${isNew} LIMIT 1`);
    if (rows.length > 0) {
      throw new StoreError(`it is not empty: its table ${name} has rows; name a new database`);
    }
  }
}

function* batchesOf(client: Sqlite.Database, name: string): Generator<readonly Row[]> {
  let batch: Row[] = [];
  for (const row of client.prepare<[], Row>(`SELECT * FROM "${name}" ORDER BY rowid`).iterate()) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Copies one table, and lets its numbers go on where they were. Resolves with the number of rows. */
async function copyTable(client: Sqlite.Database, tx: Queries, table: PgTable): Promise<number> {
  const { name, columns } = getTableConfig(table);
  // Of an owner before any other, so that whoever comes next waits for them.
  const valueIn = (row: Row, column: string, isBoolean: boolean): unknown => {
    if (table === schema.toolProcesses && column === 'fence') return 0;
    return isBoolean ? row[column] === 1 : row[column];
  };
  let count = 0;
  for (const rows of batchesOf(client, name)) {
    const there = columns.filter((column) => column.name in (rows[0] ?? {}));
    const names = sql.join(
      there.map((column) => sql.identifier(column.name)),
      sql`, `,
    );
    const values = rows.map(
      (row) =>
        sql`(${sql.join(
          there.map((column) => sql`${sql.param(valueIn(row, column.name, column.dataType === 'boolean'))}`),
          sql`, `,
        )})`,
    );
    await tx.run(sql`INSERT INTO ${sql.identifier(name)} (${names}) VALUES ${sql.join(values, sql`, `)}`);
    count += rows.length;
  }
  const isNumbered = columns.some((column) => column.name === 'id' && column.columnType === 'PgBigSerial53');
  if (!isNumbered) return count;
  const seq =
    client.prepare<[string], { seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?').get(name)
      ?.seq ?? 0;
  if (seq > 0) await tx.run(sql`SELECT setval(pg_get_serial_sequence(${name}, 'id'), ${seq})`);
  return count;
}

/** Throws a StoreError if the record is not what was written. */
function sound(where: string, verdict: ChainVerdict): Extract<ChainVerdict, { ok: true }> {
  if (verdict.ok) return verdict;
  throw new StoreError(
    `line ${verdict.entry} of the audit record in ${where} is not what was written (${verdict.problem}): see \`audit verify\``,
  );
}

async function copyAll(
  client: Sqlite.Database,
  tx: Queries,
  from: string,
): Promise<Omit<MovedIn, 'database'>> {
  await refuseUsed(tx);
  const before = sound(from, verifyChain(recordLines(client)));
  // The id of the memory moves in with the other values.
  await tx.run(sql`DELETE FROM kv`);
  let rows = 0;
  for (const table of TABLES) rows += await copyTable(client, tx, table);
  const inThisTransaction: Reading = (doing, work) => attempt(doing, () => work(tx));
  const after = sound(
    'the copy',
    await verifyChainOf(storedLines('verifying the copied record', inThisTransaction)),
  );
  if (after.entries !== before.entries || after.lastHash !== before.lastHash) {
    throw new StoreError('the copied audit record is not the one in the file');
  }
  const [counted] = await tx.rows<{ runs: number }>(sql`SELECT count(*) AS runs FROM runs`);
  if (readMemory(client).id === '') await tx.run(sql`DELETE FROM kv WHERE name = 'memory'`);
  return { from, rows, runs: counted?.runs ?? 0, lines: after.entries, lastHash: after.lastHash };
}

/** A copy of the database at the newest schema, so that the file itself stays as it is. */
function newestCopy(client: Sqlite.Database, copy: string): Sqlite.Database {
  createPrivateFile(copy);
  client.prepare('VACUUM INTO ?').run(copy);
  return migrateDatabase(openFile(copy, 0)).$client;
}

/**
 * Copies everything of the SQLite database `file` into the empty PostgreSQL database at `url`, in one transaction, with
 * all numbers and the id of the memory. Checks the audit record before and after. `file` stays as it is. Rejects with an
 * OwnedError while an m0 owns one of the two, and with a StoreError if the target is not empty or something fails; then
 * the target is as it was.
 */
export async function moveIn(file: string, url: string, log: Logger): Promise<MovedIn> {
  const doing = `moving ${file} to ${shownDatabase(url)}`;
  if (!existsSync(file)) throw new StoreError(`${doing}: there is no file ${file}`);
  const owner = { wait: false, onLost: () => {} };
  const path = resolve(file);
  const folder = mkdtempSync(join(dirname(path), '.m0-move-'));
  let source: Sqlite.Database | null = null;
  let copy: Sqlite.Database | null = null;
  let endLease = async (): Promise<void> => {};
  try {
    const client = new Sqlite(path, { fileMustExist: true, timeout: 5_000 });
    source = client;
    if (hasOwnerTable(client)) {
      const fence = await takeLease(client, path, owner);
      const heartbeat = startHeartbeat({ file: path, fence, leaseMs: LEASE_MS, log, onLost: () => {} });
      endLease = async () => {
        await heartbeat.stop();
        releaseLease(client, fence);
      };
    }
    const rows = newestCopy(client, join(folder, 'm0.db'));
    copy = rows;
    const target = await openDatabase(url, log, PATIENCE.lockMs, { owner });
    try {
      const moved = await inTransaction(target.pool, PATIENCE, async (tx) => {
        await target.prove(tx);
        return copyAll(rows, tx, path);
      });
      return { database: shownDatabase(url), ...moved };
    } finally {
      await target.close();
    }
  } catch (error) {
    throw error instanceof Error && error.name === 'OwnedError' ? error : toStoreError(doing, error);
  } finally {
    await endLease();
    source?.close();
    copy?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
