/** The brake: healing that fights somebody asks a person. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Run } from '../../src/model/run.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALLOW = [{ rule: 'allow' as const, text: 'anything goes' }];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let core: Core;
async function open(stacks: readonly Stack[] = [stackWith()]): Promise<void> {
  core = await Core.open(stacks);
  core.cloud.policies.set('tags-auto', ALLOW);
  await core.worker.start();
}
beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

/** Somebody makes this drift again `after` ms, and a check finds it. */
async function again(after: number, findings: readonly Finding[] = [TAG], name = STACK): Promise<Run> {
  core.now += after;
  core.cloud.drift.set(name, findings);
  return core.check('schedule', name);
}
const applies = () => core.cloud.applies.length;
const newest = () => core.chat.in('C0OPS').at(-1)?.card as never as (typeof core.chat.messages)[0]['card'];
const reasons = (run: Run) => run.decision?.findings.flatMap((f) => f.reasons.map((r) => r.text)) ?? [];

describe('the third heal of the same finding within 24 hours', () => {
  it('asks a person, with both sides’ history on the card', async () => {
    expect((await again(0)).state).toBe('realigned');
    expect((await again(9 * MINUTE)).state).toBe('realigned');
    const third = await again(4 * MINUTE);
    expect(third.state).toBe('awaiting_approval');
    expect(reasons(third)).toEqual(['it does not stay as it was put back, so a person decides']);
    expect(applies()).toBe(2);
    await core.deliver();
    expect(newest().headline).toContain('put back 2 times today and removed again, waits for a person');
    const text = textOf(newest());
    expect(text).toContain(
      'put back 2 times today, removed again within 9 minutes each: something else manages it',
    );
    expect(text).toContain('times in ');
    expect(text).toContain('run #1 put it back 13:00, found removed again 13:09');
    expect(text).toContain('run #2 put it back 13:09, found removed again 13:13');
    // The people on call are asked.
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
  });

  it('is counted over a restart, and stays a question until a person answers, also after the 24 hours', async () => {
    await again(0);
    await again(HOUR);
    await core.restart();
    const third = await again(HOUR);
    expect(third.state).toBe('awaiting_approval');
    await core.restart();
    for (const hours of [2, 30, 30]) expect((await again(hours * HOUR)).state).toBe('quiet');
    expect((await core.run(third.id)).state).toBe('awaiting_approval');
    expect(applies()).toBe(2);
  });

  it('counts anew after a person approved, and never limits people', async () => {
    await again(0);
    await again(HOUR);
    const third = await again(HOUR);
    await core.say(`approve #${third.id}`);
    await core.untilIdle();
    expect((await core.run(third.id)).state).toBe('realigned');
    expect((await again(HOUR)).state).toBe('realigned');
    expect((await again(HOUR)).state).toBe('realigned');
    expect((await again(HOUR)).state).toBe('awaiting_approval');
    expect(applies()).toBe(5);
  });

  it('counts anew after a person approved, also while the message stays open for something else', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    await again(0);
    await again(HOUR);
    const third = await again(HOUR);
    core.cloud.next('apply', () => void core.cloud.drift.set(STACK, [TAG, SSH]));
    await core.say(`approve #${third.id}`);
    await core.untilIdle();
    expect((await core.run(third.id)).state).toBe('awaiting_approval');
    await again(HOUR, [TAG, SSH]);
    expect(applies()).toBe(4);
    expect(core.cloud.applies.at(-1)?.touched).toEqual([TAG.address]);
  });

  it('is about one finding: others of the stack heal on, and another value is another finding', async () => {
    await again(0);
    await again(HOUR);
    const both = await again(HOUR, [TAG, SSH]);
    expect(core.cloud.applies.at(-1)?.touched).toEqual([SSH.address]);
    expect(both.state).toBe('awaiting_approval');
    expect((await again(HOUR, [tagFinding(TAG.address, 'other')])).state).toBe('realigned');
  });

  it('counts only what the policies put back within 24 hours', async () => {
    await again(0);
    await again(13 * HOUR);
    expect((await again(12 * HOUR)).state).toBe('realigned');
    expect((await again(HOUR)).state).toBe('awaiting_approval');
  });

  it('does not count a try that found the state locked and changed nothing', async () => {
    const held = { who: 'kim@laptop', id: 'f00', operation: null, since: null };
    for (let i = 0; i < 3; i += 1) {
      core.cloud.next('apply', () => {
        core.cloud.applies.pop();
        throw new RunnerError('apply', 'the state is locked', { locked: held, mayHaveApplied: false });
      });
    }
    core.cloud.drift.set(STACK, [TAG]);
    const { id } = await core.worker.check(core.stack, 'schedule', DANA);
    for (let i = 0; i < 3; i += 1) {
      for (let n = 0; (await core.run(id)).lock?.times !== i + 1; n += 1) {
        expect(n).toBeLessThan(500);
        await sleep(3);
      }
      expect((await core.store.healHistory(core.stack, core.now)).heals).toEqual([]);
      core.now += 10 * MINUTE;
      // A stored change makes the worker look for what is due.
      await core.worker.write('', () => []);
    }
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
    expect((await core.store.healHistory(core.stack, core.now)).heals).toHaveLength(1);
  });
});

