import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { hashedKey, Notes } from '../../src/chat/teams/notes.ts';
import type { Span } from '../../src/messages/card.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';

/** Each with the number of its newest migration, see databases/README.md. */
const DATABASES = [
  ['0001', 1],
  ['0002', 2],
  ['0003', 3],
  ['0004', 4],
  ['0004-types', 4],
  ['0005', 5],
  ['0006', 6],
] as const;
const AT = Date.parse('2026-11-20T09:00:00Z');
const DANA = { person: 'dana', platform: 'slack', userId: 'U0DANA', name: 'Dana' };
const SCOPE = [{ address: 'aws_s3_bucket.logs', fingerprint: 'f-logs' }];
const WHERE = { serviceUrl: 'https://smba.example/emea/', botId: '28:m0', tenantId: 'tenant' };

describe.each(DATABASES)('the database %s of an earlier version', (name, schema) => {
  /** A case of what databases hold since that migration; an older one has nothing of it to lose. */
  const since = (migration: number) => (title: string, test: () => Promise<void>) => {
    if (schema >= migration) it(title, test);
  };
  let place: string;
  let file: string;
  let store: AuditedStore;
  const open = () => openStore({ url: `file:${file}`, log: createLogger('silent') });

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-old-'));
    file = join(place, 'm0.db');
    writeFileSync(file, gunzipSync(readFileSync(new URL(`./databases/${name}.db.gz`, import.meta.url))));
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  it('has no id, so that it recognises the messages that it has posted', async () => {
    expect(await store.memory()).toEqual({ id: '', restores: [] });
  });

  it('has its runs', async () => {
    const states = (await store.runs({})).map((run) => [run.id, run.stack, run.state]);
    expect(states.filter(([, stack]) => stack !== 'prod-twice')).toEqual([
      [5, 'prod-db', 'realigned'],
      [4, 'prod-app', 'queued'],
      [3, 'prod-app', 'failed'],
      [2, 'prod-network', 'awaiting_approval'],
      [1, 'prod-network', 'superseded'],
    ]);
    expect(await store.run(2)).toMatchObject({ version: 4, fingerprint: 'f-all', scope: SCOPE });
    // Text of people and clouds is unchanged, even if it looks like the JSON around it.
    expect((await store.run(2))?.findings[0]?.attributes[0]).toMatchObject({
      actual: 'say "b":"line" {\\"t\\":\\"text\\"}',
    });
    expect((await store.run(5))?.applied).toHaveLength(1);
  });

  it('has its alerts, with what they are about, and takes updates of them', async () => {
    const alert = await store.alert(2);
    const about = { subject: 'prod-network', runId: 2, state: 'open', fingerprint: 'f-all', seenCount: 3 };
    expect(alert).toMatchObject({ ...about, kind: 'drift', version: 1, details: null, firstSeenAt: AT });
    if (alert === undefined) return;
    const ended = { ...alert, state: 'resolved' as const, outcome: 'done' };
    expect(await store.commit([{ type: 'alert.update', alert: ended }])).toMatchObject({ ok: true });
    expect(await store.alert(2)).toEqual({ ...ended, version: 2 });
    expect(await store.alert(1)).toMatchObject({ state: 'superseded', outcome: 'superseded by run #2' });
    expect((await store.alerts({ subject: 'prod-app' })).map((a) => a.kind)).toEqual(['failure']);
    expect((await store.messages(2)).map((m) => m.messageId)).toEqual(['1.000001']);
  });

  it('has its exemptions', async () => {
    expect(await store.exemptions('prod-network')).toMatchObject([
      { id: 1, kind: 'snooze', address: 'aws_s3_bucket.logs', by: DANA, reason: 'vendor', runId: 2 },
      { id: 2, kind: 'accept', until: null, reason: 'ours now' },
    ]);
  });

  it('has the undelivered messages only', async () => {
    const due = await store.dueOutbox(AT + 86_400_000 * 3650, 50);
    const byKey = new Map(due.map((entry) => [entry.key, entry]));
    expect([...byKey.keys()].slice(0, 6)).toEqual([
      'alert:2:card',
      'alert:2:thread',
      'alert:2:dm:dana',
      'alert:3:card',
      'digest 0:1:0',
      'card:2:2.4',
    ]);
    expect(byKey.get('alert:2:card')).toMatchObject({ attempts: 1, lastError: 'Slack is away' });
    expect(byKey.get('alert:2:thread')?.message).toEqual({
      type: 'thread',
      alertId: 2,
      text: 'Run #2 found "drift"',
    });
    expect(byKey.get('alert:2:dm:dana')?.message).toMatchObject({ type: 'dm', person: 'dana' });
    expect(await store.hasOutboxKey('alert:1:card')).toBe(true);
    expect(await store.hasNewerCard(2, byKey.get('alert:2:card')?.id ?? 0)).toBe(true);
    await store.outboxDone(byKey.get('card:2:2.4')?.id ?? 0, AT);
    expect(await store.hasNewerCard(2, byKey.get('alert:2:card')?.id ?? 0)).toBe(false);
  });

  it('has stored cards in the current format, whatever their texts contain', async () => {
    const due = await store.dueOutbox(AT + 86_400_000 * 3650, 50);
    const { message } = due.find((entry) => entry.key === 'digest 0:1:0') ?? {};
    if (message?.type !== 'post') throw new Error('the digest is not there');
    const { blocks } = message.card;
    expect(blocks.map((block) => block.type)).toEqual([
      ...['line', 'context', 'finding', 'facts', 'buttons', 'divider', 'outcome'],
    ]);
    const [line, , finding, facts, buttons] = blocks;
    const kinds = ['text', 'strong', 'quiet', 'code', 'command', 'person', 'time', 'link'];
    const spans: readonly Span[] = line?.type === 'line' ? line.spans : [];
    expect(spans.map((span) => span.type)).toEqual(kinds);
    const text = 'he said "b":"line", \\"t\\":\\"strong\\" and {"type":"x"}';
    expect(spans[0]).toEqual({ type: 'text', text });
    expect(finding).toMatchObject({ rows: [{ label: '"t":"text"' }] });
    expect(facts).toMatchObject({ facts: [{ label: 'b', spans: [{ type: 'text', text: 't' }] }] });
    expect(buttons).toMatchObject({ buttons: [{ form: { intro: [{ type: 'text', text: 'how long?' }] } }] });
  });

  it('has a valid audit record, and appends to it', async () => {
    expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 4 });
    const [line] = await store.audit({ runId: 2, limit: 1 });
    expect(line).toMatchObject({ action: 'unsnooze', actor: DANA, detail: 'unsnooze "it"' });
    if (line === undefined) return;
    await store.commit([{ type: 'audit', entry: { ...line, action: 'unsnooze' } }]);
    expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 5 });
  });

  it('has its ticks, its digests and the key of its fingerprints', async () => {
    expect(await store.value('fingerprint-key')).toBe('a'.repeat(64));
    expect(await store.lastTick('prod-network')).toBe(AT);
    expect(await store.lastTick('digest 0')).toBe(AT + 5);
    expect(await store.lastDigest('digest 0')).toEqual({ at: AT + 5, open: 2 });
    expect(await store.value('tick:prod-network')).toBeUndefined();
  });

  since(2)('has the alert of its policy', async () => {
    const details = { error: 'a.rego:3: "oops"', inUse: 'abcdef12', seen: { by: DANA, at: AT } };
    expect(await store.alerts({ kind: 'policy' })).toMatchObject([{ subject: 'approvals', details }]);
  });

  since(3)('has what was skipped and which push was seen', async () => {
    const skipped = { kind: 'queued', run: 4, since: AT, at: AT + 60_000, times: 2 };
    expect(await store.skippedCheck('prod-app')).toEqual(skipped);
    expect(await store.pushedHead('prod-network')).toEqual({ head: 'c0ffee00', source: '0123456789abcdef' });
    expect(await store.value('snoozes-told')).toBe(String(AT));
  });

  since(4)('has its other alerts, its subscriptions and the steps of its escalation', async () => {
    expect(await store.alert(2)).toMatchObject({ escalated: [1, 0] });
    const [fleet] = await store.alerts({ kind: 'fleet' });
    expect(fleet).toMatchObject({ subject: 'slack:C0OPS', details: { of: 'drift', members: [1, 2] } });
    const [reach] = await store.alerts({ kind: 'reach' });
    expect(reach?.details).toEqual({ problems: ['primary: nobody is on call'], stacks: ['prod-network'] });
    expect(await store.subscriptions()).toMatchObject([{ channel: 'C0DEV', target: 'prod', by: DANA }]);
  });

  since(4)('has who and what could not be reached', async () => {
    const error = 'm0 still cannot';
    const alerts = new Map([[2, { times: 2, at: AT + 10 }]]);
    const dana = { at: AT + 10, error, address: 'slack:U0DANA', reachableAt: AT + 20, alerts };
    expect(await store.refusals('dana')).toEqual(dana);
    expect(await store.refusals('kim')).toMatchObject({ error: 'as an early m0 wrote it', address: null });
    expect(await store.refusals('lee')).toBeUndefined();
    expect(await store.lostChannels()).toEqual([
      { platform: 'teams', channel: '19:ops@thread.tacv2', error: 'no such channel' },
    ]);
  });

  since(4)('has where it was met in Teams, and what it has said and heard there', async () => {
    expect(await store.teamsTeam('team-1')).toMatchObject({ serviceUrl: WHERE.serviceUrl, listed: true });
    const channels = (await store.teamsTeam('team-1'))?.channels ?? [];
    expect([...channels].sort()).toEqual(['19:dev@thread.tacv2', '19:ops@thread.tacv2']);
    const ops = { ...WHERE, id: '19:ops@thread.tacv2', kind: 'channel', gone: false };
    expect(await store.teamsConversation(ops.id)).toEqual(ops);
    expect(await store.teamsConversation('19:gone@thread.tacv2')).toMatchObject({ gone: true });
    expect(await store.teamsPersonal('aad-dana')).toBe('a:dana');
    expect(JSON.parse((await store.value('teams:service')) ?? '')).toEqual(WHERE);
    const note = (kind: ConstructorParameters<typeof Notes>[1]) => new Notes(store, kind, () => AT);
    expect(await note('posted').get('post')).toBe('{"channel":"c","messageId":"m"}');
    expect(await note('whisper').get('w')).toBe('');
    expect(await note('form').get('form')).toBe('null');
    expect(await note('greeted').get('user-1')).toBe('yes');
    expect(await note('file-offer').get('offer')).toContain('show #2');
    expect(await note('file-answer').claim('offer')).toBe(false);
    for (let i = 0; i < 100; i += 1) {
      expect(await store.isNewEvent('teams', hashedKey(`event ${i}`), Date.now())).toBe(false);
    }
    expect(await store.isNewEvent('teams', hashedKey('event 100'), Date.now())).toBe(true);
  });

  since(4)(
    'keeps the newer one of two open drift alerts of a stack, and shows the other as over',
    async () => {
      const [newer, older] = await store.alerts({ subject: 'prod-twice', kind: 'drift' });
      expect([newer?.state, older?.state]).toEqual(['open', 'superseded']);
      expect(older?.outcome).toBe('superseded by a newer alert of this stack');
      expect(newer?.id).toBeGreaterThan(older?.id ?? 0);
      expect(await store.hasOutboxKey(`card:${older?.id}:one-open`)).toBe(true);
      expect(await store.hasOutboxKey(`card:${newer?.id}:one-open`)).toBe(false);
    },
  );

  it('knows the size of no state yet, and remembers one', async () => {
    expect(await store.seenState('prod-network')).toBeUndefined();
    await store.commit([
      { type: 'state.seen', stack: 'prod-network', seen: { resources: 3, run: 2, at: AT } },
    ]);
    expect(await store.seenState('prod-network')).toEqual({ resources: 3, run: 2, at: AT });
    expect((await store.run(2))?.resourcesInState).toBeUndefined();
  });

  since(6)('has the sizes of its states', async () => {
    expect(await store.seenState('prod-db')).toEqual({ resources: 7, run: 5, at: AT });
  });

  it('has nothing paused and no heals yet, and takes both', async () => {
    const stack = { name: 'prod-network', environment: 'prod' };
    expect(await store.pauses({ ended: true })).toEqual([]);
    expect(await store.healHistory(stack, AT)).toEqual({ heals: [], inEnvironment: 0 });
    expect((await store.run(2))?.brakes).toBeUndefined();
    const pause = { target: 'prod', by: { ...DANA, platform: 'slack' as const }, at: AT, reason: 'incident' };
    await store.commit([{ type: 'pause.add', pause }]);
    expect(await store.commit([{ type: 'unless.paused', stack }])).toMatchObject({
      refused: { type: 'paused', pause },
    });
  });

  it('is migrated once, and is refused if a newer m0 has written it', async () => {
    await store.close();
    store = await open();
    expect(await store.runs({ stack: 'prod-db' })).toHaveLength(1);
    await store.close();
    const client = new Sqlite(file);
    client.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)");
    client.close();
    await expect(open()).rejects.toThrow('written by a newer version of m0: start that version');
    const undone = new Sqlite(file);
    undone.exec("DELETE FROM __drizzle_migrations WHERE hash = 'later'");
    undone.close();
    store = await open();
  });
});
