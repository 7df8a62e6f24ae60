import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { checkOnSchedule } from '../../src/runs/scheduled-check.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const MINUTE = 60_000;
const TAG = tagFinding();
const SSH = sshFinding();
const ALL = [{ rule: 'allow' as const, text: 'all' }];

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

/** The next `times` applies find the state locked by somebody else. */
function lockState(times: number): void {
  for (let i = 0; i < times; i += 1) {
    core.cloud.next('apply', () => {
      // The tool did not start the apply.
      core.cloud.applies.pop();
      throw new RunnerError('apply', 'running terraform apply: the state is locked by kim@laptop', {
        locked: { who: 'kim@laptop', id: 'f00d', operation: 'apply', since: core.now - 10 * MINUTE },
      });
    });
  }
}

/** Advances the clock and lets m0 do what is due. */
async function later(minutes: number): Promise<void> {
  core.now += minutes * MINUTE;
  await core.restart();
}

const card = async (): Promise<string> => {
  await core.deliver();
  return textOf(core.chat.at('C0OPS', 0).card);
};

/** Waits until the run has met the lock `times` times. */
async function untilLocked(times: number): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    const [run] = await core.store.runs({ stack: STACK, states: ['approved'] });
    if (run?.lock?.times === times) return;
    await new Promise((wake) => setTimeout(wake, 3));
  }
  throw new Error(`no run met the lock ${times} times`);
}

/** Makes drift that policies allow, whose next `times` applies find the state locked. */
async function meetsLock(times: number): Promise<void> {
  core.cloud.policies.set('tags-auto', ALL);
  core.cloud.drift.set(STACK, [TAG]);
  lockState(times);
  await core.worker.check(core.stack, 'schedule', M0);
  await untilLocked(1);
}

/** Restarts m0 so many minutes later, without waiting for its work. */
async function reboot(minutes: number): Promise<void> {
  core.now += minutes * MINUTE;
  core.boot();
  await core.worker.start();
}

describe('what somebody snoozes while an apply waits for the lock', () => {
  /** The next apply finds the state locked; meanwhile somebody snoozes the stack. */
  function snoozeAtLock(): void {
    core.cloud.next('apply', async () => {
      await core.say(`snooze ${STACK} 2d a release`);
      core.cloud.applies.pop();
      throw new RunnerError('apply', 'running terraform apply: the state is locked by kim@laptop', {
        locked: { who: 'kim@laptop', id: 'f00d', operation: 'apply', since: core.now },
      });
    });
  }

  it('is not applied by a policy the next time', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    snoozeAtLock();
    await core.worker.check(core.stack, 'schedule', M0);
    await untilLocked(1);
    await later(2);
    expect(core.cloud.applies).toEqual([]);
    const [run] = await core.store.runs({ stack: STACK });
    expect(run?.state).toBe('quiet');
    expect(await card()).toContain('snoozed');
  });

  it('is not applied because a person had approved it', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.deliver();
    snoozeAtLock();
    await core.say(`approve #${id}`);
    await untilLocked(1);
    await later(2);
    expect(core.cloud.applies).toEqual([]);
    expect((await core.store.run(id))?.state).toBe('quiet');
  });
});

