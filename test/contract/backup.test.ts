import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupCommand } from '../../src/cli/backup.ts';
import { M0 } from '../../src/model/run.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const never = (): Promise<void> => new Promise(() => {});
const STACKS = ['applying', 'waiting', 'approved', 'kept', 'planning'].map((name) => stackWith({ name }));

let dir: string;
let core: Core;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-backup-'));
  core = await Core.open();
});
afterEach(async () => {
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

async function backUp(of: string, name = 'copy.db'): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const parts = { databaseUrl: `file:${of}`, resolvePath: (path: string) => join(dir, path) };
  const code = await backupCommand(name === '' ? [] : [name], io, parts);
  return { code, out, err };
}

describe('backup', () => {
  it('contains all stored data while m0 goes on writing, in a file that only its owner can read', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.worker.start();
    const { id } = await core.check('command');
    const other = new Sqlite(core.file);
    other.exec(`BEGIN IMMEDIATE; INSERT INTO kv (name, value) VALUES ('half', 'done')`);
    const { code, out } = await backUp(core.file);
    other.exec('COMMIT');
    other.close();
    expect(code).toBe(0);
    expect(out).toMatch(/checked: runs: 1, lines of the record: 3\nnewest hash: [0-9a-f]{64}\n/);
    expect(statSync(join(dir, 'copy.db')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['copy.db']);

    const restored = await Core.open([stackWith()], {}, join(dir, 'copy.db'));
    expect((await restored.run(id)).state).toBe('awaiting_approval');
    expect(await restored.store.value('half')).toBeUndefined();
    expect(await core.store.value('half')).toBe('done');
    await restored.close();
  });

  it('never overwrites a file, and deletes a copy that is not valid', async () => {
    writeFileSync(join(dir, 'copy.db'), 'precious');
    await expect(backUp(core.file)).rejects.toThrow('that file is there already');
    expect(statSync(join(dir, 'copy.db')).size).toBe(8);
    writeFileSync(join(dir, 'two.db.part'), '');
    await expect(backUp(core.file, 'two.db')).rejects.toThrow(/another back-up is under way, or was cut off/);
    await expect(backUp(core.file, 'no/where.db')).rejects.toThrow(/backing up to .*no\/where\.db: .*ENOENT/);
    await expect(backUp(join(dir, 'none.db'), 'three.db')).rejects.toThrow('there is no such file');
    writeFileSync(join(dir, 'noise.db'), 'x'.repeat(5000));
    await expect(backUp(join(dir, 'noise.db'), 'four.db')).rejects.toMatchObject({ problem: 'corrupt' });
    expect(readdirSync(dir).sort()).toEqual(['copy.db', 'noise.db', 'two.db.part']);
    expect(await backUp(core.file, '')).toMatchObject({ code: 2 });
    expect(await backUp(core.file, '--force')).toMatchObject({ code: 2 });
  });

  it('keeps the copy if the audit record was tampered with, and says so', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.worker.start();
    await core.check('command');
    const client = new Sqlite(core.file);
    client.exec(`DROP TRIGGER audit_no_update; UPDATE audit SET action = 'x' WHERE id = 2`);
    client.close();
    const { code, err } = await backUp(core.file);
    expect(code).toBe(1);
    expect(err).toContain('line 2 of its record is not what was written');
    expect(readdirSync(dir)).toEqual(['copy.db']);
  });
});

