/** Connections to a PostgreSQL server. */
import pg from 'pg';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { StoreError } from '../../ports/store-error.ts';

/** How many connections a process uses at most. */
const MAX_CONNECTIONS = 8;
const CONNECT_MS = 5_000;
/** How long a statement may take, in ms; the client gives up a little later if the server says nothing at all. */
export const STATEMENT_MS = 30_000;
const SILENCE_MS = STATEMENT_MS + 5_000;

/*
 * PostgreSQL has no NUL in a text. It is stored as two characters, SYMBOL FOR NULL and 0, and a SYMBOL FOR NULL of the
 * text itself is doubled: so each text is read as it was written, and no commit fails because of one.
 */
const SYMBOL = '\u2400';
const encodeText = (text: string): string =>
  text.includes('\0') || text.includes(SYMBOL)
    ? text.replaceAll(SYMBOL, SYMBOL + SYMBOL).replaceAll('\0', `${SYMBOL}0`)
    : text;
const decodeText = (text: string): string =>
  text.includes(SYMBOL) ? text.replace(/\u2400([\u24000])/g, (_, c) => (c === '0' ? '\0' : SYMBOL)) : text;

function encode(value: unknown): unknown {
  if (typeof value === 'string') return encodeText(value);
  return Array.isArray(value) ? value.map(encode) : value;
}

const { builtins } = pg.types;
/** How values are read: 64-bit numbers as numbers (m0 stores none above 2^53), JSON as its text. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (oid === builtins.INT8) return Number;
    if (oid === builtins.TEXT || oid === builtins.VARCHAR || oid === builtins.JSON) return decodeText;
    return pg.types.getTypeParser(oid, format);
  }) as pg.CustomTypesConfig['getTypeParser'],
};

type AnyQuery = (config: unknown, values?: unknown, callback?: unknown) => unknown;

/** A client that stores every text and reads values as SQLite's driver does. */
class StoreClient extends pg.Client {
  // Each caller passes one of the many forms that pg accepts.
  override query = ((first: string | pg.QueryConfig | pg.Submittable, second?: unknown, third?: unknown) => {
    const query = pg.Client.prototype.query.bind(this) as AnyQuery;
    if (typeof first === 'object' && 'submit' in first) return query(first, second, third);
    const config = typeof first === 'string' ? { text: first } : first;
    const callback = typeof second === 'function' ? second : third;
    const given = Array.isArray(second) ? second : config.values;
    const values = given === undefined ? {} : { values: given.map(encode) };
    return query({ ...config, ...values, types: TYPES }, undefined, callback);
  }) as pg.Client['query'];
}

/** The address of the database without user, password and options: for logs and errors. */
export function shownDatabase(url: string): string {
  try {
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `postgres://${host}:${port}/${database ?? ''}`;
  } catch {
    return 'postgres://';
  }
}

function optionsOf(url: string): pg.ClientConfig {
  try {
    // Parsed here already, so that an error never shows the URL with its password.
    new pg.Client({ connectionString: url });
  } catch {
    throw new StoreError(
      'opening the database: M0_DATABASE_URL is no URL of PostgreSQL: write postgres://USER:PASSWORD@HOST/DATABASE',
    );
  }
  return {
    connectionString: url,
    application_name: 'm0',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: SILENCE_MS,
  };
}

/** A pool of connections. It connects when a query needs it. Throws a StoreError if the URL is none. */
export function openPool(url: string, log: Logger): pg.Pool {
  const pool = new pg.Pool({ ...optionsOf(url), Client: StoreClient, max: MAX_CONNECTIONS });
  pool.on('error', (error) =>
    log.warn({ problem: errorText(error) }, 'a connection to the database was lost'),
  );
  return pool;
}

/** One connection, not made yet. Throws a StoreError if the URL is none. */
export function newClient(url: string): pg.Client {
  return new StoreClient(optionsOf(url));
}
