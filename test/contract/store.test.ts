import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExact } from '../../src/base/exact-json.ts';
import { createLogger } from '../../src/base/log.ts';
import type { PostedMessage, RunAlert } from '../../src/model/alert.ts';
import type { AuditAction } from '../../src/model/audit-actions.ts';
import type { NewAuditEntry } from '../../src/model/audit-entry.ts';
import type { Exemption } from '../../src/model/exemption.ts';
import { type Actor, M0, RUN_STATES, type Run, type RunState } from '../../src/model/run.ts';
import type { Change } from '../../src/ports/store.ts';
import { StoreError } from '../../src/ports/store-error.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { BACKENDS } from '../support/store-backends.ts';

const log = createLogger('silent');

const DANA: Actor = { person: 'dana', platform: 'slack', userId: 'U0DANA', name: 'Dana' };

function aRun(over: Partial<Omit<Run, 'id'>> = {}): Omit<Run, 'id'> {
  return {
    stack: 'prod-network',
    environment: 'prod',
    trigger: 'schedule',
    requestedBy: M0,
    state: 'queued',
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
    forceHuman: null,
    code: null,
    plan: null,
    findings: [],
    outputs: [],
    counts: null,
    fingerprint: null,
    decision: null,
    scope: [],
    approvals: [],
    applied: [],
    moved: null,
    failure: null,
    ending: null,
    relatedRun: null,
    ...over,
  };
}

function anAlert(runId: number, over: Partial<Omit<RunAlert, 'id'>> = {}): Omit<RunAlert, 'id'> {
  return {
    kind: 'drift',
    subject: 'prod-network',
    version: 1,
    fingerprint: 'f1',
    state: 'open',
    firstSeenAt: 1000,
    lastSeenAt: 1000,
    seenCount: 1,
    runId,
    outcome: null,
    details: null,
    ...over,
  };
}

function aKeep(over: Partial<Omit<Exemption, 'id'>> = {}): Omit<Exemption, 'id'> {
  return {
    kind: 'snooze',
    stack: 'prod-network',
    address: 'aws_s3_bucket.logs',
    fingerprint: 'f1',
    until: 9000,
    by: DANA,
    at: 1000,
    reason: 'vendor needs SSH',
    runId: null,
    endedBy: null,
    endedAt: null,
    ...over,
  };
}

/** The root message of an alert. */
function aPost(alertId: number): Omit<PostedMessage, 'id'> {
  return {
    alertId,
    platform: 'slack',
    channel: 'C0OPS',
    messageId: '1.2',
    role: 'root',
    person: null,
    why: null,
    postedAt: 5,
  };
}

function anEntry(over: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    at: 1000,
    actor: DANA,
    action: 'approve',
    stack: 'prod-network',
    runId: 1,
    fingerprint: 'f1',
    commit: 'c0ffee',
    place: { platform: 'slack', channel: 'C0OPS' },
    bundles: { 'tags-auto': 'a1b2c3d4', 'network-human': null },
    scope: [{ address: 'aws_s3_bucket.logs', fingerprint: 'tag-1' }],
    detail: null,
    ...over,
  };
}

/** The stored change of a run to another state. */
function move(run: Run, state: RunState, over: Partial<Run> = {}): Change {
  return {
    type: 'run.update',
    run: { ...run, state, version: run.version + 1, ...over },
    was: { state: run.state, version: run.version },
  };
}

