import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendDigest } from '../../src/alerts/digest.ts';
import { M0 } from '../../src/model/run.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
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
  // Each digest has its own time.
  core.now += 1;
  const { store, directory } = core;
  const parts = {
    ...{ store, directory, onCall: async () => ({ primary: ['dana'] }) },
    ...{ clock: () => core.now, lastTicks },
  };
  await sendDigest(parts, PLAN, 'digest 0');
  await core.deliver();
}

async function checkAll(): Promise<void> {
  for (const stack of core.directory.stacks) await core.check('schedule', stack.name);
}

const told = (): readonly string[] => core.chat.in('C0DEV').map((m) => m.card.headline);

describe('a digest', () => {
  it('without content is one line', async () => {
    await checkAll();
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
    expect(headline).toContain('1 can’t be checked');
    expect(headline).toContain('1 healed itself');
    expect(headline).toContain('1 quiet');
    expect(headline).toContain('0 of 3 aligned');
    const card = core.chat.in('C0DEV')[1]?.card;
    const text = card === undefined ? '' : textOf(card);
    expect(text).toContain('waits for sre or the person on call (Dana)');
    expect(text).toContain('the snooze of aws_s3_bucket.db by ');
    expect(text).toContain('prod-app');
    expect(text).toContain('1 more open than in the digest before');
  });

  it('never says that all is well of stacks that nobody checked, or not for long', async () => {
    await send();
    expect(told()).toEqual(['prod: 3 never checked · 0 of 3 aligned']);
    expect(textOf(core.chat.at('C0DEV', 0).card)).toContain(
      'Never checked: prod-network, prod-db and prod-app',
    );
    await checkAll();
    await send();
    expect(told()[1]).toContain('all 3 stacks aligned');
    // Two checks were missed, then three.
    core.now += 5 * HOUR;
    await send();
    expect(told()[2]).toContain('all 3 stacks aligned');
    core.now += 3 * HOUR;
    await core.check('schedule', 'prod-db');
    await send();
    expect(told()[3]).toContain('2 last checked too long ago · 1 of 3 aligned');
    expect(textOf(core.chat.at('C0DEV', 3).card)).toContain(
      'Last checked too long ago: prod-network and prod-app',
    );
  });

  it('counts what is being checked beside what is known of it', async () => {
    await checkAll();
    let go = (): void => {};
    core.cloud.next('plan', () => new Promise<void>((resolve) => (go = resolve)));
    await core.worker.check(core.stack, 'schedule', M0);
    await core.untilState('planning');
    await send();
    expect(told()).toEqual(['prod: 1 being checked · all 3 stacks aligned']);
    go();
    await core.untilIdle();
  });

  it('has the oldest with the buttons of their cards, which do what those do', async () => {
    for (const [i, name] of ['prod-app', 'prod-db', STACK].entries()) {
      core.cloud.drift.set(name, [sshFinding(`203.0.113.${i}/32`)]);
      await core.check('schedule', name);
      core.now += DAY;
    }
    await send();
    const { card } = core.chat.at('C0DEV', 0);
    const [oldest] = await core.store.runs({ stack: 'prod-app', states: ['awaiting_approval'] });
    const buttons = buttonsOf(card);
    expect(buttons.map((b) => b.command.split(' ')[0])).toEqual([
      ...['approve', 'snooze', 'show', 'approve', 'snooze', 'show', 'approve', 'snooze', 'show', 'status'],
    ]);
    expect(buttons[0]?.command).toMatch(new RegExp(`^approve #${oldest?.id} [0-9a-f]{8}$`));
    expect(buttons[0]?.confirm?.body).toContain('203.0.113.0/32');
    await core.say(buttons[0]?.command ?? '', DANA);
    await core.untilIdle();
    expect(core.cloud.applies.map((a) => a.run)).toEqual([oldest?.id]);
    // The same button of the same digest, after other drift: it was never shown with that.
    core.cloud.drift.set('prod-app', [sshFinding('198.51.100.1/32')]);
    await core.check('schedule', 'prod-app');
    expect(await core.sayText(buttons[0]?.command ?? '', DANA)).toContain('realigned');
    expect(core.cloud.applies).toHaveLength(1);
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

describe('the trend of a digest', () => {
  const trendIn = (i: number) => {
    const block = core.chat.at('C0DEV', i).card.blocks.find((b) => b.type === 'picture');
    return block?.type === 'picture' ? block : undefined;
  };
  const openOf = (i: number) =>
    trendIn(i)?.picture.days.map((d) => (d.cloud === null ? null : d.cloud + (d.code ?? 0)));
  const nothingBefore = (days: number) => Array.from({ length: 30 - days }, () => null);

  /** One finding heals itself today, one waits from today on, and is approved on the third day. */
  async function threeDays(): Promise<void> {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.check();
    core.now += 2 * DAY;
    const [waits] = await core.store.runs({ stack: STACK, states: ['awaiting_approval'] });
    await core.say(`approve #${waits?.id}`, DANA);
    await core.untilIdle();
    core.now += DAY;
  }

  it('is a picture with its words: open by origin and age, healed by policy and by people', async () => {
    core.cloud.drift.set('prod-db', [tagFinding('aws_s3_bucket.db'), { ...SSH, origin: 'code' }]);
    await core.check('schedule', 'prod-db');
    await threeDays();
    await send();
    const shown = trendIn(0);
    expect(openOf(0)).toEqual([...nothingBefore(4), 3, 3, 2, 2]);
    expect(shown?.picture.days.map((d) => [d.policy, d.people]).slice(-4)).toEqual([
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(shown?.picture.ages.map((a) => [a.label, a.cloud, a.code])).toEqual([
      ...[
        ['under a day', 0, 0],
        ['1 to 7 days', 1, 1],
        ['8 to 30 days', 0, 0],
        ['older', 0, 0],
      ],
    ]);
    const words =
      'Open: 2 resources. 1 healed by policy, 1 by people in 30 days. Oldest: prod-db, 3 d, waits for sre or the person on call (Dana)';
    expect(shown?.alt).toBe(
      `${words}. Bar charts of 30 days. Open now: 1 in the cloud, 1 in the code, 0 in both. Most open: 3 on 2026-03-02. By age: under a day: 0, 1 to 7 days: 2, 8 to 30 days: 0, older: 0`,
    );
    expect(textOf(core.chat.at('C0DEV', 0).card)).toContain(
      `{"type":"text","text":${JSON.stringify(words)}}`,
    );
    core.now += 5 * DAY;
    await send();
    expect(trendIn(1)?.alt).toContain('Open: 2 resources (last week 3)');
  });

  it('leaves out what was snoozed while it was, and drift of other targets', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.now += 60_000;
    await core.sayText(`snooze #${id} 2d vendor`, DANA);
    core.now += DAY;
    await send();
    expect(openOf(0)).toBeUndefined();
    core.now += 2 * DAY;
    await core.check();
    await send();
    expect(openOf(1)).toEqual([...nothingBefore(4), 0, 0, 0, 1]);
    core.directory = { ...core.directory, stacks: core.directory.stacks.filter((s) => s.name !== STACK) };
    await send();
    expect(trendIn(2)).toBeUndefined();
  });

  it('does not count as healed what an apply left as it was', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.stubborn.add(TAG.address);
    core.cloud.drift.set(STACK, [TAG]);
    await core.check();
    expect(core.cloud.applies).toHaveLength(1);
    await send();
    expect(trendIn(0)?.alt).toContain('Open: 1 resource. 0 healed by policy, 0 by people');
    expect(told()[0]).not.toContain('healed');
  });

  it('keeps its numbers when the runs are deleted, and computes them the same a second time', async () => {
    await threeDays();
    await send();
    const before = trendIn(0);
    const stored = await core.store.value('trend');
    await send();
    expect(await core.store.value('trend')).toBe(stored);
    // Enough newer runs that the old ones may go.
    for (let i = 0; i < 21; i += 1) await core.check();
    const deleted = await core.store.prune({ runs: core.now, checks: 0, deliveries: 0 });
    expect(deleted.runs).toBeGreaterThan(0);
    expect(await core.store.run(1)).toBeUndefined();
    await send();
    expect(trendIn(2)?.picture.days).toEqual(before?.picture.days);
  });

  it('is kept once a day without any digest', async () => {
    await threeDays();
    await core.keepTrend();
    expect(Object.keys(JSON.parse((await core.store.value('trend')) ?? '{}'))).toEqual([
      ...['2026-03-02', '2026-03-03', '2026-03-04'],
    ]);
  });
});
