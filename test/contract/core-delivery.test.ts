import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatError } from '../../src/ports/chat.ts';
import { LeaseLost } from '../../src/ports/owner.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { KIM, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const lost = { error: new ChatError('posting: no answer'), arrived: true };
const down = { error: new ChatError('posting: no answer'), arrived: false };
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
  await core.close();
});

async function later(times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    core.now += 10 * MINUTE;
    await core.deliver();
  }
}
const ops = () => core.chat.in('C0OPS');

describe('an alert', () => {
  it('is posted once, although the answer to the post is lost twice', async () => {
    core.chat.fail('post', 'C0OPS', lost);
    core.chat.fail('post', 'C0OPS', lost);
    await core.check();
    await core.deliver();
    await later(4);
    expect(ops()).toHaveLength(1);
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });

  it('is posted once if the store fails right after the post', async () => {
    await core.check();
    core.storeFault = (method) => (method === 'addMessage' ? new Error('the disk is full') : null);
    await core.deliver();
    core.storeFault = null;
    await later(2);
    expect(ops()).toHaveLength(1);
    expect(await core.store.messages(1)).toHaveLength(2);
  });

  it('reaches its other channels and the person asked if one channel is gone', async () => {
    await core.close();
    await open(['C0GONE', 'C0OPS']);
    const { id } = await core.check();
    await core.deliver();
    await later();
    expect(ops()).toHaveLength(1);
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    await core.say(`reject #${id} not now`);
    await later();
    expect(core.chat.at('C0OPS', 0).replies).toHaveLength(1);
  });

  it('reaches its other channels if one of them cannot be updated', async () => {
    await core.close();
    await open(['C0DEV', 'C0OPS']);
    core.chat.fail('post', 'C0OPS', down);
    await core.check();
    await core.deliver();
    core.chat.fail('update', 'C0DEV', down);
    core.chat.fail('update', 'C0DEV', down);
    await later();
    expect(ops()).toHaveLength(1);
  });

  it('is sent no further by a process that was replaced between two channels', async () => {
    await core.close();
    await open(['C0DEV', 'C0OPS']);
    await core.check();
    const isReplaced = (): boolean => core.chat.in('C0DEV').length > 0;
    core.storeFault = (method) =>
      method === 'proveOwner' && isReplaced() ? new LeaseLost('another m0 has taken over') : null;
    await core.deliver();
    expect(core.chat.in('C0DEV')).toHaveLength(1);
    expect(ops()).toHaveLength(0);
    core.storeFault = null;
    await later();
    expect(ops()).toHaveLength(0);
    // The process that has taken its place sends it.
    await core.restart();
    await later();
    expect(ops()).toHaveLength(1);
  });

  it.each([
    ['an update that arrives', null],
    ['an update whose answer is lost', new ChatError('updating: no answer')],
  ])('shows what holds after %s late, from a process that was replaced', async (_, answer) => {
    const { id } = await core.check();
    await core.deliver();
    const again = { type: 'card', alertId: 1 } as const;
    await core.store.commit([{ type: 'outbox.add', key: 'again', delivery: again, at: core.now }]);
    // Somebody has deleted the copy to the person, so it can't be put right.
    const copy = core.chat.in('DU0DANA')[0];
    if (copy) copy.deleted = true;
    const update = core.chat.update.bind(core.chat);
    core.chat.update = async (...late) => {
      core.chat.update = update;
      // The process is frozen here. Another one takes its place, and somebody rejects the run there.
      const run = await core.store.run(id);
      if (!run) throw new Error('the run is not in the store');
      const was = { state: run.state, version: run.version };
      const rejected = { ...run, state: 'rejected' as const, version: run.version + 1 };
      await core.store.commit([{ type: 'run.update', run: rejected, was }]);
      core.storeFault = (method) =>
        ['proveOwner', 'outboxDone', 'outboxFailed'].includes(method)
          ? new LeaseLost('another m0 has taken over')
          : null;
      await update(...late);
      if (answer !== null) throw answer;
    };
    await core.deliver();
    const shown = core.chat.updated;
    await later();
    core.storeFault = null;
    expect(core.chat.updated).toBe(shown);
    expect(ops().flatMap(({ card }) => buttonsOf(card).map(({ command }) => command))).not.toContain(
      `approve #${id}`,
    );
    expect(textOf(ops()[0]?.card as never)).toContain('rejected');
  });

  it('is not updated by a process that was replaced before it had sent anything', async () => {
    await core.check();
    await core.deliver();
    const again = { type: 'card', alertId: 1 } as const;
    await core.store.commit([{ type: 'outbox.add', key: 'again', delivery: again, at: core.now }]);
    const shown = core.chat.updated;
    core.storeFault = (method) =>
      method === 'proveOwner' ? new LeaseLost('another m0 has taken over') : null;
    await core.deliver();
    core.storeFault = null;
    expect(core.chat.updated).toBe(shown);
  });

  it('that ended is no longer sent to a channel that is gone', async () => {
    await core.close();
    await open(['C0GONE', 'C0OPS']);
    await core.check();
    await core.deliver();
    core.cloud.drift.set(STACK, []);
    await core.check();
    await later(3);
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });
});

