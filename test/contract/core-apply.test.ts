import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import { M0 } from '../../src/model/run.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { buttonsOf, commandOf, textOf } from '../support/fake-chat.ts';
import { CODE, DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const allow = (address: string) => [{ rule: 'allow' as const, text: 'metadata only', address }];

let core: Core;
async function open(change: Partial<Stack> = {}): Promise<void> {
  core = await Core.open([stackWith(change)]);
  await core.worker.start();
}
beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

async function waiting(findings = [SSH]): Promise<number> {
  core.cloud.drift.set(STACK, findings);
  const run = await core.check();
  expect(run.state).toBe('awaiting_approval');
  await core.deliver();
  return run.id;
}
const applied = () => core.cloud.applies.map((a) => a.touched);
/** The current text of all messages in the person's chat with m0. */
const called = (person: string): string =>
  core.chat
    .in(`DU0${person}`)
    .map((m) => [textOf(m.card), ...m.replies].join('\n'))
    .join('\n');

describe('what the policies allow', () => {
  it('is applied alone; the rest waits in the same run', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG, SSH]);
    const run = await core.check();
    expect(run).toMatchObject({ state: 'awaiting_approval', scope: [] });
    expect(applied()).toEqual([[TAG.address]]);
    expect(core.cloud.plans).toContainEqual({ stack: STACK, only: [TAG.address], except: [SSH.address] });
  });

  it('is applied alone beside a move that is due, which no tool leaves out', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    const moved = { ...tagFinding(), address: 'aws_sqs_queue.new', previousAddress: 'aws_sqs_queue.old' };
    const move = { ...moved, action: 'none' as const, actionable: false, attributes: [] };
    core.cloud.drift.set(STACK, [TAG, SSH, move]);
    const run = await core.check();
    expect([run.state, run.failure]).toEqual(['awaiting_approval', null]);
    expect(applied()).toEqual([[TAG.address]]);
  });

  it('waits if the resource that the code moved waits, and the card says so', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    const moved = { ...SSH, previousAddress: 'aws_security_group.old' };
    core.cloud.drift.set(STACK, [TAG, moved]);
    await core.check();
    const [run] = await core.store.runs({});
    expect(run?.state).toBe('awaiting_approval');
    expect(applied()).toEqual([]);
    await core.deliver();
    const card = core.chat
      .in('C0OPS')
      .map((m) => textOf(m.card))
      .join();
    expect(card).toContain(`the plan would also touch ${SSH.address}`);
    await core.say(`approve #${run?.id}`);
    await core.untilIdle();
    expect(applied()).toEqual([[TAG.address, SSH.address].sort()]);
  });

  it('is not applied if a policy fails, even if it is the only one', async () => {
    core.cloud.policies.set('tags-auto', new Error('took longer than 2 s'));
    core.cloud.drift.set(STACK, [TAG]);
    expect((await core.check()).state).toBe('awaiting_approval');
    expect(applied()).toEqual([]);
  });

  it('is asked about once if it would change to something else in every plan', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    const plan = core.cloud.plan.bind(core.cloud);
    let plans = 0;
    core.cloud.plan = (stack, how) => {
      plans += 1;
      core.cloud.drift.set(STACK, [{ ...TAG, change: `c1:${plans}` }, SSH]);
      return plan(stack, how);
    };
    for (let i = 0; i < 10; i += 1) {
      await core.check();
      core.now += 3_600_000;
      await core.deliver();
    }
    const runs = (await core.store.runs({ stack: STACK })).toReversed();
    expect(runs.map((run) => run.state)).toEqual([
      ...['superseded', 'superseded', 'awaiting_approval'],
      ...Array.from({ length: 9 }, () => 'quiet'),
    ]);
    expect(core.chat.in('C0OPS')).toHaveLength(1);
    expect(core.chat.in('DU0DANA').length + core.chat.in('DU0KIM').length).toBeLessThan(3);
    expect(applied()).toEqual([]);
  });

  it('is decided again if the bundle changed before the apply; if it keeps changing a person decides', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    let n = 0;
    const move = (): void => {
      n += 1;
      core.cloud.commit = `bundle-${n}`;
    };
    for (let i = 0; i < 10; i += 1) core.cloud.next('bundles', move);
    await core.check();
    expect(applied()).toEqual([]);
    const states = (await core.store.runs({})).map((r) => r.state);
    expect(states).toEqual(['awaiting_approval', 'superseded', 'superseded']);
  });

  it('is not applied if it was snoozed between the decision and the apply', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('head', async () => {
      const [run] = await core.store.runs({});
      expect(await core.say(`snooze #${run?.id} 2h vendor`)).not.toBeNull();
    });
    await core.check();
    expect(applied()).toEqual([]);
    expect(await core.store.exemptions(STACK)).toHaveLength(1);
  });

  it('is not applied if the whole stack was snoozed between the decision and the apply', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('bundles', async () => {
      await core.say(`snooze ${STACK} 2h release freeze`);
    });
    await core.check();
    expect(applied()).toEqual([]);
  });

  it('is not applied automatically after somebody rejected or canceled it', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('head', async () => {
      const [run] = await core.store.runs({});
      await core.say(`cancel #${run?.id}`);
    });
    expect((await core.check()).state).toBe('canceled');
    await core.check();
    expect(applied()).toEqual([]);
    // Anybody may ask for a check; that is no decision to apply.
    expect((await core.check('command')).state).toBe('awaiting_approval');
    expect(applied()).toEqual([]);
  });
});