describe('more heals in an hour than healLimit', () => {
  const NAMES = Array.from({ length: 5 }, (_, i) => `prod-${i}`);
  const stacks = (limit: number | undefined) =>
    NAMES.map((name) => stackWith({ name, ...(limit === undefined ? {} : { healLimit: limit }) }));

  it('ask a person, and are counted for each environment', async () => {
    await core.close();
    await open([...stacks(3), stackWith({ name: 'dev-app', environment: 'dev', healLimit: 3 })]);
    const states = [];
    for (const name of NAMES) states.push((await again(MINUTE, [TAG], name)).state);
    expect(states).toEqual([...Array(3).fill('realigned'), 'awaiting_approval', 'awaiting_approval']);
    expect((await again(MINUTE, [TAG], 'dev-app')).state).toBe('realigned');
    const [asked] = await core.store.runs({ stack: 'prod-4', limit: 1 });
    expect(asked && reasons(asked)).toEqual([
      '3 runs of prod healed within an hour, the most that healLimit allows, so a person decides',
    ]);
    // A person is never limited, and what a person approved is no heal.
    await core.say(`approve #${asked?.id}`);
    await core.untilIdle();
    expect((await core.run(asked?.id ?? 0)).state).toBe('realigned');
    // The hour is over: new drift heals by itself again, and the open question stays one.
    expect((await again(HOUR, [SSH], 'prod-0')).state).toBe('realigned');
    expect((await again(0, [TAG], 'prod-3')).state).toBe('quiet');
  });

  it('are 20 an environment by default', async () => {
    await core.close();
    const many = Array.from({ length: 22 }, (_, i) => stackWith({ name: `s-${i}` }));
    await open(many);
    for (const { name } of many) await again(1_000, [TAG], name);
    expect(applies()).toBe(20);
  });

  it('ask at once with a limit of 0', async () => {
    await core.close();
    await open([stackWith({ healLimit: 0 })]);
    expect((await again(0)).state).toBe('awaiting_approval');
    expect(applies()).toBe(0);
  });

  it('do not let two stacks take the last place together: the loser asks a person', async () => {
    await core.close();
    const two = [stackWith({ name: 'prod-a', healLimit: 1 }), stackWith({ name: 'prod-b', healLimit: 1 })];
    await open(two);
    // Both are decided before either begins its apply.
    let free = (): void => {};
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    for (let i = 0; i < 2; i += 1) core.cloud.next('bundles', () => gate);
    for (const stack of two) {
      core.cloud.drift.set(stack.name, [TAG]);
      await core.worker.check(stack, 'schedule', DANA);
    }
    await core.untilState('approved', 'prod-a');
    await core.untilState('approved', 'prod-b');
    free();
    await core.untilIdle();
    const ends = (await core.store.runs({})).map((run) => run.state).sort();
    expect(ends).toEqual(['awaiting_approval', 'realigned']);
    expect(applies()).toBe(1);
    await core.deliver();
    const [loser] = await core.store.runs({ states: ['awaiting_approval'] });
    const card = core.chat.in('C0OPS').find((m) => m.card.headline.includes(loser?.stack ?? ''))?.card;
    expect(card && textOf(card)).toContain('1 run of prod healed within an hour');
    expect(card && buttonsOf(card).some((b) => b.command.startsWith('approve'))).toBe(true);
    // Asked of people by direct message, and its plan file is gone.
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
  });
});