describe('a message that is in the chat and was not stored', () => {
  /** Delivers, and m0 is killed after so many posts are stored, before it stores the next one. */
  async function killedAfter(stored: number): Promise<void> {
    let calls = 0;
    const next = (): number => {
      calls += 1;
      return calls;
    };
    core.storeFault = (method) =>
      method === 'addMessage' && next() > stored ? new Error('the disk is full') : null;
    await core.deliver();
    core.storeFault = null;
  }
  const commandsOf = (channel: string, index: number): readonly string[] =>
    buttonsOf(core.chat.at(channel, index).card).map(({ command }) => command);
  const asksIn = (channel: string): readonly string[] =>
    commandsOf(channel, 0).filter((command) => command.startsWith('approve'));

  it.each([
    ['C0OPS', 0],
    ['DU0DANA', 1],
  ])('in %s asks no longer once a newer run has its place', async (channel, stored) => {
    const first = await core.check();
    await killedAfter(stored);
    expect(core.chat.in(channel)).toHaveLength(1);
    expect(await core.store.messages(1)).toHaveLength(stored);
    core.cloud.drift.set(STACK, [SSH, tagFinding()]);
    const { id } = await core.check();
    await later(2);
    expect(commandsOf(channel, 0)).toEqual([`show #${first.id}`]);
    expect(commandsOf(channel, 1)).toContainEqual(expect.stringContaining(`approve #${id} `));
    expect(core.chat.in(channel)).toHaveLength(2);
  });

  it('asks no longer once the drift is gone', async () => {
    await core.check();
    await killedAfter(0);
    core.cloud.drift.set(STACK, []);
    await core.check();
    await later(2);
    expect(asksIn('C0OPS')).toEqual([]);
    expect(ops()).toHaveLength(1);
  });

  it('is posted anew where it is not found in the chat', async () => {
    await core.check();
    await killedAfter(0);
    core.chat.forgetKeys();
    await later(2);
    expect(ops()).toHaveLength(2);
    expect(await core.store.begunPosts(1)).toEqual([]);
  });

  it('is the copy from then on, in place of one that was deleted', async () => {
    await core.check();
    await core.deliver();
    core.chat.delete('C0OPS');
    core.storeFault = (method) => (method === 'replaceMessage' ? new Error('the disk is full') : null);
    core.now += 60 * MINUTE;
    await core.check();
    await core.deliver();
    core.storeFault = null;
    expect(ops()).toHaveLength(1);
    expect(asksIn('C0OPS')).toHaveLength(1);
    core.cloud.drift.set(STACK, []);
    await core.check();
    await later(2);
    expect(asksIn('C0OPS')).toEqual([]);
    expect(ops()).toHaveLength(1);
  });
});

