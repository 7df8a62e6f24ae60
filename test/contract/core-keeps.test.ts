import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunState } from '../../src/model/run.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { decidedRun, exemption, sshFinding, tagFinding } from '../support/runs.ts';

const HOUR = 3_600_000;
const TAG = tagFinding();
const SSH = sshFinding();
const SSH_MOVED = { ...SSH, fingerprint: 'f2:moved', change: 'c1:00' };
const ALL = [{ rule: 'allow' as const, text: 'all' }];

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith(), stackWith({ name: 'prod-db' })]);
  await core.worker.start();
  await look();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const ops = () => core.chat.in('C0OPS');
const newest = (): string => textOf(ops().at(-1)?.card as never);

const look = (): Promise<void> => core.periodicWork();

/** A check whose alert Dana snoozes for two hours. */
async function snoozed(words = '2h vendor needs SSH'): Promise<number> {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.deliver();
  await core.say(`snooze #${id} ${words}`);
  await core.deliver();
  return id;
}

describe('the end of a snooze', () => {
  it('is posted in the thread, and a check at once asks again', async () => {
    await snoozed();
    core.now += HOUR;
    await look();
    expect(ops()).toHaveLength(1);

    core.now += HOUR + 1;
    await look();
    expect(ops()[0]?.replies).toContain(
      `The snooze of ${SSH.address} by Dana ("vendor needs SSH") is over: checking again`,
    );
    expect(ops()[0]?.card.headline).toContain('the snooze is over, checked again');
    expect(ops()).toHaveLength(2);
    expect(newest()).toContain('the snooze by Dana is over');
    const [run] = await core.store.runs({ stack: STACK });
    expect(run?.state).toBe('awaiting_approval');
    expect((await core.store.audit({ stack: STACK })).map((e) => e.action)).toContain('snooze-over');
  });

  it('is posted once', async () => {
    await snoozed();
    core.now += 3 * HOUR;
    await look();
    await look();
    await core.restart();
    await look();
    expect(ops()[0]?.replies.filter((r) => r.includes('is over'))).toHaveLength(1);
    const lines = await core.store.audit({ stack: STACK });
    expect(lines.filter((e) => e.action === 'snooze-over')).toHaveLength(1);
    expect(ops()).toHaveLength(2);
  });

  it('while m0 was down is posted at the next start', async () => {
    await snoozed();
    core.now += 5 * HOUR;
    await core.restart();
    await look();
    expect(ops()[0]?.replies.join()).toContain('is over');
  });

  it('posts no alert if the drift is gone', async () => {
    await snoozed();
    core.cloud.drift.set(STACK, []);
    core.now += 3 * HOUR;
    await look();
    expect(ops()).toHaveLength(1);
  });

  it('lets allowed drift be reverted automatically, and not before', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    await core.say(`snooze ${STACK} 2h we are moving`);
    await core.check();
    expect(core.cloud.applies).toEqual([]);
    core.now += 2 * HOUR + 1;
    await look();
    expect(core.cloud.applies.map((a) => a.touched)).toEqual([[TAG.address]]);
  });
});

describe('a snooze that another process stores', () => {
  /** Stores a snooze of the whole stack right before the first commit that moves a run to this state. */
  function snoozeBefore(state: RunState): void {
    core.beforeCommit = async (changes) => {
      if (!changes.some((change) => change.type === 'run.update' && change.run.state === state)) return;
      core.beforeCommit = null;
      const { id: _, ...snooze } = exemption({ stack: STACK, runId: null, until: core.now + HOUR });
      await core.store.commit([{ type: 'exemption.insert', exemption: snooze }]);
    };
  }

  it('while this one decides to apply by itself keeps the drift', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    snoozeBefore('approved');
    const run = await core.check();
    await core.deliver();
    expect(core.cloud.applies).toEqual([]);
    expect((await core.store.run(run.id))?.state).toBe('quiet');
    expect(ops()).toEqual([]);
  });

  it('while this one decides to ask people asks nobody', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    snoozeBefore('awaiting_approval');
    const run = await core.check();
    await core.deliver();
    expect((await core.store.run(run.id))?.state).toBe('quiet');
    expect(ops()).toEqual([]);
  });
});

describe('an accept that another process stores', () => {
  it('while somebody approves here is not in what is approved, and what is left can be approved', async () => {
    core.cloud.policies.set('tags-auto', []);
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const run = await core.check();
    await core.deliver();
    core.beforeCommit = async (changes) => {
      if (!changes.some((change) => change.type === 'run.update' && change.run.state === 'approved')) return;
      core.beforeCommit = null;
      const { address, fingerprint } = SSH;
      const { id: _, ...snooze } = exemption({
        stack: STACK,
        runId: null,
        address,
        fingerprint,
        until: null,
      });
      await core.store.commit([{ type: 'exemption.insert', exemption: { ...snooze, kind: 'accept' } }]);
    };
    const answer = await core.sayText(`approve #${run.id}`);
    await core.untilIdle();
    expect(answer).toMatch(/changed/);
    expect(core.cloud.applies).toEqual([]);
    expect((await core.store.run(run.id))?.state).toBe('awaiting_approval');
    await core.say(`approve #${run.id}`);
    await core.untilIdle();
    expect(core.cloud.applies.flatMap(({ touched }) => touched)).toEqual([TAG.address]);
  });
});

