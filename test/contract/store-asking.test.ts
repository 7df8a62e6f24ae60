/** The store's queries about expiring snoozes, queued and posted messages, and alerts without a run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FleetAlert, NewAlert, ReachAlert, RunAlert } from '../../src/model/alert.ts';
import type { Exemption } from '../../src/model/exemption.ts';
import { M0 } from '../../src/model/run.ts';
import type { Change } from '../../src/ports/store.ts';
import { newRun } from '../../src/runs/effects.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { DANA } from '../support/runs.ts';
import { BACKENDS } from '../support/store-backends.ts';

describe.each(BACKENDS)('a store by $name', (backend) => {
  let place: string;
  let store: AuditedStore;
  const open = () => backend.open(place);
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-store-'));
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function reopened(): Promise<void> {
    await store.close();
    store = await open();
  }

  async function inserted(alert: NewAlert): Promise<number> {
    const done = await store.commit([{ type: 'alert.insert', alert, deliveries: [] }]);
    return (done.ok ? done.insertedAlerts[0] : undefined) ?? 0;
  }

  async function driftAlert(over: Partial<Omit<RunAlert, 'id'>> = {}): Promise<number> {
    const run = newRun({ name: over.subject ?? 'a', environment: 'prod' }, 'schedule', M0, null, 1000);
    const done = await store.commit([{ type: 'run.insert', run }]);
    const runId = (done.ok ? done.insertedRuns[0] : undefined) ?? 0;
    return inserted({
      ...{
        kind: 'drift',
        subject: 'a',
        fingerprint: 'f',
        state: 'open',
        firstSeenAt: 1000,
        lastSeenAt: 1000,
      },
      ...{ seenCount: 1, runId, outcome: null, details: null },
      ...over,
    });
  }

  const exemption = (until: number | null, stack = 'a'): Change => ({
    type: 'exemption.insert',
    exemption: {
      ...{ kind: 'snooze', stack, address: 'aws_a.b', fingerprint: 'f', until, by: DANA, at: 1, reason: '' },
      ...{ runId: null, endedBy: null, endedAt: null },
    } satisfies Omit<Exemption, 'id'>,
  });

  it('lists the snoozes that end in an interval; adjacent intervals do not overlap', async () => {
    await store.commit([exemption(100), exemption(200, 'b'), exemption(300), exemption(null)]);
    const ends = async (after: number, upTo: number) =>
      (await store.exemptionsEnded(after, upTo)).map((k) => [k.stack, k.until]);
    expect(await ends(0, 200)).toEqual([
      ['a', 100],
      ['b', 200],
    ]);
    expect(await ends(200, 300)).toEqual([['a', 300]]);
    const [first] = await store.exemptions('a');
    await store.commit([{ type: 'exemption.end', id: first?.id ?? 0, by: DANA, at: 50 }]);
    expect(await ends(0, 100)).toEqual([]);
  });

  it('knows whether a message was ever queued, also after its delivery', async () => {
    expect(await store.hasOutboxKey('nudge:1')).toBe(false);
    const id = await driftAlert();
    const delivery = { type: 'nudge' as const, alertId: id, person: 'dana', text: 'still waits' };
    await store.commit([{ type: 'outbox.add', key: 'nudge:1', delivery, at: 1000 }]);
    const [due] = await store.dueOutbox(1000, 10);
    expect(due?.message).toEqual(delivery);
    await store.outboxDone(due?.id ?? 0, 1001);
    await reopened();
    expect(await store.hasOutboxKey('nudge:1')).toBe(true);
  });

  it('lists recent posts in a channel and to a person', async () => {
    const [old, fresh, other] = [
      await driftAlert(),
      await driftAlert({ subject: 'b' }),
      await driftAlert({ kind: 'failure' }),
    ];
    const message = (alertId: number, over: object) => ({
      ...{ alertId, platform: 'slack' as const, channel: 'C0OPS', messageId: `ts-${alertId}` },
      ...{ role: 'root' as const, person: null, why: null, postedAt: 1000 },
      ...over,
    });
    await store.addMessage(message(old, { postedAt: 10 }));
    await store.addMessage(message(fresh, {}));
    await store.addMessage(message(other, {}));
    await store.addMessage(message(fresh, { channel: 'D1', messageId: 'dm', role: 'dm', person: 'dana' }));
    const channel = { platform: 'slack' as const, channel: 'C0OPS' };
    expect(await store.postedSince(channel, 'drift', 500)).toEqual([fresh]);
    expect(await store.postedSince(channel, 'drift', 0)).toEqual([old, fresh]);
    expect(await store.postedSince(channel, 'failure', 500)).toEqual([other]);
    expect(await store.postedSince({ platform: 'slack', channel: 'D1' }, 'drift', 0)).toEqual([]);
    expect(await store.postedSince({ platform: 'slack', person: 'dana' }, 'drift', 500)).toEqual([fresh]);
    expect(await store.postedSince({ platform: 'slack', person: 'kim' }, 'drift', 0)).toEqual([]);
    expect(await store.postedSince({ platform: 'teams', person: 'dana' }, 'drift', 0)).toEqual([]);
  });

  it('stores fleet alerts, alerts about nobody to ask, and escalation steps', async () => {
    const base = {
      fingerprint: '',
      state: 'open' as const,
      firstSeenAt: 1,
      lastSeenAt: 2,
      seenCount: 1,
      version: 1,
    };
    const fleet: Omit<FleetAlert, 'id'> = {
      ...{ ...base, kind: 'fleet', subject: 'slack:C0OPS', runId: null, outcome: null },
      details: {
        ...{ of: 'drift', place: { platform: 'slack', channel: 'C0OPS' }, person: null, why: null },
        members: [1, 2],
      },
    };
    const reach: Omit<ReachAlert, 'id'> = {
      ...{ ...base, kind: 'reach', subject: 'oncall:primary', runId: null, outcome: null },
      details: { problems: ['primary: nobody is on call'], stacks: ['a'] },
    };
    const ids = [await inserted(fleet), await inserted(reach), await driftAlert({ escalated: [1, 4] })];
    await reopened();
    expect(await store.alert(ids[0] ?? 0)).toEqual({ ...fleet, id: ids[0] });
    expect(await store.alert(ids[1] ?? 0)).toEqual({ ...reach, id: ids[1] });
    expect(await store.alert(ids[2] ?? 0)).toMatchObject({ kind: 'drift', escalated: [1, 4] });
    expect((await store.alerts({ kind: 'fleet', state: 'open' })).map((a) => a.id)).toEqual([ids[0]]);

    const grown: FleetAlert = {
      ...fleet,
      id: ids[0] ?? 0,
      details: { ...fleet.details, members: [1, 2, 3] },
    };
    await store.commit([{ type: 'alert.update', alert: grown }]);
    expect(await store.alert(grown.id)).toEqual({ ...grown, version: 2 });
  });
});
