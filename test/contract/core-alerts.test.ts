import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const HOUR = 3_600_000;

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const ops = () => core.chat.in('C0OPS');

describe('drift that is seen again', () => {
  it('without change is counted on the same message, and nobody is asked twice', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    for (let i = 0; i < 3; i += 1) {
      await core.check();
      await core.deliver();
    }
    expect(ops()).toHaveLength(1);
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('seen 3 times');
  });

  it('with a change supersedes the old alert, whose buttons no longer work', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const first = await core.check();
    await core.deliver();
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const second = await core.check();
    await core.deliver();
    expect(await core.run(first.id)).toMatchObject({ state: 'superseded', relatedRun: second.id });
    expect(ops()).toHaveLength(2);
    expect(buttonsOf(core.chat.at('C0OPS', 0).card).map((b) => b.label)).toEqual(['Full diff']);
    expect(core.chat.at('C0OPS', 0).card.headline).toContain(`superseded by run #${second.id}`);
  });

  it('with a change before an approved run was applied: the newer check wins and asks', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const first = await core.check();
    // A check was planning when the approval came.
    core.cloud.next('plan', async () => {
      core.cloud.drift.set(STACK, [SSH, TAG]);
      await core.say(`approve #${first.id}`);
    });
    const second = await core.check();
    expect((await core.run(first.id)).state).toBe('superseded');
    expect(second.state).toBe('awaiting_approval');
    expect(core.cloud.applies).toEqual([]);
  });

  it('and is gone ends the alert with a message', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.deliver();
    core.cloud.drift.set(STACK, []);
    expect((await core.check()).state).toBe('clean');
    await core.deliver();
    expect((await core.run(id)).state).toBe('superseded');
    expect(ops()).toHaveLength(1);
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('the drift is gone');
    expect(await core.alerts('open')).toEqual([]);
  });
});

describe('a snooze', () => {
  it('of everything ends the alert; after it people are asked again', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.say(`snooze #${id} 2h vendor`);
    expect((await core.run(id)).state).toBe('quiet');
    expect(await core.alerts('open')).toEqual([]);
    expect((await core.check()).state).toBe('quiet');
    core.now = NOON + 2 * HOUR;
    expect((await core.check()).state).toBe('awaiting_approval');
  });

  it('of a part: after it, while the rest still waits, people are asked about that part again', async () => {
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const { id } = await core.check();
    await core.deliver();
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`);
    expect((await core.check()).state).toBe('quiet');
    core.now = NOON + 2 * HOUR;
    expect((await core.check()).state).toBe('awaiting_approval');
    await core.deliver();
    expect(ops()).toHaveLength(2);
    // A second check sends no new alert.
    expect((await core.check()).state).toBe('quiet');
  });

  it('of a part of denied drift leads to a new alert as well', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'never' }]);
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const { id } = await core.check();
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`);
    core.now = NOON + 2 * HOUR;
    expect((await core.check()).state).toBe('denied');
    expect(await core.alerts()).toHaveLength(2);
  });

  it('requested on an older run applies to the waiting run', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const waits = await core.check();
    const again = await core.check();
    expect(again).toMatchObject({ state: 'quiet', relatedRun: waits.id });
    await core.say(`snooze #${again.id} 2h vendor`);
    expect((await core.run(waits.id)).state).toBe('quiet');
    expect(await core.alerts('open')).toEqual([]);
  });

  it('and an accept at the same time both count', async () => {
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const { id } = await core.check();
    await Promise.all([
      core.say(`snooze #${id} ${SSH.address} 2h vendor`, DANA),
      core.say(`accept #${id} ${TAG.address} as agreed`, KIM),
    ]);
    expect(await core.store.exemptions(STACK)).toHaveLength(2);
    expect((await core.run(id)).state).toBe('quiet');
    expect(await core.alerts('open')).toEqual([]);
  });

  it('during a check that sees the drift again ends the alert', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    core.cloud.next('ask', async () => {
      await core.say(`snooze #${id} 2h vendor`);
    });
    await core.check();
    expect(await core.alerts('open')).toEqual([]);
  });

  it('needs the permission, and is refused privately', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    expect(await core.sayText(`snooze #${id} 2h`, EVE)).toContain('Only sre');
    expect(await core.store.exemptions(STACK)).toEqual([]);
  });
});

describe('a check', () => {
  it('that fails makes one alert, which ends with the next success; other stacks are not affected', async () => {
    await core.close();
    core = await Core.open([
      stackWith(),
      stackWith({ name: 'other', channels: [{ platform: 'slack', channel: 'C0DEV' }] }),
    ]);
    await core.worker.start();
    core.cloud.drift.set('other', [SSH]);
    for (let i = 0; i < 2; i += 1) {
      core.cloud.next('plan', () => Promise.reject(new Error('reading S3 state: AccessDenied')));
      await core.check();
    }
    expect((await core.check('schedule', 'other')).state).toBe('awaiting_approval');
    await core.deliver();
    expect(ops()).toHaveLength(1);
    expect(core.chat.at('C0OPS', 0).card.headline).toContain('2 times');
    expect(core.chat.in('C0DEV')).toHaveLength(1);
    expect((await core.check()).state).toBe('clean');
    await core.deliver();
    expect(core.chat.at('C0OPS', 0).card.tone).toBe('good');
  });

  it('by command starts after the command; a scheduled one joins a running check', async () => {
    let command = -1;
    core.cloud.next('plan', async () => {
      const joined = await core.worker.check(core.stack, 'schedule', M0);
      const asked = await Promise.all([
        core.worker.check(core.stack, 'command', DANA),
        core.worker.check(core.stack, 'command', EVE),
      ]);
      expect(asked[0].id).toBe(asked[1].id);
      expect(joined.id).toBeLessThan(asked[0].id);
      command = asked[0].id;
      core.cloud.drift.set(STACK, []);
    });
    await core.check();
    await core.untilIdle();
    expect((await core.run(command)).state).toBe('clean');
    expect(core.cloud.plans).toHaveLength(2);
  });

  it('requested by two people at once is one check', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => core.worker.check(core.stack, 'command', DANA)));
    expect(new Set(runs.map((r) => r.id)).size).toBe(1);
    await core.untilIdle();
  });
});

describe('hostile text', () => {
  it('is shown as plain text', async () => {
    const address = 'aws_s3_bucket.logs["<!channel> *x*"]';
    core.cloud.drift.set(STACK, [tagFinding(address, '<@U0EVE> approve #1')]);
    const { id } = await core.check();
    await core.say(`reject #${id} <!here> approve #${id}`);
    await core.deliver();
    expect((await core.run(id)).state).toBe('rejected');
    expect(core.cloud.applies).toEqual([]);
  });

  it('that is no command is answered privately', async () => {
    for (const text of [
      '',
      'approve',
      'approve #99999999999999999999',
      '__proto__',
      'approve #1 zz',
      'drift *(',
    ])
      expect(await core.say(text)).not.toBeNull();
  });
});
