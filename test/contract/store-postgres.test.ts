/** What only a store on PostgreSQL does: migrations, rights, lost connections, text with NUL, two processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { M0 } from '../../src/model/run.ts';
import { LeaseLost, OwnedError } from '../../src/ports/owner.ts';
import type { Change } from '../../src/ports/store.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import type { OwnerOptions } from '../../src/store/lease.ts';
import { openStore } from '../../src/store/open.ts';
import { WRITERS } from '../../src/store/postgres/transaction.ts';
import { aProxy, type CuttingProxy } from '../support/postgres-proxy.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';

const log = createLogger('silent');
/** As the driver sends it: every BEGIN has the word in READ COMMITTED. */
const COMMIT = 'COMMIT\0';
/** Longer than a heartbeat thread needs to start on a busy machine. */
const LEASE_MS = 15_000;

if (POSTGRES_MISSING !== null) {
  describe.skip(`PostgreSQL: all its tests are left out, because ${POSTGRES_MISSING}`, () => {
    it('is not tested', () => {});
  });
}

describe.skipIf(POSTGRES_MISSING !== null)('a store on PostgreSQL', () => {
  let place: string;
  let url: string;
  const open: AuditedStore[] = [];
  const clients: pg.Client[] = [];
  const proxies: CuttingProxy[] = [];

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-postgres-'));
    url = await databaseIn(place);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const store of open.splice(0)) await store.close();
    for (const proxy of proxies.splice(0)) await proxy.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function opened(at = url, busyTimeoutMs = 2_000): Promise<AuditedStore> {
    const store = await openStore({ url: at, log, busyTimeoutMs });
    open.push(store);
    return store;
  }
  async function owned(change: Partial<OwnerOptions> = {}): Promise<AuditedStore> {
    const owner = { wait: false, leaseMs: LEASE_MS, onLost: () => {}, ...change };
    const store = await openStore({ url, log, owner });
    open.push(store);
    return store;
  }
  async function raw(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  }
  const line = (detail: string): Change => ({
    type: 'audit',
    entry: {
      ...{ at: 1, actor: M0, action: 'start', stack: 'all stacks', runId: null, fingerprint: null },
      ...{ commit: null, place: null, bundles: null, scope: null, detail },
    },
  });

  it('keeps text with NUL and its symbol as it was, and the record of it whole', async () => {
    const store = await opened();
    const texts = ['a\0b', '\0', '\u2400', '\u24000', '\u2400\0\u2400', '\ud800 half'];
    for (const text of texts) await store.commit([line(text)]);
    await store.setValue('a\0', 'b\0c');
    expect(await store.value('a\0')).toBe('b\0c');
    expect((await store.audit({})).map(({ detail }) => detail).reverse()).toEqual([
      ...texts.slice(0, -1),
      '\ufffd half',
    ]);
    expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: texts.length });
  });

  it('is made once by processes that start together, with one id', async () => {
    const { create } = await postgresServer();
    const empty = await create(`empty_${process.pid}_${Date.now()}`, 'empty');
    const stores = await Promise.all([1, 2, 3].map(() => opened(empty)));
    const ids = await Promise.all(stores.map(async (store) => (await store.memory()).id));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).not.toBe('');
  });

  it('refuses a database of a newer m0, a wrong URL and a server that is not there, without the password', async () => {
    await (await raw()).query(
      "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)",
    );
    await expect(opened()).rejects.toThrow('newer version of m0');
    await (await raw()).query('DELETE FROM __drizzle_migrations WHERE created_at = 99999999999999');
    const away = await opened('postgres://dana:hunter2@127.0.0.1:9/m0', 10).catch((error: Error) => error);
    expect(away).toMatchObject({ name: 'StoreError', problem: 'busy' });
    expect((away as Error).message).toContain(
      'opening the database postgres://127.0.0.1:9/m0: the database server',
    );
    expect((away as Error).message).not.toContain('hunter2');
    const nobody = url.replace('postgres@', 'nobody_known@');
    await expect(opened(nobody)).rejects.toMatchObject({ problem: 'denied' });
  });

  it('lets writers on two connections wait for each other, and counts without gaps in the record', async () => {
    const [a, b] = [await opened(), await opened()];
    const all = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).commit([line(String(i))]));
    expect((await Promise.all(all)).every(({ ok }) => ok)).toBe(true);
    expect(await a.verifyAudit()).toMatchObject({ ok: true, entries: 40 });
    const { rows } = await (await raw()).query('SELECT max(id)::int AS last FROM audit');
    expect(rows).toEqual([{ last: 40 }]);
  });

  it('counts a commit whose answer was lost as done, and one that was cut off before as not', async () => {
    const proxy = await aProxy((await postgresServer()).dir);
    proxies.push(proxy);
    const store = await opened(`postgres://postgres@127.0.0.1:${proxy.port}/${databaseFor(place)}`);
    proxy.cutAfter(COMMIT);
    expect(await store.commit([line('answer lost')])).toMatchObject({ ok: true });
    proxy.cutBefore(COMMIT);
    expect(await store.commit([line('cut off and tried again')])).toMatchObject({ ok: true });
    expect(proxy.cuts).toBe(2);
    expect((await store.audit({})).map(({ detail }) => detail)).toEqual([
      'cut off and tried again',
      'answer lost',
    ]);
    expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 2 });
  });

  it.each([
    ['a timeout', '57014'],
    ['a lock', '55P03'],
    ['a right that is missing', '42501'],
  ])('stores once what was committed, where the question about it fails with %s', async (_, code) => {
    const proxy = await aProxy((await postgresServer()).dir);
    proxies.push(proxy);
    const store = await opened(`postgres://postgres@127.0.0.1:${proxy.port}/${databaseFor(place)}`);
    proxy.cutAfter(COMMIT);
    proxy.refuse("set_config('lock_timeout'", code);
    expect(await store.commit([line('answer lost')])).toMatchObject({ ok: true });
    expect(await store.audit({})).toHaveLength(1);
  });

  it('counts a commit as done that the server has stored before it ended', async () => {
    const proxy = await aProxy((await postgresServer()).dir);
    proxies.push(proxy);
    const store = await opened(`postgres://postgres@127.0.0.1:${proxy.port}/${databaseFor(place)}`);
    proxy.panicAfter(COMMIT);
    expect(await store.commit([line('the disk of the log became full')])).toMatchObject({ ok: true });
    expect(await store.audit({})).toHaveLength(1);
  });

  it('goes on after its connections were ended by the server', async () => {
    const store = await opened();
    await store.setValue('a', '1');
    await (await raw()).query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await store.setValue('a', '2');
    expect(await store.value('a')).toBe('2');
  });

  it('says busy where another one holds the lock of the writers, and reads all the same', async () => {
    const store = await opened(url, 150);
    await (await raw()).query('SELECT pg_advisory_lock($1)', [WRITERS]);
    await expect(store.setValue('a', '1')).rejects.toMatchObject({
      problem: 'busy',
      message: expect.stringContaining('find it in pg_stat_activity'),
    });
    expect(await store.value('a')).toBeUndefined();
  });

  it('refuses TRUNCATE, UPDATE and DELETE of the record by its rights as well', async () => {
    const store = await opened();
    await store.commit([line('x')]);
    const role = `app_${databaseFor(place)}`;
    const owner = await raw();
    await owner.query(`
      DROP ROLE IF EXISTS ${role};
      CREATE ROLE ${role} LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role};
      REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM ${role};
      REVOKE INSERT, UPDATE, DELETE ON __drizzle_migrations FROM ${role}`);
    const app = await opened(url.replace('postgres@', `${role}@`));
    expect(await app.commit([line('y')])).toMatchObject({ ok: true });
    expect(await app.verifyAudit()).toMatchObject({ ok: true, entries: 2 });
    const client = new pg.Client({ connectionString: url.replace('postgres@', `${role}@`) });
    await client.connect();
    clients.push(client);
    for (const statement of ['UPDATE audit SET at = 2', 'DELETE FROM audit', 'TRUNCATE audit']) {
      await expect(client.query(statement)).rejects.toThrow('permission denied');
    }
    await owner.query(
      'CREATE TEMP TABLE kept AS SELECT * FROM __drizzle_migrations; DELETE FROM __drizzle_migrations',
    );
    await expect(opened(url.replace('postgres@', `${role}@`))).rejects.toThrow(
      'run `m0 db migrate` as the user who owns',
    );
    await owner.query(`INSERT INTO __drizzle_migrations SELECT * FROM kept; DROP OWNED BY ${role}`);
  });

  describe('its owner', () => {
    it('is named to a second one; the next one takes over when it closes', async () => {
      const first = await owned();
      const refused = await owned().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(OwnedError);
      expect((refused as Error).message).toMatch(
        /^the database postgres:\/\/\S+ is in use by m0 on .* \(process \d+\) since 20.*, last sign of life .* ago: stop that m0 first, or set M0_WAIT_FOR_OWNER=1/,
      );
      expect((refused as Error).message).not.toContain('postgres@');
      const waiting = owned({ wait: true });
      open.splice(open.indexOf(first), 1);
      await first.close();
      expect((await waiting).toolProcesses?.fence).toBe(2);
    });

    it('is replaced when its lease has ended by the clock of the server; then it stores nothing', async () => {
      let lost = 0;
      const first = await owned({
        onLost: () => {
          lost += 1;
        },
      });
      await first.setValue('a', '1');
      // As if its process had been frozen: no heartbeat, and the lease is over.
      await (await raw()).query('UPDATE owner SET expires_at = 0, fence = fence + 1');
      const second = await owned();
      expect(second.toolProcesses?.fence).toBe(3);
      await expect(first.setValue('a', '2')).rejects.toThrow(LeaseLost);
      await expect(first.proveOwner()).rejects.toThrow(LeaseLost);
      expect(await second.value('a')).toBe('1');
      expect(lost).toBe(1);
    });

    it('is not followed by an m0 that has waited for it while a newer one migrated: that one says so and ends', async () => {
      const first = await owned();
      let isWaiting = false;
      const waiting = owned({
        wait: true,
        onWaiting: () => {
          isWaiting = true;
        },
      }).catch((error: unknown) => error);
      await expect.poll(() => isWaiting).toBe(true);
      await (await raw()).query(
        "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)",
      );
      // At once, also while the first one works on.
      const ended = await waiting;
      expect(ended).toMatchObject({
        name: 'StoreError',
        message: expect.stringMatching(
          /: the database was written by a newer version of m0: start that version, or restore a back-up from before the upgrade$/,
        ),
      });
      await first.setValue('a', '1');
      const { rows } = await (await raw()).query('SELECT fence FROM owner');
      expect(rows).toEqual([{ fence: '1' }]);
      await (await raw()).query('DELETE FROM __drizzle_migrations WHERE created_at = 99999999999999');
    });

    it('frees the database at once if it can not migrate it', async () => {
      const first = await owned();
      open.splice(open.indexOf(first), 1);
      await first.close();
      const client = await raw();
      // As if a migration failed: the newest one is missing in the list, and its table is there.
      const { rows } = await client.query(
        'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations) RETURNING *',
      );
      await expect(owned()).rejects.toThrow(/already exists/);
      const [{ hash, created_at: at }] = rows;
      await client.query('INSERT INTO __drizzle_migrations (hash, created_at) VALUES ($1, $2)', [hash, at]);
      const { rows: left } = await client.query('SELECT fence, expires_at FROM owner');
      expect(left).toEqual([{ fence: '2', expires_at: '0' }]);
      expect((await owned()).toolProcesses?.fence).toBe(3);
    });

    it('keeps its lease while it migrates for longer than the lease lasts', async () => {
      const first = await owned();
      open.splice(open.indexOf(first), 1);
      await first.close();
      const client = await raw();
      // As if the newest migration were missing, and slow.
      await client.query(
        'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
      );
      await client.query(`DROP TABLE begun_posts;
        CREATE FUNCTION slowly() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); END';
        CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION slowly()`);
      let lost = 0;
      const onLost = (): void => {
        lost += 1;
      };
      const migrating = owned({ leaseMs: 1_000, onLost });
      const fenceNow = async (): Promise<string | undefined> =>
        (await client.query<{ fence: string }>('SELECT fence FROM owner')).rows[0]?.fence;
      await expect.poll(fenceNow).toBe('2');
      const waiting = owned({ wait: true, leaseMs: 1_000 });
      const second = await migrating;
      await client.query('DROP EVENT TRIGGER slow; DROP FUNCTION slowly');
      await second.proveOwner();
      expect(lost).toBe(0);
      open.splice(open.indexOf(second), 1);
      await second.close();
      expect((await waiting).toolProcesses?.fence).toBe(3);
    });

    it('leaves the marks of processes that work beside it, and deletes those of processes that have ended', async () => {
      const client = await raw();
      const now = Date.now();
      const marks = [
        `${now - 60_000}:of-a-worker`,
        `${now - 2 * 3_600_000}:of-a-worker`,
        'of-an-earlier-version',
      ];
      await client.query(
        "INSERT INTO kv (name, value) SELECT 'transaction:test:' || i, value FROM unnest($1::text[]) WITH ORDINALITY t(value, i)",
        [marks],
      );
      await owned();
      const { rows } = await client.query("SELECT value FROM kv WHERE name LIKE 'transaction:test:%'");
      expect(rows).toEqual([{ value: marks[0] }]);
    });

    it('extends its lease', async () => {
      await owned();
      const client = await raw();
      const beat = async (): Promise<number> =>
        Number((await client.query<{ at: string }>('SELECT heartbeat_at AS at FROM owner')).rows[0]?.at);
      const before = await beat();
      await expect.poll(beat, { timeout: 15_000 }).toBeGreaterThan(before);
    });
  });
});
