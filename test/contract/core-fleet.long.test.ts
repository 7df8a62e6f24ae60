import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Core, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const MINUTE = 60_000;
const ALL = [{ rule: 'allow' as const, text: 'tags', address: TAG.address }];
const NAMES = Array.from({ length: 40 }, (_, i) => `prod-${String(i).padStart(2, '0')}`);

let core: Core;
beforeEach(async () => {
  core = await Core.open(NAMES.map((name) => stackWith({ name, healLimit: 100 })));
  await core.worker.start();
  core.cloud.policies.set('tags-auto', ALL);
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const ops = () => core.chat.in('C0OPS');
const dms = () => core.chat.in('DU0DANA');
const fleetCard = () =>
  ops().find((m) => m.card.headline.includes('stacks'))
    ?.card as never as (typeof core.chat.messages)[0]['card'];

/** A round of checks, with delivery after each. */
async function round(names: readonly string[] = NAMES): Promise<void> {
  for (const name of names) {
    await core.check('schedule', name);
    core.now += 1_000;
    await core.deliver();
  }
  await settle();
}

async function settle(): Promise<void> {
  core.now += 15_000;
  await core.deliver();
}

describe('forty stacks that drift at once', () => {
  it('make a handful of messages: one covers all stacks, by status', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, name < 'prod-02' ? [TAG, SSH] : [TAG]);
    await round();
    expect(ops()).toHaveLength(4);
    const card = fleetCard();
    expect(card.headline).toMatch(
      /^40 stacks drifted the same way at .*: tags\.Owner removed on 40 resources\. 38 healed themselves, 2 wait: prod-00 and prod-01$/,
    );
    expect(buttonsOf(card).map((b) => b.command)).toEqual([
      'status stack:prod-00',
      'status stack:prod-01',
      'status env:prod',
    ]);
    expect(core.cloud.applies).toHaveLength(40);
  });

  it('also make a handful of DMs to the people on call', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    expect(ops()).toHaveLength(4);
    expect(dms()).toHaveLength(4);
    const [, , , fleet] = dms();
    expect(fleet?.card.headline).toContain('40 wait: prod-00, prod-01');
    expect(textOf(fleet?.card as never)).toContain('You are on call (primary)');
  });

  it('seen again in the next round: nothing new is posted', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    const posted = core.chat.messages.length;
    core.now += 2 * 60 * MINUTE;
    await round();
    expect(core.chat.messages).toHaveLength(posted);
  });

  it('are decided one by one from the card, which is updated', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    const answer = await core.say('status stack:prod-30', undefined, true);
    const approve = buttonsOf(answer as never).find((b) => b.command.startsWith('approve'));
    expect(approve?.label).toBe('Approve: close SSH again');
    await core.say(approve?.command ?? '', undefined, true);
    await core.untilIdle();
    await settle();
    await settle();
    expect(core.cloud.applies.map((a) => a.stack)).toEqual(['prod-30']);
    expect(fleetCard().headline).toContain('39 wait');
    expect(textOf(fleetCard())).toMatch(/1 applied.*approved by .*"Dana".*prod-30 since/);
  });

  it('without a decision are announced in one line for all of them', async () => {
    await core.close();
    const escalation = [{ afterMs: 60 * MINUTE, to: 'channel', everyMs: null }];
    const channels = ['C0OPS', 'C0DEV'].map((channel) => ({ platform: 'slack' as const, channel }));
    core = await Core.open(NAMES.map((name) => stackWith({ name, escalation, channels })));
    await core.worker.start();
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    core.now += 60 * MINUTE;
    await core.periodicWork();
    await core.periodicWork();
    // In the thread of the fleet message, which covers the first three stacks too, in each channel.
    const line = 'Stacks of this message have waited for 1 h';
    expect(core.chat.broadcasts).toEqual([line, line]);
    for (const channel of ['C0OPS', 'C0DEV']) {
      const fleet = core.chat.in(channel).find((m) => m.card.headline.includes('stacks'));
      expect(fleet?.replies).toEqual([line]);
    }
  });

  it('are repeated to the people asked, in one line in the thread of the fleet message', async () => {
    await core.close();
    const escalation = [{ afterMs: 60 * MINUTE, to: 'asked', everyMs: null }];
    core = await Core.open(NAMES.map((name) => stackWith({ name, escalation })));
    await core.worker.start();
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    core.now += 60 * MINUTE;
    await core.periodicWork();
    await core.periodicWork();
    const fleet = dms().find((m) => m.card.headline.includes('stacks'));
    expect(fleet?.replies).toEqual(['Stacks of this message have waited for 1 h']);
    expect(dms().flatMap((m) => m.replies)).toHaveLength(1);
  });

  it('end the card when all are decided, with the results', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    await round();
    for (const name of NAMES) core.cloud.drift.set(name, []);
    await round();
    await settle();
    expect(fleetCard().tone).toBe('good');
    expect(buttonsOf(fleetCard())).toEqual([]);
    expect(fleetCard().headline).toContain('40 aligned again');
    expect((await core.alerts('open')).length).toBe(0);
  });

  it('survive a restart in the middle: no message is missing or doubled', async () => {
    for (const name of NAMES) core.cloud.drift.set(name, [SSH]);
    for (const name of NAMES.slice(0, 20)) {
      await core.check('schedule', name);
      core.now += 1_000;
    }
    core.chat.fail('post', 'C0OPS', { error: new Error('gone'), arrived: true });
    await core.deliver();
    await core.restart();
    core.now += 5_000;
    await round(NAMES.slice(20));
    await settle();
    expect(ops()).toHaveLength(4);
    expect(fleetCard().headline).toContain('40 stacks');
  });

  it('a stack that drifts hours later has its own message', async () => {
    for (const name of NAMES.slice(0, 30)) core.cloud.drift.set(name, [SSH]);
    await round(NAMES.slice(0, 30));
    core.now += 3 * 60 * MINUTE;
    core.cloud.drift.set('prod-35', [SSH]);
    await core.check('schedule', 'prod-35');
    await core.deliver();
    expect(ops().at(-1)?.card.headline).toContain('prod-35');
    expect(ops()).toHaveLength(5);
  });
});

describe('checks that fail in many stacks at once', () => {
  it('are one message, which is updated when the checks work again', async () => {
    const away = new Error('reading S3 state: AccessDenied for role m0-plan');
    const fail = (): void => {
      for (const _ of NAMES) {
        core.cloud.next('plan', () => {
          throw away;
        });
      }
    };
    fail();
    await round();
    expect(ops()).toHaveLength(4);
    expect(fleetCard().headline).toContain('40 stacks can’t be checked');
    expect(fleetCard().headline).toContain('AccessDenied');
    fail();
    await round();
    expect(ops()).toHaveLength(4);
    await round();
    await settle();
    expect(ops()).toHaveLength(4);
    expect(fleetCard().headline).toContain('40 can be checked again');
  });
});
