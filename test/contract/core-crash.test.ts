import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALL = [{ rule: 'allow' as const, text: 'all' }];
const never = (): Promise<void> => new Promise(() => {});

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const start = () => core.worker.check(core.stack, 'schedule', M0);
const applied = () => core.cloud.applies.map((a) => a.touched);
const states = async () => (await core.store.runs({})).map((r) => r.state).reverse();

describe('a process that is killed', () => {
  it.each([
    ['queued', null],
    ['planning', 'plan'],
    ['deciding', 'ask'],
  ] as const)('while %s: the check is repeated', async (state, doing) => {
    core.cloud.drift.set(STACK, [SSH]);
    if (doing === null) await core.worker.drain();
    else core.cloud.next(doing, never);
    const { id } = await start();
    await core.untilState(state);
    await core.restart();
    expect((await core.run(id)).state).toBe('awaiting_approval');
    await core.deliver();
    expect(core.chat.in('C0OPS')).toHaveLength(1);
    core.cloud.kept.clear();
  });

  it('while approved: the run is planned again and applied once', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('plan', never);
    await core.say(`approve #${id}`);
    await core.untilState('approved');
    await core.restart();
    expect(applied()).toEqual([[SSH.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('while verifying: verified, not applied again', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', () => core.cloud.next('plan', never));
    const { id } = await start();
    await core.untilState('verifying');
    await core.restart();
    expect((await core.run(id)).state).toBe('realigned');
    expect(applied()).toHaveLength(1);
  });

  it('while applying: the run is apply_unknown, a new plan is made, and a card asks a person', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', never);
    const { id } = await start();
    await core.untilState('applying');
    await core.deliver();
    await core.restart();
    await core.deliver();
    expect(await states()).toEqual(['apply_unknown', 'awaiting_approval']);
    expect(applied()).toHaveLength(1);
    expect(core.chat.in('C0OPS')).toHaveLength(2);
    const [old, fresh] = [core.chat.at('C0OPS', 0).card, core.chat.at('C0OPS', 1).card];
    expect(old.headline).toBe(
      `${STACK}: m0 stopped while applying run #${id}, planned afresh as run #${id + 1}`,
    );
    expect(buttonsOf(old).map((b) => b.label)).toEqual(['Full diff']);
    expect(fresh.headline).toContain(`m0 stopped while applying ${STACK}`);
    expect(textOf(fresh)).toContain("I don't know how far it came");
    const labels = buttonsOf(fresh).map((b) => b.label);
    expect(labels[0]).toBe('Approve: apply what is left');
    expect(labels).toContain('Reject: leave it');
    await core.click(`approve #${id + 1}`);
    await core.untilIdle();
    expect(applied()).toHaveLength(2);
    expect((await core.run(id + 1)).state).toBe('realigned');
    core.cloud.kept.clear();
  });

  it('while applying, with a requested check in the queue: that check applies nothing either', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    core.cloud.next('apply', never);
    await start();
    await core.untilState('applying');
    await core.worker.check(core.stack, 'command', DANA);
    // The apply had reverted one of two resources.
    core.cloud.drift.set(STACK, [TAG]);
    await core.restart();
    expect(applied()).toHaveLength(1);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
    await core.check();
    expect(applied()).toHaveLength(1);
    core.cloud.kept.clear();
  });

  it('while applying, and no drift is left: the alert ends', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', never);
    await start();
    await core.untilState('applying');
    core.cloud.drift.set(STACK, []);
    await core.restart();
    expect(await core.alerts('open')).toEqual([]);
    core.cloud.kept.clear();
  });

  it('and whose follow-up plan failed: the next check asks, as for new drift', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('apply', never);
    await core.say(`approve #${id}`);
    await core.untilState('applying');
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.restart();
    expect(await states()).toEqual(['apply_unknown', 'failed']);
    expect((await core.check()).state).toBe('awaiting_approval');
    core.cloud.kept.clear();
  });
});

describe('draining', () => {
  it('puts a planning run back into the queue and finishes an apply', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    core.cloud.next('plan', () => gate);
    const { id } = await start();
    await core.untilState('planning');
    const drained = core.worker.drain();
    go();
    await drained;
    expect((await core.run(id)).state).toBe('queued');

    await core.restart();
    core.cloud.next('apply', async () => {
      void core.worker.drain();
      await sleep(5);
    });
    await core.say(`approve #${id}`);
    await core.untilState('verifying');
    await core.worker.drain();
    expect(applied()).toHaveLength(1);
    await core.restart();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('during an approval keeps the approval for the next start', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('plan', () => void core.worker.drain());
    await core.say(`approve #${id}`);
    await core.worker.drain();
    expect((await core.run(id)).state).toBe('approved');
    expect(applied()).toEqual([]);
    await core.restart();
    expect((await core.run(id)).state).toBe('realigned');
  });
});

describe('a store that fails for a while', () => {
  const full = new Error('the disk is full');

  it.each(['plan', 'ask'] as const)('after %s: the stack is checked again', async (doing) => {
    core.cloud.drift.set(STACK, [SSH]);
    core.cloud.next(doing, () => {
      core.storeFault = (method) => (method === 'commit' ? full : null);
    });
    await start();
    await sleep(50);
    core.storeFault = null;
    expect((await core.check()).state).toMatch(/awaiting_approval|quiet/);
    expect(await core.store.runs({ states: ['planning', 'deciding'] })).toEqual([]);
  });

  it('after an apply: the run is apply_unknown and people are asked; it is never applied again', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.stubborn.add(TAG.address);
    core.cloud.next('apply', () => {
      core.storeFault = (method) => (method === 'commit' ? full : null);
    });
    const { id } = await start();
    await sleep(50);
    core.storeFault = null;
    await core.check();
    expect((await core.run(id)).state).toBe('apply_unknown');
    expect(applied()).toHaveLength(1);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });

  it('right before an apply: nothing is applied, and the plan file is deleted', async () => {
    core.cloud.stale.set('tags-auto', { id: 'f00df00d', error: 'no answer', since: core.now });
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('ask', () => {
      core.storeFault = (method) => {
        if (method !== 'alerts') return null;
        core.storeFault = null;
        return full;
      };
    });
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).failure?.message).toBe('the disk is full');
    expect(applied()).toEqual([]);
    expect([...core.cloud.kept.keys()]).toEqual([]);
  });

  it('is not retried in a tight loop', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    let commits = 0;
    await core.worker.drain();
    await start();
    core.storeFault = (method) => {
      if (method === 'commit') commits += 1;
      return method === 'commit' ? full : null;
    };
    core.boot();
    await core.worker.start();
    await sleep(100);
    expect(commits).toBeLessThan(5);
    core.storeFault = null;
    expect((await core.check()).state).toMatch(/awaiting_approval|quiet/);
  });
});

describe('a stack removed from m0.yaml', () => {
  it('has its runs canceled and its alerts ended at the next start', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.check();
    expect(await core.alerts('open')).toHaveLength(2);
    await core.deliver();
    await core.worker.drain();
    await start();
    await core.restart(directory({ stacks: [stackWith({ name: 'other' })] }));
    expect(await core.alerts('open')).toEqual([]);
    expect((await core.run(id)).state).toBe('canceled');
    await core.deliver();
    for (const { card } of core.chat.in('C0OPS')) expect(card.headline).toContain('no longer in m0.yaml');
    expect(core.chat.in('C0OPS').flatMap((m) => buttonsOf(m.card).map((b) => b.label))).not.toContain(
      'Try again',
    );
    expect(core.chat.in('C0OPS')).toHaveLength(2);
  });
});
