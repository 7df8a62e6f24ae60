import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import type { Actor } from '../../src/model/run.ts';
import type { Reply } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding } from '../support/runs.ts';

const SSH = sshFinding();
const STRANGER: Actor = { person: null, platform: 'slack', userId: 'U0GUEST', name: 'Guest' };
const DEV = 'C0DEV';

let core: Core;
beforeEach(async () => {
  core = await Core.open([
    stackWith(),
    stackWith({ name: 'prod-db' }),
    stackWith({ name: 'dev-app', environment: 'dev' }),
  ]);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

function replyTo(text: string, channel = DEV, actor: Actor = DANA): Promise<Reply> {
  return core.handler({
    ...{ text, actor, answers: null, from: null },
    place: { platform: 'slack', channel },
  });
}

/** The card of the answer, and whether everybody in the channel sees it. */
async function said(text: string, channel = DEV, actor: Actor = DANA): Promise<[Card, string]> {
  const reply = await replyTo(text, channel, actor);
  if (reply.type !== 'private' && reply.type !== 'public')
    throw new Error(`"${text}" was answered with ${reply.type}`);
  return [reply.card, reply.type];
}

const headlines = (channel: string) => core.chat.in(channel).map((m) => m.card.headline);

async function drifts(name: string): Promise<void> {
  core.cloud.drift.set(name, [SSH]);
  await core.check('schedule', name);
  await core.deliver();
}

describe('subscribe', () => {
  it('posts alerts of its target to the channel, besides the channels of m0.yaml', async () => {
    const [card, seenBy] = await said('subscribe prod');
    expect(seenBy).toBe('public');
    expect(card.headline).toBe(
      'Dana subscribed this channel to prod: 2 stacks now: prod-network and prod-db.',
    );
    await drifts(STACK);
    await drifts('dev-app');
    expect(headlines(DEV)).toEqual([expect.stringMatching(/^prod-network: /)]);
    expect(headlines('C0OPS')).toHaveLength(2);
    // Both messages are updated to the end.
    core.cloud.drift.set(STACK, []);
    await core.check('schedule', STACK);
    await core.deliver();
    expect(core.chat.at(DEV, 0).card).toEqual(core.chat.at('C0OPS', 0).card);
    expect(core.chat.at(DEV, 0).replies).toEqual(core.chat.at('C0OPS', 0).replies);
  });

  it('posts open alerts at once, also of failing checks, and none twice', async () => {
    await drifts(STACK);
    core.cloud.next('plan', () => Promise.reject(new Error('reading S3 state: AccessDenied')));
    await core.check('schedule', 'prod-db');
    await core.deliver();
    expect(core.chat.in(DEV)).toEqual([]);
    await said('subscribe prod');
    await core.deliver();
    expect(headlines(DEV)).toEqual([
      expect.stringMatching(/^prod-network: /),
      expect.stringMatching(/^prod-db could not be checked/),
    ]);
    await said('subscribe prod-network');
    await core.deliver();
    expect(core.chat.in(DEV)).toHaveLength(2);
    expect(core.chat.in('C0OPS')).toHaveLength(2);
  });

  it('covers a new stack, survives a restart, and ignores removed stacks', async () => {
    await said('subscribe prod');
    await core.restart({
      ...core.directory,
      stacks: [stackWith({ name: 'prod-new' }), stackWith({ name: 'dev-app', environment: 'dev' })],
    });
    await drifts('prod-new');
    expect(headlines(DEV)).toEqual([expect.stringMatching(/^prod-new: /)]);
    await core.restart({ ...core.directory, stacks: [stackWith({ name: 'dev-app', environment: 'dev' })] });
    const [status] = await said('status');
    expect(textOf(status)).toContain('Subscribed to prod, which names nothing in m0.yaml any more: ');
    const [ended] = await said('unsubscribe prod');
    expect(ended.headline).toContain('ended this channel');
    expect(await core.store.subscriptions()).toEqual([]);
  });

  it('to many open alerts makes a handful of messages', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `prod-${String(i).padStart(2, '0')}`);
    await core.restart({ ...core.directory, stacks: names.map((name) => stackWith({ name })) });
    for (const name of names) {
      await drifts(name);
      core.now += 60_000;
    }
    core.now += 3_600_000;
    await said('subscribe prod');
    await core.deliver();
    core.now += 15_000;
    await core.deliver();
    expect(core.chat.in(DEV)).toHaveLength(4);
    expect(core.chat.at(DEV, 3).card.headline).toMatch(/^20 stacks drifted/);
  });

  it('also posts alerts of broken policies', async () => {
    await said('subscribe prod');
    core.cloud.stale.set('tags-auto', { id: 'b'.repeat(40), error: 'rego_parse_error', since: core.now });
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(headlines(DEV)).toEqual([expect.stringContaining('tags-auto')]);
  });

  it('is for people of m0.yaml, in channels, and is in the audit record', async () => {
    const [no, seenBy] = await said('subscribe prod', DEV, STRANGER);
    expect([no.headline, seenBy]).toEqual([expect.stringContaining('m0 does not know you'), 'private']);
    const [direct] = await said('subscribe prod', 'D0DANA');
    expect(direct.headline).toContain('Direct messages can’t be subscribed');
    expect(await core.store.subscriptions()).toEqual([]);
    await said('subscribe prod');
    await said('unsubscribe prod', DEV, KIM);
    const record = await core.store.audit({ stack: 'prod' });
    expect(record.map((e) => [e.action, e.actor.name, e.place])).toEqual([
      ['unsubscribe', 'Kim', { platform: 'slack', channel: DEV }],
      ['subscribe', 'Dana', { platform: 'slack', channel: DEV }],
    ]);
    expect(await core.store.verifyAudit()).toMatchObject({ ok: true });
  });

  it('by two people at once is one subscription and one audit entry', async () => {
    await Promise.all([said('subscribe prod'), said('subscribe PROD', DEV, KIM)]);
    expect(await core.store.subscriptions()).toHaveLength(1);
    expect(await core.store.audit({ stack: 'prod' })).toHaveLength(1);
    const [again, seenBy] = await said('subscribe Prod');
    expect([again.headline, seenBy]).toEqual([
      expect.stringContaining('subscribed to Prod already'),
      'private',
    ]);
  });

  it('of an unknown target is refused with similar names', async () => {
    const [card] = await said('subscribe prdo');
    expect(buttonsOf(card).map((b) => b.command)).toContain('subscribe prod');
    expect(await core.store.subscriptions()).toEqual([]);
  });
});

