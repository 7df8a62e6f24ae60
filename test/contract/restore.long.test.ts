/** `m0 restore`: what it refuses, what it keeps, and that a kill leaves one of the two databases. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { restoreCommand } from '../../src/cli/restore.ts';
import { backUp } from '../../src/store/back-up.ts';
import { openStore } from '../../src/store/open.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { NOON, sshFinding, tagFinding } from '../support/runs.ts';

const log = createLogger('silent');
let dir: string;
let core: Core;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-restore-'));
  core = await Core.open([stackWith()]);
  core.cloud.drift.set(STACK, [sshFinding()]);
  await core.worker.start();
  await core.check('command');
  backUp(`file:${core.file}`, at('backup.db'));
});
afterEach(async () => {
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string): string => join(dir, name);
const present = () => at('data/m0.db');
const namesInData = () => readdirSync(at('data')).toSorted();

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const parts = { databaseUrl: `file:${present()}`, resolvePath: (path: string) => at(path), log };
  const code = await restoreCommand(args, io, { ...parts, now: NOON, user: 'dana on box' });
  return { code, out, err };
}

/** A present database in which something was stored after the back-up. */
async function withPresent(value = 'later'): Promise<void> {
  const store = await openStore({ url: `file:${present()}`, log });
  await store.setValue('mark', value);
  await store.close();
}

function raw<T>(file: string, sql: string): readonly T[] {
  const client = new Sqlite(file);
  try {
    return client.prepare<[], T>(sql).all();
  } finally {
    client.close();
  }
}

const markOf = (file: string) =>
  raw<{ value: string }>(file, "SELECT value FROM kv WHERE name = 'mark'")[0]?.value;

async function storeOf<T>(ask: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> {
  const store = await openStore({ url: `file:${present()}`, log });
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}

describe('restore', () => {
  it('makes the back-up the database, keeps the former one aside, and says where', async () => {
    await withPresent();
    const former = await storeOf((store) => store.memory());
    const { code, out } = await run('backup.db');
    expect(code).toBe(0);
    const [aside = ''] = namesInData().filter((name) => name.startsWith('m0.db.before-restore-'));
    expect(namesInData().filter((name) => !/-(wal|shm)$/.test(name))).toEqual(['m0.db', aside]);
    expect(out).toContain(at(`data/${aside}`));
    expect(out).toContain('Runs #2 to #10001 count as from before the restore');
    expect(markOf(at(`data/${aside}`))).toBe('later');
    expect(statSync(at(`data/${aside}`)).mode & 0o777).toBe(0o600);

    expect(await storeOf((store) => store.run(1))).toMatchObject({ state: 'awaiting_approval' });
    expect(await storeOf((store) => store.value('mark'))).toBeUndefined();
    const memory = await storeOf((store) => store.memory());
    const backedUp = await core.store.memory();
    expect(memory.restores).toEqual([
      {
        at: NOON,
        of: backedUp.id,
        lastRun: 1,
        lastAlert: 1,
        lastDelivery: expect.any(Number),
        runsAfter: 10_001,
      },
    ]);
    expect([former.id, backedUp.id]).not.toContain(memory.id);
    const [line] = await storeOf((store) => store.audit({ limit: 1 }));
    expect(line).toMatchObject({ action: 'restore', actor: { platform: 'm0' }, at: NOON });
    expect(line?.detail).toMatch(
      /^runs #2 to #10001 are from before the restore; from the back-up .*backup\.db, by dana on box; the former database is .*before-restore/,
    );
    expect(await storeOf((store) => store.verifyAudit())).toMatchObject({ ok: true });
    expect(raw(present(), "SELECT 1 FROM outbox WHERE done_at IS NULL AND kind = 'thread'")).toEqual([]);
  });

  it('gives out no number again, also if the former database had more runs than it jumps', async () => {
    await withPresent();
    const client = new Sqlite(present());
    client.exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', 25000), ('alerts', 30)");
    client.close();
    await run('backup.db');
    const { restores } = await storeOf((store) => store.memory());
    expect(restores[0]).toMatchObject({ lastRun: 1, runsAfter: 30_001 });
    // A second restore of the same back-up does not use the numbers of the first.
    await run('backup.db');
    expect((await storeOf((store) => store.memory())).restores).toMatchObject([{ runsAfter: 40_001 }]);
  });

  it('works without a database, and with one that is damaged', async () => {
    expect((await run('backup.db')).out).toContain('There was no database before.');
    expect(await storeOf((store) => store.run(1))).toMatchObject({ state: 'awaiting_approval' });
    rmSync(at('data'), { recursive: true });
    await withPresent();
    writeFileSync(present(), 'x'.repeat(5000));
    writeFileSync(`${present()}-wal`, 'of the damaged one');
    const { code, out } = await run('backup.db');
    expect(code).toBe(0);
    const [aside = ''] = /m0\.db\.before-restore-\S+Z/.exec(out) ?? [];
    expect(readFileSync(at(`data/${aside}`), 'utf8')).toBe('x'.repeat(5000));
    expect(readFileSync(at(`data/${aside}-wal`), 'utf8')).toBe('of the damaged one');
    expect(await storeOf((store) => store.run(1))).toMatchObject({ state: 'awaiting_approval' });
  });

  it('refuses while another m0 uses the database, and changes nothing', async () => {
    await withPresent();
    const owner = { wait: false, onLost: () => {} };
    const store = await openStore({ url: `file:${present()}`, log, owner });
    const { code, err } = await run('backup.db');
    expect(code).toBe(1);
    expect(err).toMatch(/^m0: m0 on \S+ \(process \d+\) has used this database since .*: stop it first/);
    expect(await store.value('mark')).toBe('later');
    await store.close();
    expect(namesInData()).toEqual(['m0.db']);
  });

  it('refuses a file that is no sound back-up, and changes nothing', async () => {
    await withPresent();
    writeFileSync(at('noise.db'), 'x'.repeat(5000));
    writeFileSync(at('empty.db'), '');
    backUp(`file:${core.file}`, at('t.db'));
    const client = new Sqlite(at('t.db'));
    client.exec("DROP TRIGGER audit_no_update; UPDATE audit SET action = 'x' WHERE id = 2");
    client.close();
    backUp(`file:${core.file}`, at('newer.db'));
    const newer = new Sqlite(at('newer.db'));
    newer.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)");
    newer.close();
    expect(await run('none.db')).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') });
    expect(await run('data')).toMatchObject({ code: 2, err: expect.stringContaining('it is no file') });
    expect(await run('noise.db')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no back-up of m0'),
    });
    expect(await run()).toMatchObject({ code: 2, err: expect.stringContaining('say `restore FILE`') });
    expect(await run('--force')).toMatchObject({ code: 2 });
    await expect(run('empty.db')).rejects.toThrow('it is not a database of m0');
    await expect(run('t.db')).rejects.toThrow('line 2 of its audit record is not what was written');
    await expect(run('newer.db')).rejects.toThrow('written by a newer version of m0');
    await expect(run('data/m0.db')).rejects.toThrow('it is the present database');
    expect(namesInData()).toEqual(['m0.db']);
    expect(markOf(present())).toBe('later');
  });

  it('keeps what holds applies back and was stored after the back-up: pauses, heals, tools that run', async () => {
    await withPresent();
    await storeOf(async (store) => {
      const by = { person: 'kim', platform: 'slack', userId: 'U0KIM', name: 'Kim' } as const;
      const [target, other] = ['prod', 'dev'];
      await store.commit([
        { type: 'pause.add', pause: { target, by, at: NOON, reason: 'fire' } },
        { type: 'pause.add', pause: { target: other, by, at: NOON, reason: 'over' } },
      ]);
      const ended = (await store.pauses()).find((pause) => pause.target === other)?.id ?? 0;
      const scope = [{ address: tagFinding().address, fingerprint: 'f' }];
      const heals = {
        ...{ stack: STACK, environment: 'prod', run: 9, version: 4, at: NOON, byPolicy: true, scope },
      };
      await store.commit([
        { type: 'pause.end', id: ended, by, at: NOON },
        { type: 'heals.add', heals, limit: 20 },
      ]);
    });
    const client = new Sqlite(present());
    client.exec(
      `INSERT INTO tool_processes (fence, stack, phase, host, pid, process, begun_at, ends_by) VALUES (7, '${STACK}', 'apply', 'elsewhere', 1, 'x', 1, 9999999999999)`,
    );
    client.close();
    await run('backup.db');
    expect((await storeOf((store) => store.pauses())).map(({ target, reason }) => [target, reason])).toEqual([
      ['prod', 'fire'],
    ]);
    expect(raw(present(), 'SELECT run FROM heals')).toEqual([{ run: 9 }]);
    const owned = await openStore({
      ...{ url: `file:${present()}`, log },
      owner: { wait: false, onLost: () => {} },
    });
    expect((await owned.toolProcesses?.left())?.map(({ host }) => host)).toEqual(['elsewhere']);
    await owned.close();
  });

  it('takes a database and a back-up of a version without owners and ids', async () => {
    const { gunzipSync } = await import('node:zlib');
    const old = gunzipSync(readFileSync(new URL('./databases/0001.db.gz', import.meta.url)));
    await withPresent();
    rmSync(at('data'), { recursive: true });
    await withPresent();
    writeFileSync(present(), old);
    writeFileSync(at('old.db'), old);
    expect((await run('old.db')).code).toBe(0);
    const memory = await storeOf((store) => store.memory());
    expect(memory.restores).toMatchObject([{ of: '' }]);
    expect(await storeOf((store) => store.verifyAudit())).toMatchObject({ ok: true });
  });
});

