/**
 * A PostgreSQL server of this test process's own, on a socket in a temporary folder. It starts when a test needs it and
 * ends with the process, whatever ends that.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';

const USER = 'postgres';
const TEMPLATE = 'm0_template';
const START_MS = 60_000;

/** Debian keeps the programs of each version in a folder that is in no PATH. */
function findBin(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((v) => join(debian, v, 'bin')).find((dir) => existsSync(join(dir, 'initdb')));
  if (found !== undefined) return found;
  const inPath = (process.env.PATH ?? '').split(':').find((dir) => existsSync(join(dir, 'initdb')));
  return inPath ?? null;
}

const bin = findBin();

/** Why the tests with PostgreSQL can't run here; null: they can. */
export const POSTGRES_MISSING =
  bin === null ? 'PostgreSQL is not installed: apt-get install postgresql' : null;

export interface PostgresServer {
  /** Where the socket is. */
  readonly dir: string;
  readonly pid: number;
  /** The folder of its data, or of its write-ahead log where that has a disk of its own. */
  folder(which: 'data' | 'log'): string;
  /** The URL of a database of this server. */
  url(database: string): string;
  /** Runs SQL in a database as the superuser. Resolves with the rows of a single statement. */
  sql(database: string, statement: string): Promise<readonly Record<string, unknown>[]>;
  /** Makes a database: empty, or migrated to the newest schema. */
  create(database: string, as?: 'empty' | 'migrated'): Promise<string>;
  /** Stops it as a crash does, or with a shut-down, and starts it again. */
  restart(how: 'crash' | 'fast'): Promise<void>;
}

/** The server refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string, user: string): number =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8' }).trim());
  try {
    return { uid: id('-u', 'postgres'), gid: id('-g', 'postgres') };
  } catch {
    return { uid: id('-u', 'nobody'), gid: id('-g', 'nobody') };
  }
}

const SETTINGS = [
  ...['fsync=off', 'full_page_writes=off', 'shared_buffers=32MB', 'max_connections=200'],
  ...['listen_addresses=', 'log_min_messages=fatal', 'timezone=UTC', 'max_wal_size=128MB'],
];

/** Where a server keeps its data and its write-ahead log, if each has a disk of its own in memory. */
export interface OwnDisks {
  readonly dataMb: number;
  readonly logMb: number;
}

export interface PostgresOptions {
  /** Settings of the server, as in postgresql.conf; they win over those of tests. */
  readonly settings?: readonly string[];
  /** The disks exist in a mount namespace, so they end with the server. Needs the rights of root. */
  readonly disks?: OwnDisks;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Starts another server of this process. */
export async function startPostgres({ settings = [], disks }: PostgresOptions = {}): Promise<PostgresServer> {
  if (bin === null) throw new Error(POSTGRES_MISSING ?? '');
  const dir = mkdtempSync(join(tmpdir(), 'm0-pg-'));
  const as = unprivileged();
  if (as.uid !== undefined && as.gid !== undefined) chownSync(dir, as.uid, as.gid);
  chmodSync(dir, 0o755);
  const data = join(dir, 'data');
  const log = join(dir, 'log');
  const program = (name: string): string => join(bin, name);
  const all = [...SETTINGS, ...settings, `unix_socket_directories=${dir}`];
  const initdb = [
    ...[
      program('initdb'),
      '-D',
      data,
      '-U',
      USER,
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--auth=trust',
      '--no-sync',
    ],
    // A small disk holds several segments of the log.
    ...(disks === undefined ? [] : ['--wal-segsize=1', '-X', join(log, 'segments')]),
  ];
  const postgres = [program('postgres'), '-D', data, ...all.flatMap((setting) => ['-c', setting])]
    .map(quoted)
    .join(' ');
  // The shell ends the server when this process has ended, which closes the pipe. A line in the pipe starts it again.
  const script = `
    echo $$ > '${dir}/shell'
    ${initdb.map(quoted).join(' ')} >/dev/null 2>&1
    ${postgres} & pid=$!
    echo $pid > '${dir}/pid'
    while read how; do
      kill -$how $pid; wait $pid
      ${postgres} & pid=$!
      echo $pid > '${dir}/pid'
    done
    kill -QUIT $pid; wait $pid; rm -rf '${dir}'`;
  const onDisk = (at: string, mb: number): string =>
    `mkdir -p '${at}' && mount -t tmpfs -o size=${mb}m,mode=0700,uid=${as.uid},gid=${as.gid} tmpfs '${at}'`;
  const shell =
    disks === undefined
      ? spawn('/bin/sh', ['-c', script], { ...as, cwd: dir, stdio: ['pipe', 'ignore', 'ignore'] })
      : spawn(
          '/bin/sh',
          [
            '-c',
            `unshare --mount /bin/sh -c ${quoted(`
              ${onDisk(data, disks.dataMb)} && ${onDisk(log, disks.logMb)} &&
              exec setpriv --reuid ${as.uid} --regid ${as.gid} --clear-groups /bin/sh -c ${quoted(script)}`)}
            rm -rf '${dir}'`,
          ],
          { cwd: dir, stdio: ['pipe', 'ignore', 'ignore'] },
        );
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();

  const url = (database: string): string => `postgres://${USER}@/${database}?host=${dir}`;
  async function sql(database: string, statement: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      const result = await client.query<Record<string, unknown>>(statement);
      return result.rows ?? [];
    } finally {
      await client.end();
    }
  }
  async function answers(): Promise<void> {
    const givesUpAt = performance.now() + START_MS;
    for (;;) {
      try {
        await sql('postgres', 'SELECT 1');
        return;
      } catch (error) {
        if (performance.now() > givesUpAt) throw error;
        await sleep(50);
      }
    }
  }
  await answers();