describe('unsubscribe', () => {
  it('ends it: nothing new is posted, and what was posted stays up to date', async () => {
    await said('subscribe prod');
    await drifts(STACK);
    const [card, seenBy] = await said('unsubscribe prod');
    expect(seenBy).toBe('public');
    expect(card.headline).toContain("Dana ended this channel's subscription to prod.");
    await drifts('prod-db');
    expect(core.chat.in(DEV)).toHaveLength(1);
    core.cloud.drift.set(STACK, []);
    await core.check('schedule', STACK);
    await core.deliver();
    expect(core.chat.at(DEV, 0).card).toEqual(core.chat.at('C0OPS', 0).card);
  });

  it('stops reminders in the channel', async () => {
    const escalation = [{ afterMs: 3_600_000, to: 'channel', everyMs: 3_600_000 }];
    const stacks = core.directory.stacks.map((s) => ({ ...s, escalation }));
    await core.restart({ ...core.directory, stacks });
    await said('subscribe prod');
    await drifts(STACK);
    core.now += 3_600_000;
    await core.periodicWork();
    expect(core.chat.at(DEV, 0).replies).toEqual([expect.stringContaining('has waited for')]);
    await said('unsubscribe prod');
    core.now += 3_600_000;
    await core.periodicWork();
    expect(core.chat.at(DEV, 0).replies).toHaveLength(1);
    expect(core.chat.at('C0OPS', 0).replies).toHaveLength(2);
  });

  it('cannot end a channel of m0.yaml, and says where to change that', async () => {
    const [card, seenBy] = await said('unsubscribe prod', 'C0OPS');
    expect(seenBy).toBe('private');
    expect(textOf(card)).toContain('\\"channels\\"');
    await said('subscribe prod', 'C0OPS');
    const [ended] = await said('unsubscribe prod', 'C0OPS');
    expect(textOf(ended)).toContain('It still hears of prod-network and prod-db');
    await drifts(STACK);
    expect(core.chat.in('C0OPS')).toHaveLength(1);
  });

  it('of a part of a subscription names the whole', async () => {
    await said('subscribe prod');
    const [card] = await said('unsubscribe prod-db');
    expect(buttonsOf(card).map((b) => b.command)).toEqual(['unsubscribe prod']);
    const [none] = await said('unsubscribe dev');
    expect(textOf(none)).toContain('It is subscribed to prod.');
  });
});

describe('without a target', () => {
  it('status, drift and digest mean what the channel is subscribed to', async () => {
    await said('subscribe prod-db');
    for (const command of ['status', 'drift', 'digest']) {
      const [card] = await said(command);
      expect(textOf(card)).not.toContain('dev-app');
    }
    const [status] = await said('status');
    expect(status.headline).toMatch(/^prod-db: /);
    expect(textOf(status)).toContain('Subscribed to prod-db');
    await core.untilIdle();
  });

  it('status says how to subscribe in a channel without alerts; in direct messages it means all stacks', async () => {
    const [status] = await said('status');
    expect(textOf(status)).toContain('subscribe prod');
    expect(status.headline).toContain('3 stacks');
    const [direct] = await said('status', 'D0DANA');
    expect(direct.headline).toContain('3 stacks');
    expect(textOf(direct)).not.toContain('subscribe');
  });
});
