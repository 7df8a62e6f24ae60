/** The queries of a connection to PostgreSQL, as the store's code uses them. */
import { type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import type { Dialect, Queries, Tables } from '../access.ts';
import * as schema from './schema.ts';

/**
 * The tables as the shared code sees them. The cast is right because both schemas have the same tables and columns, with
 * the same types of values: test/contract/store-schemas.test.ts compares them.
 */
const tables = schema as unknown as Tables;

const pathOf = (path: readonly string[]): SQL => sql.raw(`'{${path.join(',')}}'`);

const jsonOf = (json: SQL): SQL => sql`m0_json(${json})`;
const arrayIn = (json: SQL, field: string): SQL => sql`m0_array(${jsonOf(json)}, ${field})`;

const each = (values: readonly unknown[], type: string, alias: string): SQL =>
  sql`unnest(CAST(${sql.param(values)} AS ${sql.raw(type)})) ${sql.identifier(alias)}(value)`;

const DIALECT: Dialect = {
  texts: (values, alias) => each(values, 'text[]', alias),
  numbers: (values, alias) => each(values, 'bigint[]', alias),
  text: (json, ...path) => sql`${jsonOf(json)} #>> ${pathOf(path)}`,
  number: (json, ...path) => sql`CAST(${jsonOf(json)} #>> ${pathOf(path)} AS bigint)`,
  length: (json, field) => sql`json_array_length(${arrayIn(json, field)})`,
  elements: (json, field, alias) =>
    sql`json_array_elements(${
      field === null
        ? sql`(CASE WHEN json_typeof(${jsonOf(json)}) = 'array' THEN ${jsonOf(json)} END)`
        : arrayIn(json, field)
    }) ${sql.identifier(alias)}(value)`,
  ending: (text, length) => sql`right(${text}, ${length})`,
};

const writer = new PgDialect();

/** The queries of a connection, or of a pool, whose queries may take different connections. */
export function queriesOf(client: pg.Pool | pg.PoolClient): Queries {
  const db = drizzle(client);
  const send = (query: SQL): Promise<pg.QueryResult> => {
    const { sql: text, params } = writer.sqlToQuery(query);
    return client.query({ text, values: params });
  };
  return {
    // The builders of both databases are used in the same way; the rows have the same types.
    ...({
      select: db.select.bind(db),
      selectDistinct: db.selectDistinct.bind(db),
      insert: db.insert.bind(db),
      update: db.update.bind(db),
      delete: db.delete.bind(db),
    } as unknown as Pick<Queries, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'>),
    ...{ tables, dialect: DIALECT },
    rows: async <T>(query: SQL) => (await send(query)).rows as readonly T[],
    run: async (query) => (await send(query)).rowCount ?? 0,
  };
}