  let template: Promise<void> | undefined;
  async function makeTemplate(): Promise<void> {
    await sql('postgres', `CREATE DATABASE ${TEMPLATE}`);
    await (await openStore({ url: url(TEMPLATE), log: createLogger('silent') })).close();
  }
  const numberIn = (file: string): number => Number(readFileSync(join(dir, file), 'utf8'));
  const postmaster = (): number => numberIn('pid');

  return {
    dir,
    folder: (which) => join('/proc', String(numberIn('shell')), 'root', which === 'data' ? data : log),
    get pid() {
      return postmaster();
    },
    ...{ url, sql },
    async create(database, kind = 'migrated') {
      if (kind === 'empty') {
        await sql('postgres', `CREATE DATABASE "${database}"`);
        return url(database);
      }
      template ??= makeTemplate();
      await template;
      await sql('postgres', `CREATE DATABASE "${database}" TEMPLATE ${TEMPLATE}`);
      const memory = JSON.stringify({ id: randomBytes(9).toString('base64url'), restores: [] });
      await sql(database, `UPDATE kv SET value = '${memory}' WHERE name = 'memory'`);
      return url(database);
    },
    async restart(how) {
      const before = postmaster();
      shell.stdin.write(`${how === 'crash' ? 'QUIT' : 'INT'}\n`);
      const givesUpAt = performance.now() + START_MS;
      while (existsSync(`/proc/${before}`) && performance.now() < givesUpAt) await sleep(20);
      await answers();
    },
  };
}

let server: Promise<PostgresServer> | undefined;

/** The server of this process; starts it at the first call. */
export function postgresServer(): Promise<PostgresServer> {
  server ??= startPostgres();
  return server;
}

/** The databases by the folder of the test that uses them. */
const made = new Map<string, string>();

/** Empties a database that a test has used: much faster than to make a new one. */
const EMPTY = `
  SET session_replication_role = replica;
  ALTER TABLE audit ENABLE TRIGGER USER;
  DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '__drizzle_migrations' LOOP
      EXECUTE format('DELETE FROM %I', t);
    END LOOP;
    FOR t IN SELECT sequencename FROM pg_sequences WHERE sequencename NOT LIKE '\\_\\_%' LOOP
      PERFORM setval(t::regclass, 1, false);
    END LOOP;
  END $$;
  INSERT INTO kv (name, value) VALUES ('memory', '{"id":"' || left(md5(random()::text), 12) || '","restores":[]}')`;

/** The name of the database for a folder of a test. Throws where there is none yet. */
export function databaseFor(place: string): string {
  const name = made.get(place);
  if (name === undefined) throw new Error(`no database was made for ${place}`);
  return name;
}

/** The URL of the database for a folder of a test, made at the first call, migrated. Those of removed folders are reused. */
export async function databaseIn(place: string): Promise<string> {
  const { create, sql, url } = await postgresServer();
  const known = made.get(place);
  if (known !== undefined) return url(known);
  const [folder, unused] = [...made].find(([path]) => !existsSync(path)) ?? [];
  if (folder !== undefined && unused !== undefined) {
    made.delete(folder);
    made.set(place, unused);
    await sql(unused, EMPTY);
    return url(unused);
  }
  const name = `m0_test_${made.size + 1}`;
  made.set(place, name);
  return create(name);
}
