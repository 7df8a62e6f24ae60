/** A person deletes m0's message in the chat: the next check that finds the problem posts it again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { KIM, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const MINUTE = 60_000;

let core: Core;
async function open(channels = ['C0OPS']): Promise<void> {
  core = await Core.open([
    stackWith({ channels: channels.map((channel) => ({ platform: 'slack' as const, channel })) }),
  ]);
  await core.worker.start();
  core.cloud.drift.set(STACK, [SSH]);
}
beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  await core.close();
});

const ops = () => core.chat.in('C0OPS');
const dms = () => core.chat.in('DU0DANA');

async function checked(): Promise<number> {
  core.now += 10 * MINUTE;
  const { id } = await core.check();
  await core.deliver();
  return id;
}

describe('a deleted card of open drift', () => {
  it('is posted again by the next check that finds the drift, and is the card from then on', async () => {
    const id = await checked();
    core.chat.delete('C0OPS');
    await checked();
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('seen 2 times');
    expect(core.chat.at('C0OPS', 0).replies).toEqual([
      `The message about this was deleted here, so it is posted again. Its history starts anew; all of it: history ${STACK}`,
    ]);
    expect(dms()).toHaveLength(1);
    await checked();
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('seen 3 times');
    await core.say(`reject #${id} not now`, KIM);
    await core.deliver();
    expect(core.chat.at('C0OPS', 0).card.headline).toContain('rejected by Kim');
    expect(core.chat.at('C0OPS', 0).replies.at(-1)).toBe(`Kim rejected run #${id}: not now`);
  });

  it('is not posted again by an update for another reason', async () => {
    core.cloud.drift.set(STACK, [SSH, tagFinding()]);
    const id = await checked();
    core.chat.delete('C0OPS');
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`);
    await core.deliver();
    expect(ops()).toEqual([]);
    await checked();
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('snoozed by Dana');
  });

  it('that is deleted again comes once for each check that finds the drift', async () => {
    const id = await checked();
    for (let times = 1; times <= 3; times += 1) {
      core.chat.delete('C0OPS');
      await checked();
      expect(ops(), `after check ${times}`).toHaveLength(1);
      core.chat.delete('C0OPS');
      await core.say(`ask #${id}`, KIM);
      await core.deliver();
      core.now += 61 * MINUTE;
      await core.deliver();
      expect(ops()).toEqual([]);
      await checked();
    }
  });

  it('is posted again in the channel that lost it only', async () => {
    await core.close();
    await open(['C0DEV', 'C0OPS']);
    await checked();
    core.chat.delete('C0DEV');
    await checked();
    const [dev, opsCard] = [core.chat.at('C0DEV', 0), core.chat.at('C0OPS', 0)];
    expect([core.chat.in('C0DEV').length, ops().length]).toEqual([1, 1]);
    expect(dev.replies).toHaveLength(1);
    expect(opsCard.replies).toEqual([]);
  });

  it('is posted again in direct messages as well', async () => {
    await checked();
    core.chat.delete('DU0DANA');
    await checked();
    expect(dms()).toHaveLength(1);
    expect(textOf(core.chat.at('DU0DANA', 0).card)).toContain('You are on call (primary)');
    expect(core.chat.at('DU0DANA', 0).replies[0]).toContain('was deleted here');
    expect(ops()).toHaveLength(1);
  });

  it('is posted once if m0 stops between the post and storing where it is', async () => {
    await checked();
    core.chat.delete('C0OPS');
    await core.check();
    core.storeFault = (method) => (method === 'replaceMessage' ? new Error('the disk is full') : null);
    await core.deliver();
    core.storeFault = null;
    core.now += 10 * MINUTE;
    await core.restart();
    await core.deliver();
    expect(ops()).toHaveLength(1);
    expect(core.chat.at('C0OPS', 0).replies).toHaveLength(1);
    await checked();
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('seen 3 times');
  });

  it('is posted again also if a later update waits with that of the check', async () => {
    core.cloud.drift.set(STACK, [SSH, tagFinding()]);
    const id = await checked();
    core.chat.delete('C0OPS');
    core.chat.outage = new ChatError('posting: no answer');
    await checked();
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`);
    await core.deliver();
    core.chat.outage = null;
    for (let i = 0; i < 4; i += 1) {
      core.now += 10 * MINUTE;
      await core.deliver();
    }
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('snoozed by Dana');
  });

  it('gets no lines of history, and that is no failed delivery', async () => {
    const id = await checked();
    core.chat.delete('C0OPS');
    await core.say(`reject #${id} not now`, KIM);
    await core.deliver();
    expect(core.logLines.filter((line) => /is given up|has to wait/.test(line))).toEqual([]);
    await checked();
    expect(core.chat.at('C0OPS', 0).card.headline).toContain('rejected by Kim');
  });

  it('is not posted again once the drift is gone', async () => {
    await checked();
    core.chat.delete('C0OPS');
    core.cloud.drift.set(STACK, []);
    await checked();
    await checked();
    expect(ops()).toEqual([]);
  });

  it('is not posted in a channel that no longer gets the messages of the stack', async () => {
    await core.close();
    await open(['C0DEV', 'C0OPS']);
    await checked();
    core.chat.delete('C0DEV');
    const channels = [{ platform: 'slack' as const, channel: 'C0OPS' }];
    await core.restart({ ...core.directory, stacks: [stackWith({ channels })] });
    await checked();
    expect(core.chat.in('C0DEV')).toEqual([]);
    expect(ops()).toHaveLength(1);
  });
});

describe('other deleted cards', () => {
  it('of a failing check are posted again by the next check that fails', async () => {
    const fail = (): void =>
      core.cloud.next('plan', () => Promise.reject(new Error('running git fetch: no route')));
    fail();
    await checked();
    core.chat.delete('C0OPS');
    fail();
    await checked();
    expect(ops().map((m) => m.card.headline)).toEqual([expect.stringContaining('2 times')]);
  });

  it('of a fleet are posted again by the next round that finds its drift', async () => {
    await core.close();
    const names = Array.from({ length: 6 }, (_, i) => `prod-${i}`);
    core = await Core.open(names.map((name) => stackWith({ name })));
    await core.worker.start();
    const round = async (): Promise<void> => {
      for (const name of names) {
        core.cloud.drift.set(name, [SSH]);
        await core.check('schedule', name);
        await core.deliver();
      }
      core.now += 15_000;
      await core.deliver();
    };
    await round();
    const isFleet = ({ card }: { readonly card: { readonly headline: string } }): boolean =>
      card.headline.startsWith('6 stacks');
    expect(ops().map(isFleet)).toEqual([false, false, false, true]);
    core.chat.delete('C0OPS');
    core.now += 120 * MINUTE;
    await round();
    expect(ops().map(isFleet)).toEqual([false, false, false, true]);
    core.now += 120 * MINUTE;
    await round();
    expect(ops()).toHaveLength(4);
  });
});
