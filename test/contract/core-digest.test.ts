import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendDigest } from '../../src/alerts/digest.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const DAY = 86_400_000;
const PLAN = {
  channels: [{ platform: 'slack' as const, channel: 'C0DEV' }],
  targets: ['prod'],
  timezone: 'UTC',
};

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith(), stackWith({ name: 'prod-db' }), stackWith({ name: 'prod-app' })]);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

async function send(): Promise<void> {
  const { store, directory } = core;
  const parts = { store, directory, onCall: async () => ({ primary: ['dana'] }), clock: () => core.now };
  await sendDigest(parts, PLAN, 'digest 0');
  await core.deliver();
}

const told = (): readonly string[] => core.chat.in('C0DEV').map((m) => m.card.headline);

describe('a digest', () => {
  it('without content is one line', async () => {
    await send();
    expect(told()).toEqual(['prod: all 3 stacks aligned']);
    expect(core.chat.in('C0DEV')[0]?.card.blocks).toEqual([]);
  });

  it('lists open drift by age and by who must act, reverted drift, failures, and snoozes that end', async () => {
    await send();
    core.now += 1000;
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.check();
    core.now += 2 * DAY;
    core.cloud.drift.set('prod-db', [tagFinding('aws_s3_bucket.db')]);
    await core.check('schedule', 'prod-db');
    core.cloud.next('plan', () => {
      throw new Error('reading S3 state: AccessDenied');
    });
    await core.check('schedule', 'prod-app');
    const [waits] = await core.store.runs({ stack: 'prod-db', states: ['awaiting_approval'] });
    await core.sayText(`snooze #${waits?.id} 3h waiting for finance`);
    await send();

    const [, headline = ''] = told();
    expect(headline).toContain('1 open (oldest 2 d, prod-network)');
    expect(headline).toContain('1 check failing');
    expect(headline).toContain('1 healed itself');
    expect(headline).toContain('1 snooze ends within a day');
    expect(headline).toContain('1 of 3 aligned');
    const card = core.chat.in('C0DEV')[1]?.card;
    const text = card === undefined ? '' : textOf(card);
    expect(text).toContain('waits for sre or the person on call (Dana)');
    expect(text).toContain('prod-app');
    expect(text).toContain('1 more open than in the digest before');
  });

  it('is posted once, also after a repeated attempt, and nothing is counted in two digests', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG]);
    await core.check();
    core.now += 1000;
    core.chat.fail('post', 'C0DEV', { error: new Error('the answer got lost'), arrived: true });
    await send();
    core.now += 60_000;
    await core.deliver();
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain('1 healed itself');
    await send();
    expect(told()[1]).not.toContain('healed');
    expect(await core.store.lastTick('digest 0')).toBe(core.now);
  });

  it('is answered privately to a person who asks', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    expect(await core.sayText('digest prod', EVE)).toContain('1 open (oldest');
    expect(await core.sayText('digest prod-nowhere', EVE)).toContain('prod-nowhere');
    expect(core.chat.in('C0DEV')).toEqual([]);
  });
});