describe('a snooze that this process stores', () => {
  it('while another one begins to wait for people ends the wait', async () => {
    core.beforeCommit = async (changes) => {
      if (!changes.some(({ type }) => type === 'exemption.insert')) return;
      core.beforeCommit = null;
      const { id: _, ...waiting } = decidedRun('awaiting_approval', [SSH], {}, { stack: STACK });
      await core.store.commit([{ type: 'run.insert', run: waiting }]);
    };
    await core.say(`snooze ${STACK} 2h`);
    const [run] = await core.store.runs({ stack: STACK });
    expect(run?.state).toBe('quiet');
    expect(await core.store.exemptions(STACK)).toHaveLength(1);
    const lines = await core.store.audit({ stack: STACK });
    expect(lines.filter((e) => e.action === 'snooze')).toHaveLength(1);
  });
});

describe('unsnooze', () => {
  it('leads to a check, also if the store fails right after', async () => {
    const id = await snoozed();
    let commits = 0;
    core.storeFault = (method) => {
      if (method === 'commit') commits += 1;
      return method === 'commit' && commits > 1 ? new Error('the disk is full') : null;
    };
    await core.say(`unsnooze #${id}`);
    core.storeFault = null;
    await core.worker.drain();
    const [run] = await core.store.runs({ stack: STACK });
    expect(run).toMatchObject({ trigger: 'command', state: 'queued' });
    expect(run?.id).toBeGreaterThan(id);
    expect(await core.store.exemptions(STACK)).toEqual([]);
  });
});

describe('a typed snooze', () => {
  const until = `"type":"time","at":`;

  it('is answered with until when, on the clock of the reader', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    const one = await core.sayText(`snooze #${id} 2h`);
    expect(one).toContain(`Snoozed ${SSH.address} until `);
    expect(one).toContain(`${until}${core.now + 2 * HOUR},`);
    expect(one).toContain('or until one of its values changes');
    const all = await core.sayText('snooze prod-db 3d freeze');
    expect(all).toContain('Snoozed prod-db until ');
    expect(all).toContain(`${until}${core.now + 72 * HOUR},`);
    // That of a whole stack does not end when a value changes.
    expect(all).not.toContain('changes');
    const when = await core.sayText(`snooze #${id} until it changes`);
    expect(when).not.toContain(until);
  });
});

describe('a snooze until it changes', () => {
  it('holds while nothing changes, and ends when a value changes', async () => {
    const id = await snoozed('until it changes known to network team');
    core.now += 80 * 24 * HOUR;
    await look();
    await core.check();
    await core.deliver();
    expect(ops()).toHaveLength(1);
    expect(await core.sayText(`baseline ${STACK}`)).toContain('until it changes');

    core.cloud.drift.set(STACK, [SSH_MOVED]);
    await core.check();
    await core.deliver();
    expect(ops()).toHaveLength(2);
    expect(newest()).toContain('Dana had snoozed it, it moved since');
    expect((await core.run(id)).state).toBe('quiet');
  });

  it('of an environment applies to open drift, and not to stacks without any', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    expect(await core.sayText('snooze prod until it changes')).toContain(
      `Snoozed ${STACK} until one of its values changes.`,
    );
    expect(await core.store.exemptions('prod-db')).toEqual([]);
    expect(await core.sayText('snooze prod-db until it changes')).toContain('Nothing is open on prod-db');
  });
});

describe('accepted drift', () => {
  it('is reported again when a value changes, with the person who accepted it', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.say(`accept #${id} agreed with security`);
    await core.check();
    await core.deliver();
    expect((await core.alerts('open')).length).toBe(0);

    core.cloud.drift.set(STACK, [SSH_MOVED]);
    const again = await core.check();
    await core.deliver();
    expect(again.state).toBe('awaiting_approval');
    expect(newest()).toContain('Dana had accepted it, it moved since');
  });

  it('that returns to the accepted value is quiet again', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.say(`accept #${id} agreed with security`);
    core.cloud.drift.set(STACK, [SSH_MOVED]);
    await core.check();
    core.cloud.drift.set(STACK, [SSH]);
    expect((await core.check()).state).toBe('quiet');
    expect((await core.alerts('open')).length).toBe(0);
  });

  it('is never applied automatically, even if the policies allow it', async () => {
    core.cloud.drift.set(STACK, [TAG]);
    const { id } = await core.check();
    await core.say(`accept #${id} finance owns these tags`);
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.check();
    expect(core.cloud.applies.flatMap((a) => a.touched)).toEqual([SSH.address]);
  });
});
