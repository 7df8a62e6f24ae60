/** `m0 db migrate-from`: a SQLite memory moves to PostgreSQL with everything in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { dbCommand } from '../../src/cli/db.ts';
import { openStore } from '../../src/store/open.ts';
import { Core, STACK } from '../support/core.ts';
import { POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const log = createLogger('silent');
const SSH = sshFinding();

describe.skipIf(POSTGRES_MISSING !== null)('db migrate-from', () => {
  let dir: string;
  let core: Core;
  let url: string;
  let out: string;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-move-'));
    const { create } = await postgresServer();
    url = await create(`move_${process.pid}_${Date.now()}`, 'empty');
    // A story with something in most tables: an open alert, an approval, an apply, a snooze.
    core = await Core.open();
    await core.worker.start();
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.deliver();
    await core.say(`approve #${id}`);
    await core.untilIdle();
    core.cloud.drift.set(STACK, [SSH, tagFinding()]);
    await core.check();
    await core.deliver();
    await core.say(`snooze ${STACK} 2h because the vendor\0 is on it`);
    await core.store.isNewEvent('slack', 'e1', core.now);
  });
  afterEach(async () => {
    await core.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function db(args: readonly string[], databaseUrl = url): Promise<number> {
    out = '';
    const io = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        out += text;
      },
    };
    return dbCommand(args, io, { databaseUrl, resolvePath: (path) => path, log });
  }
  const everything = async (store: Core['store']) => ({
    runs: await store.runs({}),
    alerts: await store.alerts({}),
    audit: await store.audit({}),
    exemptions: await store.exemptions(STACK),
    record: await store.verifyAudit(),
    memory: await store.memory(),
    seen: await store.seenState(STACK),
    messages: await Promise.all((await store.alerts({})).map(({ id }) => store.messages(id))),
  });

  it('moves all of it; numbers go on, nothing is new, and the file stays as it was', async () => {
    const before = await everything(core.store);
    expect(before.runs.length).toBeGreaterThan(1);
    expect(await db(['migrate-from', core.file])).toBe(0);
    expect(out).toContain('(the same in both)');
    expect(out).toContain('start no m0 on it again');
    const moved = await openStore({ url, log });
    try {
      expect(await everything(moved)).toEqual(before);
      expect(await moved.isNewEvent('slack', 'e1', core.now)).toBe(false);
      const [newest] = before.runs;
      if (newest === undefined) throw new Error('there is no run');
      const done = await moved.commit([{ type: 'run.insert', run: newest }]);
      expect(done.ok && done.insertedRuns).toEqual([newest.id + 1]);
      const [newestLine] = before.audit;
      if (newestLine === undefined) throw new Error('there is no line');
      await moved.commit([{ type: 'audit', entry: { ...newestLine, action: 'start' } }]);
      expect(await moved.verifyAudit()).toMatchObject({ ok: true, entries: before.audit.length + 1 });
    } finally {
      await moved.close();
    }
    expect(await everything(core.store)).toEqual(before);
    await expect(db(['migrate-from', core.file])).rejects.toThrow('it is not empty');
  });

  it('refuses while an m0 owns one of the two, and a record that was changed, and leaves nothing', async () => {
    const owner = { wait: false, onLost: () => {} };
    const used = await openStore({ url, log, owner });
    expect(await db(['migrate-from', core.file])).toBe(1);
    expect(out).toContain('is in use by m0 on');
    await used.close();
    const file = new Sqlite(core.file);
    file.exec("DROP TRIGGER audit_no_update; UPDATE audit SET detail = 'x' WHERE id = 1");
    file.close();
    await expect(db(['migrate-from', core.file])).rejects.toThrow('line 1 of the audit record in');
    const moved = await openStore({ url, log });
    expect(await moved.runs({})).toEqual([]);
    await moved.close();
  });

  it('says how it is used', async () => {
    expect(await db(['migrate-from'])).toBe(2);
    expect(out).toContain('db migrate-from FILE');
    expect(await db(['migrate-from', core.file], 'file:x.db')).toBe(2);
    expect(out).toContain('set M0_DATABASE_URL to a PostgreSQL database');
    await expect(db(['migrate-from', '/nowhere.db'])).rejects.toThrow('there is no file /nowhere.db');
    expect(await db(['migrate'])).toBe(0);
  });
});