describe('a backup made during work, when restored', () => {
  let restored: Core;
  afterEach(async () => {
    await restored.close();
  });

  /** A new machine with the backup and the current cloud. */
  async function restore(): Promise<Core> {
    const next = await Core.open(STACKS, {}, join(dir, 'copy.db'));
    next.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    for (const [stack, drift] of core.cloud.drift) next.cloud.drift.set(stack, drift);
    return next;
  }

  const latest = async (of: Core, stack: string) => (await of.store.runs({ stack }))[0];

  beforeEach(async () => {
    await core.close();
    core = await Core.open(STACKS);
    await core.worker.start();
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    core.cloud.drift.set('waiting', [SSH]);
    core.cloud.drift.set('kept', [SSH]);
    core.cloud.drift.set('approved', [SSH]);
    core.cloud.drift.set('planning', [SSH]);
    core.cloud.drift.set('applying', [TAG]);
    await core.check('schedule', 'waiting');
    const kept = await core.check('schedule', 'kept');
    await core.say(`accept #${kept.id} nobody owns it`);
    const approved = await core.check('schedule', 'approved');
    core.cloud.next('plan', never);
    await core.say(`approve #${approved.id}`);
    await core.untilState('approved', 'approved');
  });

  async function begin(stack: string, state: 'planning' | 'applying'): Promise<void> {
    core.cloud.next(state === 'planning' ? 'plan' : 'apply', never);
    await core.worker.check(
      core.directory.stacks.find((s) => s.name === stack) ?? core.stack,
      'schedule',
      M0,
    );
    await core.untilState(state, stack);
  }

  it('loses nothing; people are asked about an apply that was running, and it is not repeated', async () => {
    await begin('planning', 'planning');
    await begin('applying', 'applying');
    expect((await backUp(core.file)).code).toBe(0);
    restored = await restore();
    await restored.worker.start();
    await restored.untilIdle();

    expect((await latest(restored, 'waiting'))?.state).toBe('awaiting_approval');
    expect((await latest(restored, 'planning'))?.state).toBe('awaiting_approval');
    expect((await latest(restored, 'approved'))?.state).toBe('realigned');
    expect(await restored.store.exemptions('kept')).toMatchObject([
      { kind: 'accept', reason: 'nobody owns it' },
    ]);
    const [again, unknown] = await restored.store.runs({ stack: 'applying' });
    expect(unknown?.state).toBe('apply_unknown');
    expect(again).toMatchObject({ state: 'awaiting_approval', interrupted: { run: unknown?.id } });
    // Only the run that was approved and not started.
    expect(restored.cloud.applies.map((a) => a.stack)).toEqual(['approved']);

    await restored.deliver();
    // The fourth alert makes a fleet message for all of them.
    await restored.deliver();
    const cards = restored.chat.in('C0OPS').map((m) => textOf(m.card));
    for (const stack of ['waiting', 'planning', 'applying']) {
      expect(cards.filter((text) => text.includes(stack)).length, stack).toBeGreaterThan(0);
    }
    expect(await restored.store.verifyAudit()).toMatchObject({ ok: true });
    await restored.checkInvariants();
  });

  it('sees that an approved run was applied after the backup', async () => {
    expect((await backUp(core.file)).code).toBe(0);
    // The original process continues and applies the approved run.
    await core.restart();
    expect((await latest(core, 'approved'))?.state).toBe('realigned');
    expect(core.cloud.applies.map((a) => a.stack)).toEqual(['approved']);

    restored = await restore();
    await restored.worker.start();
    await restored.untilIdle();
    expect(restored.cloud.applies).toEqual([]);
    expect((await latest(restored, 'approved'))?.state).toBe('clean');
    expect(await restored.store.verifyAudit()).toMatchObject({ ok: true });
    await restored.checkInvariants();
  });

  it('asks people about a run that policies had allowed, because its plan file is not in the backup', async () => {
    core.cloud.next('head', never);
    await core.worker.check(core.directory.stacks[0] ?? core.stack, 'schedule', M0);
    await core.untilState('approved', 'applying');
    expect((await backUp(core.file)).code).toBe(0);
    restored = await restore();
    await restored.worker.start();
    await restored.untilIdle();
    const [again, failed] = await restored.store.runs({ stack: 'applying' });
    expect(failed).toMatchObject({ state: 'failed', failure: { phase: 'applying' } });
    expect(again?.state).toBe('awaiting_approval');
    expect(restored.cloud.applies.map((a) => a.stack)).toEqual(['approved']);
  });
});