describe('approving', () => {
  it('applies exactly what was approved, and says so', async () => {
    const id = await waiting([SSH, TAG]);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([[TAG.address, SSH.address].sort()]);
    expect((await core.run(id)).state).toBe('realigned');
    await core.deliver();
    expect(buttonsOf(core.chat.at('C0OPS', 0).card).map((b) => b.label)).toEqual(['Full diff']);
  });

  it('is refused privately to people who are no approvers, and to everybody if there are none', async () => {
    const id = await waiting();
    expect(await core.sayText(`approve #${id}`, EVE)).toContain('Only sre');
    expect(await core.sayText(`approve #${id}`, { ...EVE, person: null })).toContain('Only sre');
    await core.restart(
      directory({ stacks: [stackWith({ approvers: { from: [], need: 1, notTheAuthor: true } })] }),
    );
    expect(await core.sayText(`approve #${id}`)).toContain('Nobody may');
    expect((await core.run(id)).state).toBe('awaiting_approval');
    expect(applied()).toEqual([]);
  });

  it('by `oncall:` is refused while the rotation cannot be resolved', async () => {
    const id = await waiting();
    await core.restart(
      directory({
        stacks: [stackWith({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } })],
        oncall: { primary: { kind: 'slackUsergroup', id: 'S0SRE' } },
      }),
    );
    expect(await core.sayText(`approve #${id}`)).toContain('nobody now');
    expect(applied()).toEqual([]);
  });

  it('from a card that shows other drift is refused', async () => {
    const id = await waiting([SSH]);
    const old = commandOf(core.chat.at('C0OPS', 0).card);
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')]);
    const next = await core.check();
    expect(await core.sayText(old, DANA, true)).toContain('superseded');
    expect(await core.sayText(old.replace(`#${id}`, `#${next.id}`), DANA, true)).toContain('has changed');
    expect(applied()).toEqual([]);
  });

  it('clicked twice applies once', async () => {
    const id = await waiting();
    const [a, b] = await Promise.all([core.click(`approve #${id}`), core.click(`approve #${id}`)]);
    expect([a, b].filter((card) => card === null)).toHaveLength(1);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('is refused for drift that a policy denies', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'never' }]);
    core.cloud.drift.set(STACK, [SSH]);
    const run = await core.check();
    expect(run.state).toBe('denied');
    expect(await core.sayText(`approve #${run.id}`)).toContain('denied by policy');
  });

  it('is refused on a card of two findings after one was snoozed', async () => {
    const id = await waiting([SSH, TAG]);
    const old = commandOf(core.chat.at('C0OPS', 0).card);
    await core.say(`snooze #${id} ${TAG.address} 2h vendor`, KIM);
    expect(await core.sayText(old, DANA, true)).toContain('has changed');
    await core.deliver();
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('does not apply what was snoozed after it; the rest is asked again', async () => {
    const id = await waiting([SSH, TAG]);
    core.cloud.next('head', async () => {
      expect(await core.sayText(`snooze #${id} ${TAG.address} 2h vendor`, KIM)).toContain('Snoozed');
    });
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [], scope: [] });
    await core.deliver();
    expect(called('DANA')).toContain(
      'Not applied: something of it was snoozed or accepted meanwhile. Please look again',
    );
  });

  it('applies nothing if it is canceled during the second plan', async () => {
    const id = await waiting();
    core.cloud.next('plan', async () => {
      await core.say(`cancel #${id}`, KIM);
    });
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('canceled');
    expect(applied()).toEqual([]);
  });

  it('by the author of the changed code is refused', async () => {
    core.cloud.drift.set(STACK, [{ ...SSH, origin: 'code' }]);
    const { id } = await core.check();
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('notTheAuthor');
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(applied()).toHaveLength(1);
  });
});

