import { readdirSync, readFileSync } from 'node:fs';
import { type PgTable, getTableConfig as postgresConfig } from 'drizzle-orm/pg-core';
import { type SQLiteTable, getTableConfig as sqliteConfig } from 'drizzle-orm/sqlite-core';
import { expect, it } from 'vitest';
import * as postgres from '../../src/store/postgres/schema.ts';
import * as sqlite from '../../src/store/schema.ts';

interface Shape {
  readonly name: string;
  readonly primaryKey: readonly string[];
  readonly columns: Readonly<Record<string, string>>;
  readonly indexes: readonly string[];
}

/** What the queries of the store rely on. */
function shapeOf(config: ReturnType<typeof sqliteConfig> | ReturnType<typeof postgresConfig>): Shape {
  // PostgreSQL has no implicit `rowid`, so the table that needs one has it as a column.
  const columns = config.columns.filter(({ name }) => name !== 'rowid');
  return {
    name: config.name,
    primaryKey: [
      ...columns.filter((column) => column.primary).map((column) => column.name),
      ...config.primaryKeys.flatMap((key) => key.columns.map((column) => column.name)),
    ],
    columns: Object.fromEntries(
      columns.map((column) => [
        column.name,
        `${column.dataType}${column.notNull ? '' : ', may be null'}, default ${JSON.stringify(column.default)}`,
      ]),
    ),
    indexes: config.indexes.map((index) => `${index.config.unique ? 'unique ' : ''}${index.config.name}`),
  };
}

it('both databases have the same tables, columns, keys and indexes', () => {
  expect(Object.keys(postgres)).toEqual(Object.keys(sqlite));
  for (const [key, table] of Object.entries(postgres)) {
    const other = (sqlite as Readonly<Record<string, SQLiteTable>>)[key];
    expect(shapeOf(postgresConfig(table as PgTable)), key).toEqual(
      shapeOf(sqliteConfig(other as SQLiteTable)),
    );
  }
});

/** Statements with which a process of the version before goes on as if nothing had happened. */
const ADDS = [
  /^CREATE TABLE "/,
  /^CREATE (UNIQUE )?INDEX "/,
  /^ALTER TABLE "\w+" ADD COLUMN "\w+" \w+$/,
  /^ALTER TABLE "\w+" ADD COLUMN "\w+" \w+ DEFAULT \S+( NOT NULL)?$/,
];

/** What a migration of PostgreSQL does besides adding: an old process beside it may not be able to go on. */
function changesIn(sql: string): readonly string[] {
  const statements = sql
    .split(/;|--> statement-breakpoint/)
    .map((each) => each.replaceAll(/^\s*--.*$/gm, '').trim())
    .filter((each) => each !== '');
  const made = statements.flatMap((each) => /^CREATE TABLE "(\w+)"/.exec(each)?.[1] ?? []);
  return statements.filter((each) => {
    // What only concerns a new table disturbs nobody; a unique index refuses what old processes may write.
    const table = /^ALTER TABLE "(\w+)"| ON "(\w+)"/.exec(each);
    if (table !== null && made.includes(table[1] ?? table[2] ?? '')) return false;
    return each.startsWith('CREATE UNIQUE') || !ADDS.some((adds) => adds.test(each));
  });
}

it('migrations of PostgreSQL only add, because processes of the version before work on during an upgrade', () => {
  const folder = new URL('../../src/store/postgres/migrations/', import.meta.url);
  // The first two make the database.
  const later = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .slice(2);
  expect(later.length).toBeGreaterThan(0);
  for (const name of later) expect(changesIn(readFileSync(new URL(name, folder), 'utf8')), name).toEqual([]);
});

it.each([
  'DROP TABLE "runs"',
  'ALTER TABLE "runs" DROP COLUMN "state"',
  'ALTER TABLE "runs" RENAME COLUMN "state" TO "status"',
  'ALTER TABLE "runs" ADD COLUMN "needed" text NOT NULL',
  'ALTER TABLE "runs" ALTER COLUMN "state" SET NOT NULL',
  'CREATE UNIQUE INDEX "one" ON "runs" ("state")',
  'UPDATE "runs" SET "state" = 1',
])('a migration that does more is found: %s', (statement) => {
  const added = 'CREATE TABLE "new" ("id" bigint);--> statement-breakpoint\n';
  expect(changesIn(`${added}${statement};`)).toEqual([statement]);
});