describe('a restore that is killed', () => {
  it('leaves the former or the new database, and a second one goes on', async () => {
    await withPresent();
    const main = resolve('src/main.ts');
    const env = { ...process.env, M0_DATABASE_URL: `file:${present()}`, M0_CWD: dir };
    const begun = performance.now();
    const whole = await new Promise((done) => {
      execFile(process.execPath, [main, 'restore', 'backup.db'], { env }, (error) => done(error));
    });
    expect(whole).toBeNull();
    const wholeMs = performance.now() - begun;
    let former = (await storeOf((store) => store.memory())).id;
    const seen = new Set<boolean>();
    // Most of the time goes to the start of the process, so the kills are in its last third.
    for (let n = 0; n < 12; n += 1) {
      const child = execFile(process.execPath, [main, 'restore', 'backup.db'], { env }, () => {});
      await sleep(wholeMs * (0.6 + (0.45 * n) / 12));
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
      expect(existsSync(present())).toBe(true);
      const { id } = await storeOf((store) => store.memory());
      expect(raw<{ integrity_check: string }>(present(), 'PRAGMA integrity_check')[0]?.integrity_check).toBe(
        'ok',
      );
      expect(await storeOf((store) => store.run(1))).toMatchObject({ state: 'awaiting_approval' });
      expect(await storeOf((store) => store.verifyAudit())).toMatchObject({ ok: true });
      seen.add(id !== former);
      former = id;
    }
    expect(seen.has(false)).toBe(true);
    expect((await run('backup.db')).code).toBe(0);
    expect((await storeOf((store) => store.memory())).id).not.toBe(former);
    expect(namesInData().filter((name) => name.includes('restoring'))).toEqual([]);
  });
});