describe.each(BACKENDS)('Store on $name', (backend) => {
  let place: string;
  let store: AuditedStore;

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-store-'));
    store = await backend.open(place);
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function inserted(over: Partial<Omit<Run, 'id'>> = {}): Promise<Run> {
    const result = await store.commit([{ type: 'run.insert', run: aRun(over) }]);
    const run = await store.run(result.ok ? (result.insertedRuns[0] ?? 0) : 0);
    if (run === undefined) throw new Error('the run was not stored');
    return run;
  }
  const alerted = async (runId: number, over: Partial<Omit<RunAlert, 'id'>> = {}): Promise<number> => {
    const alert = anAlert(runId, over);
    const result = await store.commit([{ type: 'alert.insert', alert, deliveries: [] }]);
    return result.ok ? (result.insertedAlerts[0] ?? 0) : 0;
  };

  describe('runs', () => {
    it('keeps every digit of a number in a finding', async () => {
      const attribute = '{"path":"id","recorded":12345678901234567890,"actual":[0.12345678901234567891]}';
      const { id } = await inserted({
        findings: parseExact(
          `[{"address":"a.b","fingerprint":"f","attributes":[${attribute}]}]`,
        ) as Run['findings'],
      });
      expect(JSON.stringify((await store.run(id))?.findings[0]?.attributes)).toBe(`[${attribute}]`);
    });

    it('returns exactly what was stored, with a new number', async () => {
      const full = aRun({
        state: 'awaiting_approval',
        version: 7,
        forceHuman: 'm0 stopped while applying',
        plan: { artifact: 'p1', madeAt: 5, targets: ['a.b'], touches: ['a.b'] },
        scope: [{ address: 'a.b', fingerprint: 'f' }],
        approvals: [
          {
            by: DANA,
            at: 7,
            scope: [{ address: 'a.b', fingerprint: 'f' }],
            commit: 'c',
            bundles: { p: null },
          },
        ],
        failure: { phase: 'planning', message: 'two\nlines' },
        relatedRun: 3,
      });
      expect(await inserted(full)).toStrictEqual({ ...full, id: 1 });
      expect((await inserted()).id).toBe(2);
      expect(await store.run(99)).toBeUndefined();
    });

    it('lists newest first, by stack and state, bounded', async () => {
      await inserted();
      await inserted({ stack: 'prod-db' });
      await inserted({ state: 'clean' });
      const ids = async (query: Parameters<AuditedStore['runs']>[0]) =>
        (await store.runs(query)).map((r) => r.id);
      expect(await ids({})).toEqual([3, 2, 1]);
      expect(await ids({ stack: 'prod-network' })).toEqual([3, 1]);
      expect(await ids({ states: ['queued'] })).toEqual([2, 1]);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ limit: 2 })).toEqual([3, 2]);
    });

    it('continues the numbers after a restart', async () => {
      await inserted();
      await store.close();
      store = await backend.open(place);
      expect((await inserted()).id).toBe(2);
    });
  });

  describe('compare-and-set', () => {
    it('lets one of two commits from the same version win', async () => {
      const run = await inserted();
      // Each waits for the other, also on a busy machine.
      const one = await backend.open(place, 10_000);
      const other = await backend.open(place, 10_000);
      try {
        const results = await Promise.all([
          one.commit([move(run, 'planning', { updatedAt: 1 })]),
          other.commit([move(run, 'canceled', { updatedAt: 2 })]),
          one.commit([move(run, 'superseded', { updatedAt: 3 })]),
        ]);
        expect(results.filter((r) => r.ok)).toHaveLength(1);
        expect(results.filter((r) => !r.ok)).toStrictEqual([
          { ok: false, stale: run.id },
          { ok: false, stale: run.id },
        ]);
        expect((await store.run(run.id))?.version).toBe(2);
      } finally {
        await one.close();
        await other.close();
      }
    });

    it('lets one of two win also if neither changes the state', async () => {
      const run = await inserted({ state: 'awaiting_approval' });
      const results = await Promise.all([
        store.commit([move(run, 'awaiting_approval', { updatedAt: 1 })]),
        store.commit([move(run, 'awaiting_approval', { updatedAt: 2 })]),
      ]);
      expect(results.filter((r) => r.ok)).toHaveLength(1);
    });

    it('checks the given state even if the version is right', async () => {
      const run = await inserted({ state: 'deciding' });
      const claim: Change = {
        type: 'run.update',
        run: { ...run, state: 'deciding', version: 2 },
        was: { state: 'planning', version: 1 },
      };
      expect(await store.commit([claim])).toEqual({ ok: false, stale: run.id });
    });

    it('writes nothing at all beside a stale run', async () => {
      const run = await inserted();
      await store.commit([move(run, 'planning')]);
      const result = await store.commit([
        { type: 'run.insert', run: aRun() },
        { type: 'audit', entry: anEntry() },
        { type: 'outbox.add', key: 'k', delivery: { type: 'card', alertId: 1 }, at: 0 },
        { type: 'exemption.insert', exemption: aKeep() },
        move(run, 'canceled'),
      ]);
      expect(result).toEqual({ ok: false, stale: run.id });
      expect(await store.runs({})).toHaveLength(1);
      expect(await store.audit({})).toEqual([]);
      expect(await store.dueOutbox(1e9, 10)).toEqual([]);
      expect(await store.exemptions('prod-network')).toEqual([]);
    });

    const states = Object.keys(RUN_STATES) as RunState[];
    const illegal = states.flatMap((from) =>
      states
        .filter((to) => !(RUN_STATES[from] as readonly string[]).includes(to))
        .map((to) => [from, to] as const),
    );
    it('refuses every transition that is not in the table, and all from a final state', async () => {
      const runs = new Map<RunState, Run>();
      for (const state of states) runs.set(state, await inserted({ state }));
      for (const [from, to] of illegal) {
        const run = runs.get(from) as Run;
        await expect(store.commit([move(run, to)]), `${from} -> ${to}`).rejects.toThrow(
          `run #${run.id} may not go from ${from} to ${to}`,
        );
        expect((await store.run(run.id))?.state).toBe(from);
      }
    });

    it('refuses a version that is not the next one', async () => {
      const run = await inserted();
      await expect(store.commit([move(run, 'planning', { version: 1 })])).rejects.toThrow(StoreError);
    });
  });

  it('rolls everything back where one change cannot be written', async () => {
    const run = await inserted();
    const failing: Change = { type: 'alert.insert', alert: anAlert(4711), deliveries: [{ type: 'card' }] };
    await expect(
      store.commit([move(run, 'planning'), { type: 'audit', entry: anEntry() }, failing]),
    ).rejects.toThrow(/^storing run\.update, audit, alert\.insert: /);
    expect((await store.run(run.id))?.state).toBe('queued');
    expect(await store.audit({})).toEqual([]);
    expect(await store.dueOutbox(1e9, 10)).toEqual([]);
  });

  it('keeps the order of the changes: one commit may contain two transitions of a run', async () => {
    const run = await inserted();
    const planning: Run = { ...run, state: 'planning', version: 2 };
    expect((await store.commit([move(run, 'planning'), move(planning, 'deciding')])).ok).toBe(true);
    expect(await store.run(run.id)).toMatchObject({ state: 'deciding', version: 3 });
  });

  describe('alerts and messages', () => {
    it('inserts an alert with its deliveries, each under a key of the new alert', async () => {
      const run = await inserted();
      const result = await store.commit([
        {
          type: 'alert.insert',
          alert: anAlert(run.id),
          deliveries: [
            { type: 'card' },
            { type: 'thread', text: 'one' },
            { type: 'thread', text: 'two' },
            { type: 'dm', person: 'dana', why: 'on call' },
          ],
        },
      ]);
      expect(result).toEqual({ ok: true, insertedRuns: [], insertedAlerts: [1] });
      expect(await store.alert(1)).toStrictEqual({ ...anAlert(run.id), id: 1 });
      expect((await store.dueOutbox(1000, 10)).map((e) => [e.key, e.message])).toEqual([
        ['alert:1:card', { type: 'card', alertId: 1 }],
        ['alert:1:thread', { type: 'thread', alertId: 1, text: 'one' }],
        ['alert:1:thread:2', { type: 'thread', alertId: 1, text: 'two' }],
        ['alert:1:dm:dana', { type: 'dm', alertId: 1, person: 'dana', why: 'on call' }],
      ]);
      expect(await store.dueOutbox(999, 10)).toEqual([]);
    });

    it('updates an alert, finds alerts newest first, and refuses one that is not there', async () => {
      const run = await inserted();
      await alerted(run.id);
      const closed: RunAlert = {
        ...anAlert(run.id),
        id: 1,
        state: 'resolved',
        seenCount: 3,
        outcome: 'gone',
      };
      await store.commit([{ type: 'alert.update', alert: closed }]);
      expect(await store.alert(1)).toStrictEqual({ ...closed, version: 2 });
      await alerted(run.id);
      const ids = async (query: Parameters<AuditedStore['alerts']>[0]) =>
        (await store.alerts(query)).map((a) => a.id);
      expect(await ids({})).toEqual([2, 1]);
      expect(await ids({ state: 'open' })).toEqual([2]);
      expect(await ids({ kind: 'failure' })).toEqual([]);
      expect(await ids({ subject: 'other' })).toEqual([]);
      expect(await ids({ runId: run.id })).toEqual([2, 1]);
      await expect(store.commit([{ type: 'alert.update', alert: { ...closed, id: 9 } }])).rejects.toThrow(
        'no alert 9',
      );
    });

    it('stores nothing of a commit whose alert was changed since it was read', async () => {
      const run = await inserted();
      const id = await alerted(run.id);
      const read = await store.alert(id);
      if (read === undefined) throw new Error('the alert was not stored');
      const seen: Change = { type: 'alert.update', alert: { ...read, seenCount: 2 } };
      expect(await store.commit([seen])).toMatchObject({ ok: true });
      const late: Change = { type: 'alert.update', alert: { ...read, state: 'resolved', outcome: 'gone' } };
      expect(await store.commit([move(run, 'planning'), late])).toEqual({ ok: false, staleAlert: id });
      expect(await store.alert(id)).toMatchObject({ state: 'open', seenCount: 2, version: 2, outcome: null });
      expect((await store.run(run.id))?.state).toBe('queued');
    });

    it('allows at most one open drift alert per stack', async () => {
      const run = await inserted();
      const id = await alerted(run.id);
      const second: Change = { type: 'alert.insert', alert: anAlert(run.id), deliveries: [{ type: 'card' }] };
      expect(await store.commit([second])).toEqual({ ok: false, staleAlert: id });
      expect(await store.alerts({})).toHaveLength(1);
      expect(await store.hasOutboxKey('alert:2:card')).toBe(false);
      await alerted(run.id, { kind: 'failure' });
      await alerted(run.id, { subject: 'other' });
      await alerted(run.id, { state: 'resolved' });
      const open = await store.alert(id);
      if (open === undefined) throw new Error('the alert was not stored');
      const over: Change = { type: 'alert.update', alert: { ...open, state: 'superseded', outcome: 'new' } };
      expect(await store.commit([over, second])).toMatchObject({ ok: true });
      await expect(backend.sql(place, `UPDATE alerts SET state = 'open' WHERE id = ${id}`)).rejects.toThrow(
        /unique/i,
      );
    });

    it('finds an alert by its message, and takes the same post twice as one', async () => {
      const alertId = await alerted((await inserted()).id);
      const root = aPost(alertId);
      await store.addMessage(root);
      await store.addMessage(root);
      await store.addMessage({ ...root, channel: 'D0DANA', role: 'dm', person: 'dana', why: 'on call' });
      expect((await store.messages(alertId)).map((m) => [m.channel, m.role, m.person])).toEqual([
        ['C0OPS', 'root', null],
        ['D0DANA', 'dm', 'dana'],
      ]);
      expect(await store.messageAt('slack', 'C0OPS', '1.2')).toStrictEqual({ ...root, id: 1 });
      expect(await store.messageAt('teams', 'C0OPS', '1.2')).toBeUndefined();
    });

    it('replaces a message that was deleted in the chat by the one that was posted again', async () => {
      const run = await inserted();
      const alertId = await alerted(run.id);
      await store.addMessage(aPost(alertId));
      const [before] = await store.messages(alertId);
      await store.replaceMessage(before?.id ?? 0, { channel: 'C0OPS', messageId: '7.8', postedAt: 99 });
      expect(await store.messages(alertId)).toStrictEqual([
        { ...before, channel: 'C0OPS', messageId: '7.8', postedAt: 99 },
      ]);
      expect(await store.messageAt('slack', 'C0OPS', '7.8')).toMatchObject({ alertId });
      const lost = store.replaceMessage(4711, { channel: 'C0OPS', messageId: '9.9', postedAt: 99 });
      await expect(lost).rejects.toThrow('there is no message 4711');
    });

    it('tells updates of a check that found the problem again from other updates', async () => {
      const run = await inserted();
      const alertId = await alerted(run.id);
      const card = { type: 'card' as const, alertId };
      await store.commit([
        { type: 'outbox.add', key: 'a', delivery: { ...card, found: true }, at: 1 },
        { type: 'outbox.add', key: 'b', delivery: card, at: 1 },
      ]);
      const due = await store.dueOutbox(1e12, 50);
      const [a, b] = ['a', 'b'].map((key) => due.find((entry) => entry.key === key)?.id ?? 0);
      expect(await store.hasNewerCard(alertId, a ?? 0)).toBe(true);
      expect(await store.hasNewerCard(alertId, a ?? 0, true)).toBe(false);
      expect(await store.hasNewerCard(alertId, 0, true)).toBe(true);
      expect(await store.hasNewerCard(alertId, b ?? 0)).toBe(false);
    });

    it('refuses a message that belongs to another alert', async () => {
      const run = await inserted();
      const [one, two] = [await alerted(run.id), await alerted(run.id, { subject: 'other' })];
      await store.addMessage(aPost(one));
      await expect(store.addMessage(aPost(two))).rejects.toThrow('belongs to alert 1');
    });
  });

  describe('keeps', () => {
    it('lists exemptions that were not ended, also expired ones, and ends one once', async () => {
      await store.commit([
        { type: 'exemption.insert', exemption: aKeep() },
        {
          type: 'exemption.insert',
          exemption: aKeep({ kind: 'accept', until: null, address: null, fingerprint: null }),
        },
        { type: 'exemption.insert', exemption: aKeep({ stack: 'prod-db' }) },
      ]);
      expect(await store.exemptions('prod-network')).toStrictEqual([
        { ...aKeep(), id: 1 },
        { ...aKeep({ kind: 'accept', until: null, address: null, fingerprint: null }), id: 2 },
      ]);
      await store.commit([{ type: 'exemption.end', id: 1, by: DANA, at: 5000 }]);
      await store.commit([{ type: 'exemption.end', id: 1, by: M0, at: 6000 }]);
      expect((await store.exemptions('prod-network')).map((k) => k.id)).toEqual([2]);
      await expect(store.commit([{ type: 'exemption.end', id: 9, by: DANA, at: 1 }])).rejects.toThrow(
        'no exemption 9',
      );
    });
  });

  describe('subscriptions', () => {
    const prod = { platform: 'slack', channel: 'C0DEV', target: 'prod', by: DANA, at: 5 } as const;

    it('are returned in order, each place and target once, by the first person', async () => {
      const other = { ...prod, channel: 'C0OPS', target: 'prod-*' };
      await store.commit([
        { type: 'subscription.add', subscription: prod },
        { type: 'subscription.add', subscription: other },
        { type: 'subscription.add', subscription: { ...prod, by: M0, at: 9 } },
      ]);
      expect(await store.subscriptions()).toEqual([prod, other]);
    });

    it('end for the same place and target only', async () => {
      await store.commit([{ type: 'subscription.add', subscription: prod }]);
      const { by: _by, at: _at, ...where } = prod;
      await store.commit([{ type: 'subscription.end', where: { ...where, channel: 'C0OPS' } }]);
      await store.commit([{ type: 'subscription.end', where: { ...where, target: 'pro' } }]);
      expect(await store.subscriptions()).toEqual([prod]);
      await store.commit([{ type: 'subscription.end', where }]);
      await store.commit([{ type: 'subscription.end', where }]);
      expect(await store.subscriptions()).toEqual([]);
    });
  });

  describe('outbox', () => {
    const add = (key: string, at: number): Change => ({
      ...{ type: 'outbox.add', key, at },
      delivery: { type: 'card', alertId: 1 },
    });
    const due = async (now: number, limit = 10) => (await store.dueOutbox(now, limit)).map((e) => e.key);

    it('returns due messages, oldest first, up to a limit', async () => {
      await store.commit([add('b', 20), add('a', 10), add('later', 500)]);
      expect(await due(100)).toEqual(['b', 'a']);
      expect(await due(100, 1)).toEqual(['b']);
      expect(await due(500)).toEqual(['b', 'a', 'later']);
    });

    it('takes a key once, also after it was delivered', async () => {
      await store.commit([add('card:12:v7', 10)]);
      await store.commit([add('card:12:v7', 10)]);
      expect(await due(10)).toEqual(['card:12:v7']);
      const [entry] = await store.dueOutbox(10, 1);
      await store.outboxDone(entry?.id ?? 0, 11);
      await store.commit([add('card:12:v7', 12)]);
      expect(await due(1e9)).toEqual([]);
    });

    it('postpones a failed message, counts the attempts and stores the error', async () => {
      await store.commit([add('k', 10)]);
      await store.outboxFailed(1, 'ratelimited', 60);
      expect(await due(59)).toEqual([]);
      await store.outboxFailed(1, 'channel is gone', 70);
      expect(await store.dueOutbox(70, 1)).toEqual([
        {
          ...{ id: 1, key: 'k', message: { type: 'card', alertId: 1 }, createdAt: 10 },
          ...{ attempts: 2, nextAttemptAt: 70, lastError: 'channel is gone' },
        },
      ]);
    });

    it('is not held up by an entry that cannot be read', async () => {
      await store.commit([add('bad', 1), add('good', 1)]);
      await backend.sql(place, `UPDATE outbox SET message = '{"type":"fax"}' WHERE key = 'bad'`);
      expect(await due(10)).toEqual(['good']);
    });
  });

  it('filters the audit record, and counts only the rest', async () => {
    const line = (action: AuditAction, detail: string | null): Change => ({
      type: 'audit',
      entry: { ...anEntry(), action, detail },
    });
    await store.commit([
      line('decided', 'deciding -> awaiting_approval'),
      line('decided', null),
      line('approve', '-> clean'),
      line('decided', 'deciding -> clean'),
      line('start', null),
    ]);
    const without = [{ action: 'start' }, { action: 'decided', ending: '-> clean' }];
    const found = await store.audit({ without, limit: 2 });
    expect(found.map((e) => [e.action, e.detail])).toEqual([
      ['approve', '-> clean'],
      ['decided', null],
    ]);
    expect(await store.audit({ without })).toHaveLength(3);
  });

  describe('audit', () => {
    const three: Change[] = (['approve', 'applied', 'snooze'] as const).map((action, i) => ({
      type: 'audit',
      entry: anEntry({
        action,
        at: i,
        runId: i === 2 ? null : i,
        stack: i === 1 ? 'prod-db' : 'prod-network',
      }),
    }));

    it('gives back what was recorded, newest first', async () => {
      await store.commit(three);
      expect((await store.audit({})).map((e) => e.action)).toEqual(['snooze', 'applied', 'approve']);
      expect((await store.audit({ stack: 'prod-network', limit: 1 })).map((e) => e.action)).toEqual([
        'snooze',
      ]);
      expect(await store.audit({ runId: 1 })).toStrictEqual([
        anEntry({ action: 'applied', at: 1, runId: 1, stack: 'prod-db' }),
      ]);
    });

    it('verifies, and goes on verifying after a restart', async () => {
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 0 });
      await store.commit(three);
      await store.close();
      store = await backend.open(place);
      await store.commit([{ type: 'audit', entry: anEntry({ detail: 'Müller — "ok"\n' }) }]);
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 4 });
    });

    it.each([
      ["UPDATE audit SET action = 'reject' WHERE id = 1", 'append-only'],
      ['DELETE FROM audit WHERE id = 3', 'append-only'],
      // PostgreSQL has TRUNCATE, SQLite has REPLACE.
      backend.name === 'PostgreSQL'
        ? ['TRUNCATE audit', 'append-only']
        : [
            `REPLACE INTO audit (id, at, actor, action, stack, prev_hash, hash)
          SELECT id, 9, actor, action, stack, prev_hash, hash FROM audit WHERE id = 3`,
            'only grows',
          ],
      [
        `INSERT INTO audit (id, at, actor, action, stack, prev_hash, hash)
          SELECT 77, at, actor, action, stack, prev_hash, 'x' FROM audit WHERE id = 2`,
        'only grows',
      ],
    ])('only grows: %s', async (statement, text) => {
      await store.commit(three);
      await expect(backend.sql(place, statement)).rejects.toThrow(text);
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 3 });
    });

    it.each([
      "stack = 'x'",
      "actor = 'nobody'",
      `place = '{"platform":"slack","channel":"C0DEV"}'`,
      'place = NULL',
      "bundles = '{}'",
      "scope = '[]'",
    ])('detects a change made after the triggers were removed: %s', async (change) => {
      await store.commit(three);
      await backend.unprotectAudit(place);
      await backend.sql(place, `UPDATE audit SET ${change} WHERE id = 2`);
      expect(await store.verifyAudit()).toMatchObject({ ok: false, entry: 2 });
    });

    it('continues after entries without chat, bundles or findings, with the same hashes', async () => {
      const old = {
        action: 'approve',
        actor: { name: 'Dana', person: 'dana', platform: 'slack', userId: 'U0DANA' },
        ...{ at: 1000, commit: 'c0ffee', detail: null, fingerprint: 'f1', prevHash: '0'.repeat(64) },
        ...{ runId: 1, stack: 'prod-network' },
      };
      const hash = createHash('sha256').update(JSON.stringify(old)).digest('hex');
      await backend.sql(
        place,
        `INSERT INTO audit (at, actor, action, stack, run_id, fingerprint, "commit", detail, prev_hash, hash)
          VALUES (1000, '${JSON.stringify(old.actor)}', 'approve', 'prod-network', 1, 'f1', 'c0ffee', NULL,
          '${old.prevHash}', '${hash}')`,
      );
      await store.commit(three);
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 4 });
      expect((await store.audit({})).at(-1)).toStrictEqual(
        anEntry({ place: null, bundles: null, scope: null }),
      );
    });

    it('verifies a record of many pages', async () => {
      await store.commit(
        Array.from({ length: 1201 }, (_, at): Change => ({ type: 'audit', entry: anEntry({ at }) })),
      );
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 1201 });
    });

    it('detects a removed entry', async () => {
      await store.commit(three);
      await backend.unprotectAudit(place);
      await backend.sql(place, 'DELETE FROM audit WHERE id = 2');
      expect(await store.verifyAudit()).toMatchObject({ ok: false, entry: 3 });
    });
  });

  it('remembers values, the last one set', async () => {
    expect(await store.value('tick:prod')).toBeUndefined();
    await store.setValue('tick:prod', '1');
    await store.setValue('tick:prod', '2');
    expect(await store.value('tick:prod')).toBe('2');
  });

  it('keeps everything over a restart', async () => {
    const run = await inserted();
    const alertId = await alerted(run.id);
    await store.addMessage(aPost(alertId));
    await store.commit([
      move(run, 'planning'),
      { type: 'exemption.insert', exemption: aKeep() },
      { type: 'outbox.add', key: 'k', delivery: { type: 'card', alertId }, at: 1 },
      { type: 'audit', entry: anEntry() },
    ]);
    await store.setValue('v', '1');
    const subscription = { platform: 'slack', channel: 'C', target: 'prod', by: DANA, at: 1 } as const;
    await store.commit([{ type: 'subscription.add', subscription }]);
    const all = async () => [
      await store.subscriptions(),
      await store.runs({}),
      await store.alerts({}),
      await store.messages(alertId),
      await store.exemptions('prod-network'),
      await store.dueOutbox(1e9, 10),
      await store.audit({}),
      await store.value('v'),
    ];
    const before = await all();
    await store.close();
    store = await backend.open(place);
    expect(await all()).toStrictEqual(before);
  });

  it('reports a stored run that m0 did not write', async () => {
    await inserted();
    await backend.sql(place, `UPDATE runs SET data = '{"trigger":"schedule"}'`);
    await expect(store.run(1)).rejects.toMatchObject({
      name: 'StoreError',
      problem: 'corrupt',
      message: expect.stringMatching(/^reading run #1: .*requestedBy/),
    });
  });
});

