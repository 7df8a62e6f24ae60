/** What the store holds besides runs and alerts: schedules, unreachable people, seen events and Teams conversations. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import type { SkippedCheck } from '../../src/model/skipped-check.ts';
import type { TeamsConversation } from '../../src/ports/chat-store.ts';
import { newRun } from '../../src/runs/effects.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { BACKENDS } from '../support/store-backends.ts';

const DAY_MS = 86_400_000;

describe.each(BACKENDS)('the other tables of $name', (backend) => {
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

  async function reopened(): Promise<void> {
    await store.close();
    store = await backend.open(place);
  }

  it('has an id of its own from its creation on, which stays', async () => {
    const { id, restores } = await store.memory();
    expect(id).toMatch(/^[\w-]{12}$/);
    expect(restores).toEqual([]);
    await alerted('prod-network');
    await reopened();
    expect(await store.memory()).toEqual({ id, restores: [] });
    const other = mkdtempSync(join(tmpdir(), 'm0-store-'));
    const second = await backend.open(other);
    expect((await second.memory()).id).not.toBe(id);
    await second.close();
    rmSync(other, { recursive: true, force: true });
  });

  /** An open alert of a failing check of the stack. */
  async function alerted(subject: string): Promise<number> {
    const run = newRun({ name: subject, environment: 'prod' }, 'schedule', M0, null, 1);
    const queued = await store.commit([{ type: 'run.insert', run }]);
    const runId = queued.ok ? (queued.insertedRuns[0] ?? 0) : 0;
    const alert = {
      ...{ kind: 'failure' as const, subject, fingerprint: 'failure', state: 'open' as const, runId },
      ...{ firstSeenAt: 1, lastSeenAt: 1, seenCount: 1, outcome: null, details: null },
    };
    const done = await store.commit([{ type: 'alert.insert', alert, deliveries: [] }]);
    return done.ok ? (done.insertedAlerts[0] ?? 0) : 0;
  }

  describe('schedules', () => {
    it('has the last tick of each', async () => {
      expect(await store.lastTick('prod')).toBeUndefined();
      await store.setLastTick('prod', 1);
      await store.setLastTick('prod', 2);
      await store.commit([{ type: 'tick.set', name: 'digest 0', at: 3 }]);
      await reopened();
      expect([await store.lastTick('prod'), await store.lastTick('digest 0')]).toEqual([2, 3]);
    });

    it('stores a digest with its tick, or neither', async () => {
      expect(await store.lastDigest('digest 0')).toBeUndefined();
      const digest = { type: 'digest.set', name: 'digest 0', at: 5, open: 2 } as const;
      const tick = { type: 'tick.set', name: 'digest 0', at: 5 } as const;
      const broken = { type: 'exemption.end', id: 9, by: M0, at: 1 } as const;
      await expect(store.commit([digest, tick, broken])).rejects.toThrow('no exemption 9');
      expect(await store.lastDigest('digest 0')).toBeUndefined();
      await store.commit([digest, tick]);
      await store.commit([{ ...digest, at: 6, open: 0 }]);
      expect(await store.lastDigest('digest 0')).toEqual({ at: 6, open: 0 });
    });

    it('has what was last seen in the state of each stack, stored with the run or not at all', async () => {
      const seen = { resources: 41, run: 4, at: 5 };
      const broken = { type: 'exemption.end', id: 9, by: M0, at: 1 } as const;
      const change = { type: 'state.seen', stack: 'prod', seen } as const;
      await expect(store.commit([change, broken])).rejects.toThrow('no exemption 9');
      expect(await store.seenState('prod')).toBeUndefined();
      await store.commit([change]);
      await reopened();
      expect(await store.seenState('prod')).toEqual(seen);
      expect(await store.seenState('dev')).toBeUndefined();
      await store.commit([{ ...change, seen: { resources: 0, run: 6, at: 7 } }]);
      expect(await store.seenState('prod')).toEqual({ resources: 0, run: 6, at: 7 });
    });

    it('has how a check was skipped until it is deleted', async () => {
      const skipped: SkippedCheck = { kind: 'locked', run: 4, since: 1, at: 2, times: 3 };
      await store.commit([{ type: 'skipped.set', stack: 'prod', skipped }]);
      await store.commit([{ type: 'skipped.set', stack: 'prod', skipped: { ...skipped, times: 4 } }]);
      expect(await store.skippedCheck('prod')).toEqual({ ...skipped, times: 4 });
      await store.removeSkippedCheck('prod');
      await store.removeSkippedCheck('prod');
      expect(await store.skippedCheck('prod')).toBeUndefined();
    });

    it('has the push that was seen last', async () => {
      expect(await store.pushedHead('prod')).toBeUndefined();
      await store.setPushedHead('prod', { head: 'a', source: 's' });
      await store.setPushedHead('prod', { head: 'b', source: 's' });
      expect(await store.pushedHead('prod')).toEqual({ head: 'b', source: 's' });
    });
  });

  describe('unreachable people', () => {
    const refused = (alertId: number, at: number) =>
      store.addRefusal({ person: 'dana', alertId, address: 'slack:U0DANA', error: `no ${at}`, at });

    it('counts the refusals of each alert, also of many at once', async () => {
      const [one, two] = [await alerted('a'), await alerted('b')];
      expect(await store.refusals('dana')).toBeUndefined();
      await Promise.all([refused(one, 10), refused(one, 10), refused(two, 10), refused(one, 10)]);
      await refused(two, 20);
      await reopened();
      expect(await store.refusals('dana')).toEqual({
        ...{ at: 20, error: 'no 20', address: 'slack:U0DANA', reachableAt: null },
        alerts: new Map([
          [one, { times: 3, at: 10 }],
          [two, { times: 2, at: 20 }],
        ]),
      });
    });

    it('drops the refusals of alerts that are over', async () => {
      const [one, two] = [await alerted('a'), await alerted('b')];
      await refused(one, 10);
      const alert = await store.alert(one);
      if (alert === undefined) throw new Error('the alert was not stored');
      await store.commit([{ type: 'alert.update', alert: { ...alert, state: 'resolved' } }]);
      await refused(two, 20);
      expect([...((await store.refusals('dana'))?.alerts.keys() ?? [])]).toEqual([two]);
    });

    it('are reachable again after the last message arrives', async () => {
      const [one, two] = [await alerted('a'), await alerted('b')];
      await refused(one, 10);
      await refused(two, 20);
      // Sent before the newest refusal, so that refusal stays.
      await store.removeRefusal('dana', one, 15);
      expect(await store.refusals('dana')).toMatchObject({ error: 'no 20', reachableAt: 15 });
      await store.removeRefusal('dana', one, 30);
      expect(await store.refusals('dana')).toMatchObject({
        error: null,
        alerts: new Map([[two, { times: 1, at: 20 }]]),
      });
      await store.removeRefusal('dana', two, 40);
      expect(await store.refusals('dana')).toBeUndefined();
    });

    it('stores a sign of life only after a refusal', async () => {
      await store.setReachable('dana', 5);
      expect(await store.refusals('dana')).toBeUndefined();
      await refused(await alerted('a'), 10);
      await store.setReachable('dana', 12);
      expect(await store.refusals('dana')).toMatchObject({ error: 'no 10', reachableAt: 12 });
    });

    it('stores channels that accept no messages', async () => {
      await store.addLostChannel({ platform: 'slack', channel: 'C0OPS', error: 'archived' });
      await store.addLostChannel({ platform: 'slack', channel: 'C0OPS', error: 'gone' });
      await store.addLostChannel({ platform: 'teams', channel: 'C0OPS', error: 'x' });
      await store.removeLostChannel('teams', 'C0OPS');
      await store.removeLostChannel('teams', 'C0OPS');
      expect(await store.lostChannels()).toEqual([{ platform: 'slack', channel: 'C0OPS', error: 'gone' }]);
    });
  });

  describe('events of a chat', () => {
    it('are new once, also if they arrive together or after a restart', async () => {
      const asked = await Promise.all(
        Array.from({ length: 20 }, () => store.isNewEvent('slack', 'event:Ev1', 1)),
      );
      expect(asked.filter(Boolean)).toHaveLength(1);
      await reopened();
      expect(await store.isNewEvent('slack', 'event:Ev1', 2)).toBe(false);
      expect(await store.isNewEvent('teams', 'event:Ev1', 2)).toBe(true);
      expect(await store.isNewEvent('slack', 'event:Ev2', 2)).toBe(true);
    });

    it('are new once for two processes on one database', async () => {
      const one = await backend.open(place, 10_000);
      const other = await backend.open(place, 10_000);
      try {
        const asked = await Promise.all([one.isNewEvent('slack', 'k', 1), other.isNewEvent('slack', 'k', 1)]);
        expect(asked.filter(Boolean)).toHaveLength(1);
      } finally {
        await one.close();
        await other.close();
      }
    });

    it('are forgotten after a week', async () => {
      await store.isNewEvent('slack', 'k', 0);
      expect(await store.isNewEvent('slack', 'k', 7 * DAY_MS)).toBe(false);
      expect(await store.isNewEvent('slack', 'k', 7 * DAY_MS + 1)).toBe(true);
    });
  });

  describe('Teams', () => {
    const conversation = (id: string, change: Partial<TeamsConversation> = {}): TeamsConversation => ({
      ...{
        id,
        kind: 'channel',
        serviceUrl: 'https://a.example/',
        botId: '28:m0',
        tenantId: null,
        gone: false,
      },
      ...change,
    });

    it('has each conversation as it was stored last', async () => {
      expect(await store.teamsConversation('c')).toBeUndefined();
      await store.setTeamsConversation(conversation('c'));
      const left = conversation('c', { gone: true, tenantId: 't' });
      await store.setTeamsConversation(left);
      await reopened();
      expect(await store.teamsConversation('c')).toEqual(left);
    });

    it('has the chat with a person until it is deleted', async () => {
      await store.setTeamsPersonal('u', 'a:1');
      await store.setTeamsPersonal('u', 'a:2');
      expect(await store.teamsPersonal('u')).toBe('a:2');
      await store.setTeamsPersonal('u', null);
      expect(await store.teamsPersonal('u')).toBeUndefined();
    });

    it('adds channels to a team, and moves all of them with its service', async () => {
      const serviceUrl = 'https://a.example/';
      for (const id of ['c1', 'c2', 'c3']) await store.setTeamsConversation(conversation(id));
      await store.addTeamsChannels('t', { serviceUrl, channels: ['c1'] });
      expect(await store.teamsTeam('t')).toEqual({ serviceUrl, channels: ['c1'], listed: true });
      await store.addTeamsChannels('t', { serviceUrl, channels: ['c2', 'c1'], listed: false });
      await store.addTeamsChannels('t', { serviceUrl, channels: [] });
      expect(await store.teamsTeam('t')).toEqual({ serviceUrl, channels: ['c1', 'c2'], listed: false });
      const moved = 'https://b.example/';
      await store.addTeamsChannels('t', { serviceUrl: moved, channels: ['c1'] });
      const urls = await Promise.all(['c1', 'c2', 'c3'].map((id) => store.teamsConversation(id)));
      expect(urls.map((c) => c?.serviceUrl)).toEqual([moved, moved, serviceUrl]);
      const many = Array.from({ length: 1_200 }, (_, i) => `n${i}`);
      await store.addTeamsChannels('t', { serviceUrl: moved, channels: many });
      expect((await store.teamsTeam('t'))?.channels).toHaveLength(1_000);
    });

    it('has notes by kind and key, and adds one once', async () => {
      const note = { kind: 'posted', key: 'k', value: '1', at: 1 } as const;
      expect(await store.teamsNote('posted', 'k')).toBeUndefined();
      expect(await Promise.all([store.addTeamsNote(note), store.addTeamsNote(note)])).toEqual([true, false]);
      await store.setTeamsNote({ ...note, value: '2' });
      expect(await store.addTeamsNote({ ...note, value: '3' })).toBe(false);
      await reopened();
      expect(await store.teamsNote('posted', 'k')).toBe('2');
      expect(await store.teamsNote('form', 'k')).toBeUndefined();
    });
  });
});