describe('two required approvals', () => {
  const two = { from: ['sre'], need: 2, notTheAuthor: false };
  beforeEach(async () => {
    await core.close();
    await open({ approvers: two });
  });

  it('two at the same time both count', async () => {
    const id = await waiting();
    const said = await Promise.all([
      core.sayText(`approve #${id}`, DANA),
      core.sayText(`approve #${id}`, KIM),
    ]);
    expect(said.join()).not.toContain('changed by somebody else');
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('of the same person count once, and are posted once', async () => {
    const id = await waiting();
    await core.say(`approve #${id}`, DANA);
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('already');
    await core.deliver();
    expect(core.chat.at('C0OPS', 0).replies.filter((r) => r.includes('1 of 2'))).toHaveLength(1);
    expect(applied()).toEqual([]);
  });

  it('of a person who may no longer approve do not count', async () => {
    const id = await waiting();
    await core.say(`approve #${id}`, DANA);
    const people = directory();
    await core.restart({
      ...people,
      stacks: [stackWith({ approvers: two })],
      groups: { sre: ['kim', 'eve'] },
    });
    await core.say(`approve #${id}`, KIM);
    expect((await core.run(id)).state).toBe('awaiting_approval');
    await core.say(`approve #${id}`, EVE);
    await core.untilIdle();
    expect(applied()).toHaveLength(1);
  });
});

describe('an approval whose rules in m0.yaml changed before the apply', () => {
  it.each([
    ['realign: never', { realign: 'never' as const }, 'denied'],
    ['two must approve', { approvers: { from: ['sre'], need: 2, notTheAuthor: true } }, 'awaiting_approval'],
    [
      'the approver is none any more',
      { approvers: { from: ['kim'], need: 1, notTheAuthor: true } },
      'awaiting_approval',
    ],
  ])('%s', async (_what, change, state) => {
    const id = await waiting();
    core.cloud.next('head', () => new Promise(() => {}));
    await core.say(`approve #${id}`, DANA);
    expect((await core.run(id)).state).toBe('approved');
    await core.restart(directory({ stacks: [stackWith(change)] }));
    expect((await core.run(id)).state).toBe(state);
    expect(applied()).toEqual([]);
  });

  it('realign: ask, and no person was asked', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('head', () => new Promise(() => {}));
    await core.worker.check(core.stack, 'schedule', DANA);
    await core.untilState('approved');
    await core.restart(directory({ stacks: [stackWith({ realign: 'ask' })] }));
    expect(applied()).toEqual([]);
    expect((await core.store.runs({}))[0]?.state).toBe('awaiting_approval');
  });
});

describe('drift that changed after the approval is never applied', () => {
  it.each<[string, (c: Core) => void]>([
    ['the policy bundle', (c) => (c.cloud.commit = 'ffffffff')],
    ['the code', (c) => c.cloud.code.set(STACK, { ...CODE, commit: 'ffffffff' })],
    ['a value', (c) => c.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')])],
    ['one finding more', (c) => c.cloud.drift.set(STACK, [SSH, TAG])],
    ['the plan touches an undecided address', (c) => (c.cloud.alsoTouches = () => ['aws_db_instance.main'])],
  ])('%s', async (_what, change) => {
    const id = await waiting();
    change(core);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    await core.deliver();
    expect(textOf(core.chat.at('C0OPS', 0).card)).toContain('not applied: since Dana approved');
  });

  it('notifies the approvers with a new DM or a reply to the one they have', async () => {
    await core.close();
    const needs = { from: ['sre'], need: 2, notTheAuthor: false };
    core = await Core.open([stackWith({ approvers: { ...needs, from: ['sre', 'oncall:primary'] } })], {
      oncall: { primary: { kind: 'rotation', people: ['dana'], everyMs: 1e12, from: 0 } },
    });
    await core.worker.start();
    const id = await waiting();
    await core.say(`approve #${id}`, DANA);
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')]);
    await core.say(`approve #${id}`, KIM);
    await core.untilIdle();
    await core.deliver();
    await core.deliver();
    const text = 'Not applied: it moved since Dana and Kim approved it. Please look again';
    expect(core.chat.in('DU0DANA').map((m) => m.replies)).toEqual([[text]]);
    expect(core.chat.in('DU0KIM').map((m) => textOf(m.card))).toEqual([expect.stringContaining(text)]);
    expect(applied()).toEqual([]);
  });

  it('is gone: nothing is applied and the alert ends', async () => {
    const id = await waiting();
    core.cloud.drift.set(STACK, []);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('clean');
    expect(await core.alerts('open')).toEqual([]);
  });
});

describe('an approval that m0 could not carry out for hours', () => {
  const never = (): Promise<void> => new Promise(() => {});
  const HOUR = 60 * 60_000;

  /** m0 stops right after the approval, for `ms`. */
  async function downAfterYes(ms: number): Promise<number> {
    const id = await waiting();
    core.cloud.next('plan', never);
    await core.say(`approve #${id}`);
    await core.untilState('approved');
    core.now += ms;
    await core.restart();
    await core.deliver();
    return id;
  }

  it('expires after four hours: nothing is applied, and the people on call are asked about a new plan', async () => {
    const id = await downAfterYes(4 * HOUR);
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('expired');
    const [old, fresh] = core.chat.in('C0OPS');
    expect(old?.card.headline).toBe(
      `${STACK}: the approval of run #${id} was too old, planned afresh as run #${id + 1}`,
    );
    expect(old?.replies.at(-1)).toBe('Not applied: it was approved 4 h ago. Planning afresh, to ask again');
    expect(await core.sayText(`approve #${id}`)).toContain(`run #${id} has expired`);
    expect(core.chat.in('DU0DANA')).toHaveLength(2);
    await core.say(commandOf(fresh?.card as never), DANA, true);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('is asked about again by the next check if that new plan failed', async () => {
    const id = await waiting();
    core.cloud.next('plan', never);
    await core.say(`approve #${id}`);
    await core.untilState('approved');
    core.now += 5 * HOUR;
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.restart();
    await core.check();
    expect(applied()).toEqual([]);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });

  it('is carried out before that', async () => {
    const id = await downAfterYes(4 * HOUR - 1);
    expect(applied()).toEqual([[SSH.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('by policies only is decided again and carried out after any time', async () => {
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('head', never);
    await core.worker.check(core.stack, 'schedule', M0);
    await core.untilState('approved');
    core.now += 48 * HOUR;
    await core.restart();
    expect(applied()).toEqual([[TAG.address]]);
  });
});

describe('after an apply', () => {
  it('remaining drift is reported, asked about, and never applied again automatically', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'all' }]);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.stubborn.add(TAG.address);
    expect((await core.check()).state).toBe('awaiting_approval');
    await core.check();
    await core.check('command');
    // Other drift appears; what the apply did not revert still waits.
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.check();
    expect(applied()).toEqual([[TAG.address]]);
  });

  it('remaining drift notifies the people who approved', async () => {
    const id = await waiting();
    core.cloud.stubborn.add(SSH.address);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    await core.deliver();
    expect(applied()).toEqual([[SSH.address]]);
    expect(called('DANA')).toContain(
      `Applied, but the plan after it still shows ${SSH.address}. Please look again`,
    );
  });

  it('a failed one is not repeated, whatever triggers the next check', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'all' }]);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', async () => {
      await core.worker.check(core.stack, 'command', EVE);
      throw new Error('running terraform apply: AccessDenied');
    });
    await core.check();
    expect(applied()).toHaveLength(1);
    await core.check('command');
    expect(applied()).toHaveLength(1);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });

  it('a failed one is asked about by the next check, also if the check right after it failed', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'all' }]);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', () => {
      core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
      throw new Error('running terraform apply: AccessDenied');
    });
    await core.check();
    await core.check();
    expect(applied()).toHaveLength(1);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });
});