describe('openStore', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'm0-store-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  it('makes a file that only its owner can read, also beside the database', async () => {
    const file = join(place, 'm0.db');
    const store = await openStore({ url: `file:${file}`, log });
    await store.setValue('a', 'b');
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    await store.close();
    await expect(store.value('a')).rejects.toThrow(/^reading the value a: /);
  });

  it('refuses anything that is not a database URL', async () => {
    await expect(openStore({ url: 'm0.db', log })).rejects.toThrow('file:PATH');
  });

  it('names a damaged file', async () => {
    const file = join(place, 'm0.db');
    writeFileSync(file, 'not a database at all, but long enough to be taken for one'.repeat(50));
    await expect(openStore({ url: `file:${file}`, log })).rejects.toMatchObject({ problem: 'corrupt' });
  });

  it('names a database that another process is writing to', async () => {
    const file = join(place, 'm0.db');
    const store = await openStore({ url: `file:${file}`, log, busyTimeoutMs: 20 });
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.commit([{ type: 'run.insert', run: aRun() }])).rejects.toMatchObject({
      problem: 'busy',
    });
    other.exec('ROLLBACK');
    other.close();
    expect((await store.commit([{ type: 'run.insert', run: aRun() }])).ok).toBe(true);
    await store.close();
  });

  it('refuses a database of a newer m0', async () => {
    const url = `file:${join(place, 'm0.db')}`;
    await (await openStore({ url, log })).close();
    const client = new Sqlite(join(place, 'm0.db'));
    client.exec(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)`);
    client.close();
    await expect(openStore({ url, log })).rejects.toThrow('newer version of m0');
  });
});
