import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { M0, type Run, type RunState, type Trigger } from '../../src/model/run.ts';
import type { Change } from '../../src/ports/store.ts';
import { newRun } from '../../src/runs/effects.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { decision, exemption, NOON, planned, sshFinding, tagFinding } from '../support/runs.ts';
import { BACKENDS } from '../support/store-backends.ts';

const TAG = tagFinding();
const SSH = sshFinding();

describe.each(BACKENDS)('the overview of $name', (backend) => {
  let place: string;
  let store: AuditedStore;
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-overview-'));
    store = await backend.open(place, 60_000);
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function inserted(
    state: RunState,
    change: Partial<Run> & { trigger?: Trigger } = {},
  ): Promise<number> {
    const run = {
      ...newRun({ name: 'a', environment: 'prod' }, 'schedule', M0, null, NOON),
      state,
      ...change,
    };
    const done = await store.commit([{ type: 'run.insert', run }]);
    return done.ok ? (done.insertedRuns[0] ?? 0) : 0;
  }
  const decided = (findings = [TAG]): Partial<Run> => ({
    ...planned(findings),
    decision: decision(findings, {}),
  });
  const alert = (runId: number, change: Partial<Alert> = {}): Change => ({
    type: 'alert.insert',
    alert: {
      ...{
        kind: 'drift',
        subject: 'a',
        fingerprint: 'f',
        state: 'open',
        firstSeenAt: NOON,
        lastSeenAt: NOON,
      },
      ...{ seenCount: 1, runId, outcome: null, details: null },
      ...(change as object),
    },
    deliveries: [],
  });

  it('is empty for an empty database', async () => {
    expect(await store.overview(['a'], NOON)).toEqual({
      ...{
        runs: [],
        working: [],
        alerts: [],
        answers: [],
        findings: [],
        exemptions: [],
        pauses: [],
        recordedAt: null,
      },
      outbox: { waiting: 0, due: 0, oldestAt: null, doneAt: null, error: null },
    });
  });

  it('counts the runs that have not ended, queued ones by trigger, with their ages', async () => {
    await inserted('queued', { trigger: 'command', createdAt: NOON - 5, updatedAt: NOON - 5 });
    await inserted('queued', { trigger: 'command', createdAt: NOON - 9, updatedAt: NOON - 1 });
    await inserted('queued', { trigger: 'push' });
    await inserted('awaiting_approval', decided());
    await inserted('clean', decided());
    const { runs } = await store.overview([], NOON);
    expect(
      [...runs].sort((a, b) => `${a.state}${a.trigger}`.localeCompare(`${b.state}${b.trigger}`)),
    ).toEqual([
      { state: 'awaiting_approval', trigger: null, count: 1, askedAt: NOON, since: NOON },
      { state: 'queued', trigger: 'command', count: 2, askedAt: NOON - 9, since: NOON - 5 },
      { state: 'queued', trigger: 'push', count: 1, askedAt: NOON, since: NOON },
    ]);
  });

  it('has the newest result of each requested stack, with the time of its plan', async () => {
    const old = await inserted('clean', decided());
    const answered = await inserted('superseded', {
      ...decided(),
      plan: { artifact: 'p', madeAt: NOON - 7, targets: null, touches: [] },
    });
    await inserted('superseded');
    await inserted('canceled');
    await inserted('failed', decided());
    await inserted('planning', decided());
    await inserted('clean', { ...decided(), stack: 'gone' });
    expect(old).toBeLessThan(answered);
    const { answers } = await store.overview(['a', 'never'], NOON);
    expect(answers).toEqual([{ stack: 'a', runId: answered, at: NOON - 7 }]);
  });

  it('has the actionable findings of open drift, and of stacks with exemptions', async () => {
    const told = await inserted('awaiting_approval', decided([TAG, { ...SSH, actionable: false }]));
    const kept = await inserted('quiet', { ...decided([SSH]), stack: 'b' });
    await inserted('quiet', { ...decided([SSH]), stack: 'c' });
    const closed = await inserted('realigned', { ...decided([SSH]), stack: 'd' });
    const bound = { address: SSH.address, fingerprint: SSH.fingerprint };
    const { id: _, ...aKeep } = exemption({ ...bound, stack: 'b', runId: null });
    await store.commit([
      alert(told),
      alert(closed, { subject: 'd', state: 'resolved', outcome: 'gone' }),
      { type: 'exemption.insert', exemption: aKeep },
      { type: 'exemption.insert', exemption: { ...aKeep, until: NOON } },
      { type: 'exemption.insert', exemption: { ...aKeep, endedAt: NOON - 1, endedBy: M0 } },
      { type: 'exemption.insert', exemption: { ...aKeep, stack: 'gone' } },
    ]);
    const seen = await store.overview(['a', 'b', 'c', 'd'], NOON);
    expect(seen.alerts).toEqual([{ kind: 'drift', subject: 'a', runId: told, firstSeenAt: NOON }]);
    expect(seen.findings).toEqual([
      { stack: 'a', runId: told, address: TAG.address, fingerprint: TAG.fingerprint, origin: 'cloud' },
      { stack: 'b', runId: kept, address: SSH.address, fingerprint: SSH.fingerprint, origin: 'cloud' },
    ]);
    const { address, fingerprint } = SSH;
    const until = NOON + 3_600_000;
    expect(seen.exemptions).toEqual([
      { kind: 'snooze', stack: 'b', address, fingerprint, until, endedAt: null },
    ]);
  });

  it('has the waiting messages, the due ones, and the errors', async () => {
    for (const [key, at] of [
      ['k1', NOON - 30],
      ['k2', NOON - 20],
      ['k3', NOON - 10],
    ] as const) {
      await store.commit([{ type: 'outbox.add', key, delivery: { type: 'card', alertId: 1 }, at }]);
    }
    await store.outboxDone(1, NOON - 5);
    await store.outboxFailed(2, 'the channel is archived', NOON + 60_000);
    const { outbox } = await store.overview([], NOON);
    expect(outbox).toEqual({
      ...{ waiting: 2, due: 1, oldestAt: NOON - 20, doneAt: NOON - 5 },
      error: 'the channel is archived',
    });
  });

  it('has the time of the newest audit entry', async () => {
    const entry = {
      actor: M0,
      action: 'start' as const,
      stack: 'a',
      runId: 1,
      fingerprint: null,
      commit: null,
    };
    for (const at of [NOON, NOON - 9]) {
      await store.commit([{ type: 'audit', entry: { ...entry, at, detail: null } }]);
    }
    expect((await store.overview([], NOON)).recordedAt).toBe(NOON - 9);
  });

  it('a probe writes, and does not wait for another process as a write does', async () => {
    await store.probe(NOON);
    expect(await store.value('probed-at')).toBe(String(NOON));
    const letGo = await backend.hold(place);
    const began = performance.now();
    await expect(store.probe(NOON + 1)).rejects.toMatchObject({ name: 'StoreError', problem: 'busy' });
    expect(performance.now() - began).toBeLessThan(5_000);
    await letGo();
    await store.probe(NOON + 2);
  });
});