describe('a state that somebody else has locked', () => {
  it('is reported, tried again later with a new plan, and applied once', async () => {
    await meetsLock(2);
    expect(core.cloud.applies).toEqual([]);
    const told = await card();
    expect(told).toContain('the state is locked by kim@laptop');
    expect(told).toContain('m0 breaks no lock');
    const plans = core.cloud.plans.length;

    await reboot(1);
    await untilLocked(2);
    expect(core.cloud.plans.length).toBeGreaterThan(plans);

    await later(2);
    expect(core.cloud.applies.map((a) => a.touched)).toEqual([[TAG.address]]);
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('realigned');
    expect(await card()).not.toContain('locked');
    expect(core.chat.at('C0OPS', 0).replies.filter((r) => r.includes('locked by'))).toHaveLength(1);
  });

  it('is not tried before the retry time', async () => {
    await meetsLock(1);
    const plans = core.cloud.plans.length;
    await reboot(0);
    await new Promise((wake) => setTimeout(wake, 50));
    expect(core.cloud.plans.length).toBe(plans);
    await later(1);
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('that stays locked is reported, planned again, and a person decides', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    lockState(9);
    const { id } = await core.worker.check(core.stack, 'schedule', M0);
    for (const minutes of [1, 2, 5, 10, 12]) {
      await untilLocked([1, 2, 5, 10, 12].indexOf(minutes) + 1);
      await core.deliver();
      await reboot(minutes);
    }
    await core.untilIdle();
    const failed = await core.run(id);
    expect(failed.state).toBe('failed');
    expect(failed.failure).toEqual({
      phase: 'locking',
      message: 'the state is still locked by kim@laptop; nothing was applied',
    });
    const [fresh] = await core.store.runs({ stack: STACK });
    expect(fresh?.state).toBe('awaiting_approval');
    expect(core.cloud.applies).toEqual([]);
    await core.deliver();
    expect(core.chat.at('C0OPS', 0).replies.join()).toContain('still locked by kim@laptop');
    expect(textOf(core.chat.at('C0OPS', 1).card)).toContain('found the state locked by kim@laptop');
  });

  it('and drift that changed meanwhile: nothing is applied', async () => {
    await meetsLock(1);
    core.cloud.drift.set(STACK, [SSH]);
    core.cloud.policies.set('tags-auto', []);
    await later(1);
    expect(core.cloud.applies).toEqual([]);
    const [run] = await core.store.runs({ stack: STACK });
    expect([run?.state, run?.findings.map((f) => f.address)]).toEqual(['awaiting_approval', [SSH.address]]);
  });

  it('can be canceled while it waits', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    lockState(1);
    await core.say(`approve #${id}`);
    await untilLocked(1);
    expect(await core.sayText(`cancel #${id}`)).toContain('canceled');
    await later(30);
    expect(core.cloud.applies).toEqual([]);
  });

  it('has its scheduled checks skipped with that reason', async () => {
    await meetsLock(1);
    core.now += MINUTE / 2;
    await checkOnSchedule({ store: core.store, worker: core.worker, clock: () => core.now }, core.stack);
    expect(await core.sayText('status')).toContain("waited for somebody else's lock");
    await later(2);
  });

  it('left locked by an interrupted apply: the card says so, and how to unlock it', async () => {
    core.cloud.policies.set('tags-auto', ALL);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', () => new Promise(() => {}));
    await core.worker.check(core.stack, 'schedule', M0);
    await core.untilState('applying');
    await core.restart();
    const [run] = await core.store.runs({ stack: STACK, states: ['awaiting_approval'] });
    core.cloud.applies.length = 0;
    lockState(1);
    await core.say(`approve #${run?.id}`);
    await untilLocked(1);
    await core.deliver();
    const told = textOf(core.chat.in('C0OPS').at(-1)?.card as never);
    expect(told).toContain(`left over from run #1`);
    expect(told).toContain('f00d');
    await later(1);
    expect(core.cloud.applies).toHaveLength(1);
  });
});

describe('the priority of commands', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const stacks = names.map((name) => stackWith({ name }));
  let fleet: Core;
  beforeEach(async () => {
    fleet = await Core.open(stacks);
    await fleet.worker.start();
  });
  afterEach(() => fleet.close());

  it('a command is planned although scheduled checks take all workers', async () => {
    const open: (() => void)[] = [];
    for (const _ of names) fleet.cloud.next('plan', () => new Promise((done) => open.push(done)));
    for (const s of stacks.slice(0, 5)) await fleet.worker.check(s, 'schedule', M0);
    await fleet.untilState('planning', 'd');
    expect((await fleet.store.runs({ states: ['queued'] })).map((r) => r.stack)).toEqual(['e']);
    await fleet.worker.check(stacks[5] as (typeof stacks)[0], 'command', M0);
    await fleet.untilState('planning', 'f');
    expect((await fleet.store.runs({ states: ['queued'] })).map((r) => r.stack)).toEqual(['e']);
    for (const done of open) done();
    await new Promise((wake) => setTimeout(wake, 20));
    for (const done of open) done();
    await fleet.untilIdle();
  });

  it('a command takes the place of the scheduled check of its stack, queued or planning', async () => {
    fleet.cloud.next('plan', () => new Promise(() => {}));
    const [a] = stacks;
    const scheduled = await fleet.worker.check(a as (typeof stacks)[0], 'schedule', M0);
    await fleet.untilState('planning', 'a');
    const asked = await fleet.worker.check(a as (typeof stacks)[0], 'command', M0);
    const old = await fleet.run(scheduled.id);
    expect([old.state, old.relatedRun]).toEqual(['superseded', asked.id]);
  });

  it('a check after an interrupted apply does not give way', async () => {
    const [a] = stacks as [(typeof stacks)[0]];
    fleet.cloud.drift.set('a', [TAG]);
    fleet.cloud.policies.set('tags-auto', ALL);
    fleet.cloud.next('apply', () => new Promise(() => {}));
    await fleet.worker.check(a, 'schedule', M0);
    await fleet.untilState('applying', 'a');
    fleet.boot();
    fleet.cloud.next('plan', () => new Promise(() => {}));
    await fleet.worker.start();
    await fleet.untilState('planning', 'a');
    const asked = await fleet.worker.check(a, 'command', M0);
    const [verify] = await fleet.store.runs({ stack: 'a', states: ['planning'] });
    expect([verify?.trigger, verify?.id === asked.id]).toEqual(['verify', false]);
  });
});