describe('the history of an alert', () => {
  it('stays in order if a line fails, and each line is posted once', async () => {
    const { id } = await core.check();
    await core.deliver();
    core.chat.fail('reply', 'C0OPS', down);
    core.cloud.next('plan', () => Promise.reject(new Error('running git fetch: no route')));
    await core.say(`approve #${id}`);
    await core.untilIdle();
    // The failed line is not due yet, and the lines after it wait with it.
    await core.deliver();
    core.now += 1_000;
    await core.deliver();
    core.now += 1_500;
    await core.deliver();
    await later(4);
    expect(core.chat.at('C0OPS', 0).replies).toEqual([
      `Dana approved run #${id}; planning again before the apply`,
      'Not applied: running git fetch: no route',
    ]);
  });

  it('that cannot be posted in one channel is posted in the other', async () => {
    await core.close();
    await open(['C0DEV', 'C0OPS']);
    const { id } = await core.check();
    await core.deliver();
    const gone = new ChatError('the thread was deleted', { permanent: true });
    core.chat.fail('reply', 'C0DEV', { error: gone, arrived: false });
    await core.say(`reject #${id}`, KIM);
    await core.deliver();
    await later();
    expect(core.chat.at('C0OPS', 0).replies).toEqual([`Kim rejected run #${id}`]);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('rejected by Kim');
  });
});

describe('a clock that is set back', () => {
  it('delays no delivery', async () => {
    await core.check();
    core.now -= 24 * 60 * MINUTE;
    await core.deliver();
    expect(ops()).toHaveLength(1);
  });
});

describe('a chat that is down for an hour', () => {
  it('loses no message, and gets only the newest state after that', async () => {
    await core.check();
    await core.deliver();
    const before = core.chat.updated;
    core.chat.outage = new ChatError('posting: no answer');
    for (let i = 0; i < 30; i += 1) {
      core.now += 2 * MINUTE;
      await core.check();
      await core.deliver();
    }
    core.cloud.drift.set(STACK, [SSH, tagFinding()]);
    await core.check();
    core.chat.outage = null;
    await later(4);
    // The message and its copy, each updated once as seen again and once as superseded.
    expect(core.chat.updated - before).toBeLessThanOrEqual(6);
    expect(ops().map((m) => m.card.headline)).toEqual([
      expect.stringContaining('superseded by run #32'),
      expect.stringContaining('1 more waits'),
    ]);
    expect(core.chat.in('DU0DANA')).toHaveLength(2);
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });
});

describe('a channel that accepts no messages any more', () => {
  it('is reported once in another channel of its stacks, until it accepts a message again', async () => {
    await core.close();
    await open(['C0GONE', 'C0OPS']);
    await core.check();
    await core.periodicWork();
    await core.periodicWork();
    const told = ops().filter((m) => m.card.headline.includes('can’t write'));
    expect(told.map((m) => m.card.headline)).toEqual([
      `m0 can’t write to slack:C0GONE, the channel of ${STACK}`,
    ]);
    expect(textOf(told[0]?.card as never)).toContain('there is no such channel');
    core.chat.open('C0GONE');
    core.now += 10 * MINUTE;
    await core.deliver();
    await core.periodicWork();
    expect(told[0]?.card.headline).toContain('it takes messages again');
    expect(core.chat.in('C0GONE')).toHaveLength(1);
  });

  it('and is the only one of its stack is reported in a channel of another stack', async () => {
    await core.close();
    core = await Core.open([
      stackWith({ channels: [{ platform: 'slack', channel: 'C0GONE' }] }),
      stackWith({ name: 'prod-db' }),
    ]);
    await core.worker.start();
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    await core.periodicWork();
    await core.periodicWork();
    expect(ops().map((m) => m.card.headline)).toEqual([
      `m0 can’t write to slack:C0GONE, the channel of ${STACK}`,
    ]);
  });
});
