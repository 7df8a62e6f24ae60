/**
 * What the queries of the store are written against: one code for SQLite and PostgreSQL. The query builders of drizzle
 * are promises in both; what differs is in `Dialect`.
 */
import { DrizzleQueryError, type SQL } from 'drizzle-orm';
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import { LeaseLost } from '../ports/owner.ts';
import type * as schema from './schema.ts';
import { toStoreError } from './store-error.ts';

/** The tables. PostgreSQL has its own objects with the same columns, which show the same types (see postgres/). */
export type Tables = typeof schema;

/**
 * The query builders, to be awaited. Only `await` runs a query in both databases: `.get()`, `.all()` and `.run()` exist in
 * one of them only. Rows that a write changed are counted with `.returning()`.
 */
type Builders = Pick<
  BaseSQLiteDatabase<'async', unknown>,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'
>;

/** SQL that the two databases write differently. */
export interface Dialect {
  /** An item of FROM: a row with the column `value` for each of the values. */
  texts(values: readonly string[], alias: string): SQL;
  numbers(values: readonly number[], alias: string): SQL;
  /** A field of a column with JSON, as text. Null if the column is no JSON or has no such field. */
  text(json: SQL, ...path: readonly string[]): SQL;
  /** As `text`, for a field that is a number. */
  number(json: SQL, ...path: readonly string[]): SQL;
  /** How many elements the array in that field has. Null if the column is no JSON or the field is no array. */
  length(json: SQL, field: string): SQL;
  /**
   * An item of FROM: a row with the column `value` for each element of the array in that field (null: of the column
   * itself); none if the column is no JSON or that is no array. Fields of an element are read with `value ->> 'field'`,
   * and cast: `->>` returns text in PostgreSQL, and in SQLite a value of the field's own type.
   */
  elements(json: SQL, field: string | null, alias: string): SQL;
  /** The last characters of a text. */
  ending(text: SQL, length: number): SQL;
}

/** A connection to the database, inside a transaction or outside. */
export interface Queries extends Builders {
  readonly tables: Tables;
  readonly dialect: Dialect;
  /** The rows of a query. Names with capital letters must be in double quotes; numbers up to 2^53 are numbers. */
  rows<T>(query: SQL): Promise<readonly T[]>;
  /** Runs a statement. Resolves with the number of changed rows. */
  run(query: SQL): Promise<number>;
}

/** Runs the queries of `work`. If it fails, rejects with a StoreError that begins with `doing`, or with LeaseLost. */
export type Reading = <T>(doing: string, work: (db: Queries) => Promise<T>) => Promise<T>;

/**
 * Runs `work` in one transaction, in which nobody else writes. If `work` throws, the transaction is rolled back, and the
 * call rejects with a StoreError that begins with `doing`. While another process writes, it is tried again, so `work` may
 * run more than once. `work` may await nothing but queries of `tx`: all other queries wait for its end.
 */
export type Writing = <T>(doing: string, work: (tx: Queries) => Promise<T>) => Promise<T>;

/** The reads and writes of one open database. */
export interface Access {
  /** For one query, or for some between which others may write. */
  readonly reading: Reading;
  /** As `reading`, but all queries see one state of the database. */
  readonly snapshot: Reading;
  readonly writing: Writing;
}

/** The error of the driver, without the query and its parameters, which may hold what must not be in a log. */
export function driverError(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** Awaits `work`. If it fails, rejects with a StoreError that begins with `doing`, or with the LeaseLost as it is. */
export async function attempt<T>(doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof LeaseLost ? error : toStoreError(doing, driverError(error));
  }
}
