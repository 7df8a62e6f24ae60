/** The emergency stop: `pause` holds every apply of a target back, `resume` lets them go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeView } from '../../src/alerts/home.ts';
import type { Card } from '../../src/messages/card.ts';
import { homeCard } from '../../src/messages/home-card.ts';
import { gaugesText } from '../../src/metrics/gauges.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Actor, Run } from '../../src/model/run.ts';
import type { Reply } from '../../src/ports/chat.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALLOW = [{ rule: 'allow' as const, text: 'anything goes' }];
const HOUR = 3_600_000;
const DEV = [{ platform: 'slack' as const, channel: 'C0DEV' }];

let core: Core;
async function open(stacks: readonly Stack[] = [stackWith()]): Promise<void> {
  core = await Core.open(stacks);
  await core.worker.start();
}
beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if (await holds()) return;
    await sleep(3);
  }
  throw new Error(`never: ${what}`);
}
/** The run was held back at the start of its apply: it is approved, without a plan file. */
const heldRun = (id: number) =>
  until(`run #${id} is held`, async () => {
    const run = await core.run(id);
    const steps = (await core.store.audit({ runId: id })).map((entry) => entry.action);
    return run.state === 'approved' && run.plan === null && steps.includes('held');
  });
/** Starts a new process on the same memory, which does not wait for runs that are held. */
async function restart(stacks: readonly Stack[] = core.directory.stacks): Promise<void> {
  core.directory = { ...core.directory, stacks };
  core.boot();
  await core.worker.start();
}
/** The worker has had time to take work that it should not take. */
const noWorkIsTaken = () => sleep(40);

async function waiting(name = STACK, findings = [SSH]): Promise<Run> {
  core.cloud.drift.set(name, findings);
  const run = await core.check('schedule', name);
  expect(run.state).toBe('awaiting_approval');
  await core.deliver();
  return run;
}
/** Queues a check whose drift the policies allow, and waits until it is approved and held. */
async function heldHeal(name = STACK): Promise<number> {
  core.cloud.policies.set('tags-auto', ALLOW);
  core.cloud.drift.set(name, [TAG]);
  const stack = core.directory.stacks.find((s) => s.name === name) as Stack;
  const { id } = await core.worker.check(stack, 'schedule', DANA);
  await heldRun(id);
  return id;
}
const applied = () => core.cloud.applies.map((a) => a.stack);
/** The answer of `drift`, posted and followed until its checks have nothing left to do. */
async function answerOf(text: string): Promise<Card> {
  const reply = await replyTo(text);
  if (reply.type !== 'public') throw new Error(reply.type);
  const at = await core.chat.post({ platform: 'slack', channel: 'C0OPS' }, reply.card, `answer ${text}`);
  await reply.posted?.(at);
  const card = (): Card | undefined => core.chat.messages.find((m) => m.id === at.messageId)?.card;
  await core.deliver();
  await expect
    .poll(async () => {
      await core.deliver();
      return card()?.headline ?? '';
    })
    .not.toContain('checking now');
  return card() ?? reply.card;
}

const replyTo = (
  text: string,
  answers: Record<string, string> | null = null,
  actor: Actor = DANA,
): Promise<Reply> =>
  core.handler({ text, actor, place: { platform: 'slack', channel: 'C0OPS' }, answers, from: null });
const texts = (channel: string) => core.chat.in(channel).map((m) => textOf(m.card));
const actions = async () => (await core.store.audit({})).map((e) => e.action);

describe('a paused stack', () => {
  it('is not applied by a person: the approval is refused with who paused it and why, and is not kept', async () => {
    const run = await waiting();
    await core.say('pause prod the vendor works on the network', KIM);
    core.now += HOUR;
    const answer = await core.say(`approve #${run.id}`);
    expect(answer && textOf(answer)).toMatch(
      /Nothing of prod-network is applied: Kim paused prod: “the vendor works on the network”, 1 h ago\. .*approve again/,
    );
    expect(answer && buttonsOf(answer).map((b) => b.command)).toEqual(['resume prod']);
    expect(await core.run(run.id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    await core.say('resume prod');
    await noWorkIsTaken();
    expect(applied()).toEqual([]);
    await core.say(`approve #${run.id}`);
    await core.untilIdle();
    expect(applied()).toEqual([STACK]);
  });

  it('is not healed by policies, and is healed by itself with a fresh plan once it is resumed', async () => {
    await core.say('pause prod-network incident');
    const id = await heldHeal();
    await noWorkIsTaken();
    expect(applied()).toEqual([]);
    expect([...core.cloud.kept.keys()]).toEqual([]);
    // It is held once, not again and again.
    expect((await actions()).filter((action) => action === 'held')).toHaveLength(1);
    const plans = core.cloud.plans.length;
    core.now += 24 * HOUR;
    await core.say('resume prod-network', KIM);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
    expect(applied()).toEqual([STACK]);
    // The plan before the apply, and the one after it.
    expect(core.cloud.plans.length).toBe(plans + 2);
  });

  it('makes no plan for an apply that is held', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.say('pause prod incident');
    const { id } = await core.worker.check(core.stack, 'schedule', DANA);
    await heldRun(id);
    expect(core.cloud.plans).toHaveLength(1);
  });

  it('takes no apply from an approval that was given before, until it is resumed; then compares afresh', async () => {
    const run = await waiting();
    core.cloud.next('plan', async () => void (await core.say('pause * incident', KIM)));
    await core.say(`approve #${run.id}`);
    await heldRun(run.id);
    expect(applied()).toEqual([]);
    expect(await core.sayText(`approve #${run.id}`)).toContain('Kim paused *: “incident”');
    // The drift moves while it is paused: what was approved is not applied.
    core.cloud.drift.set(STACK, [sshFinding('198.51.100.1/32')]);
    await core.say('resume *');
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect((await core.run(run.id)).state).toBe('awaiting_approval');
  });

  it('begins no apply when the pause is stored at the last moment, right before the apply is', async () => {
    const run = await waiting();
    let paused = false;
    core.beforeCommit = async (changes) => {
      const begins = changes.some((c) => c.type === 'run.update' && c.run.state === 'applying');
      if (!begins || paused) return;
      paused = true;
      await core.store.commit([
        { type: 'pause.add', pause: { target: 'prod', by: KIM, at: core.now, reason: 'stop' } },
      ]);
    };
    await core.say(`approve #${run.id}`);
    await heldRun(run.id);
    expect(paused).toBe(true);
    expect(applied()).toEqual([]);
    expect((await actions()).filter((action) => action === 'held')).toHaveLength(1);
    expect(await core.store.healHistory(core.stack, core.now)).toEqual({ heals: [], inEnvironment: 0 });
    core.beforeCommit = null;
    await core.say('resume prod');
    await core.untilIdle();
    expect((await core.run(run.id)).state).toBe('realigned');
  });

  it('takes no approval when the pause is stored at the last moment, right before the approval is', async () => {
    const run = await waiting();
    core.beforeCommit = async (changes) => {
      if (!changes.some((c) => c.type === 'run.update' && c.run.state === 'approved')) return;
      core.beforeCommit = null;
      await core.store.commit([
        { type: 'pause.add', pause: { target: 'prod', by: KIM, at: core.now, reason: 'stop' } },
      ]);
    };
    expect(await core.sayText(`approve #${run.id}`)).toContain('Kim paused prod: “stop”');
    expect(await core.run(run.id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
  });

  it('lets an old approval expire as ever', async () => {
    const run = await waiting();
    core.cloud.next('plan', async () => void (await core.say('pause prod incident', KIM)));
    await core.say(`approve #${run.id}`);
    await heldRun(run.id);
    core.now += 5 * HOUR;
    await core.say('status');
    await core.worker.check(core.stack, 'command', DANA);
    await until('it expires', async () => (await core.run(run.id)).state === 'expired');
    await core.untilIdle();
    expect(applied()).toEqual([]);
  });

  it('stays paused over a restart, and a stack that is added to the environment is paused as well', async () => {
    await core.say('pause prod incident');
    const added = stackWith({ name: 'prod-new' });
    await restart([...core.directory.stacks, added]);
    await heldHeal('prod-new');
    const other = await heldHeal();
    await restart();
    await noWorkIsTaken();
    expect(applied()).toEqual([]);
    await core.say('resume prod');
    await core.untilIdle();
    expect((await core.run(other)).state).toBe('realigned');
    expect(applied().sort()).toEqual([STACK, 'prod-new']);
  });

  it('stays paused when a stack gets the name of the paused environment', async () => {
    await core.say('pause prod incident');
    const named = stackWith({ name: 'prod', environment: 'dev' });
    await core.restart({ ...core.directory, stacks: [...core.directory.stacks, named] });
    await heldHeal();
    await noWorkIsTaken();
    expect(applied()).toEqual([]);
  });

  it('is held back when it moves to a paused environment', async () => {
    const db = stackWith({ name: 'prod-db' });
    await restart([stackWith({ environment: 'staging' }), db]);
    await core.say('pause staging incident');
    await core.say('pause prod another incident');
    const id = await heldHeal();
    await restart([stackWith(), db]);
    await core.say('resume staging');
    await noWorkIsTaken();
    expect(applied()).toEqual([]);
    await core.say('resume prod');
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('goes on being checked: new drift posts, a check by command is answered, a snooze and an accept work', async () => {
    await core.say('pause prod incident');
    const run = await waiting();
    expect(texts('C0OPS').join('\n')).toContain('aws_security_group.web');
    expect((await answerOf('drift prod')).headline).toContain('1 open');
    await core.say(`snooze #${run.id} 2h vendor`);
    expect((await core.run(run.id)).state).toBe('quiet');
  });

  it('is answered by drift also while an apply that policies allow is held', async () => {
    await core.say('pause prod incident');
    core.cloud.policies.set('tags-auto', ALLOW);
    core.cloud.drift.set(STACK, [TAG]);
    expect(textOf(await answerOf('drift prod'))).not.toContain('checking now');
  });

  it('takes no place of the worker away from other stacks', async () => {
    await core.close();
    const names = Array.from({ length: 6 }, (_, i) => `prod-${i}`);
    await open([
      ...names.map((name) => stackWith({ name })),
      stackWith({ name: 'dev-app', environment: 'dev' }),
    ]);
    await core.say('pause prod incident');
    for (const name of names) await heldHeal(name);
    core.cloud.drift.set('dev-app', [TAG]);
    expect((await core.check('schedule', 'dev-app')).state).toBe('realigned');
  });
});

describe('the answer of pause', () => {
  it('names the applies that already run, which it can not stop', async () => {
    const run = await waiting();
    let finish = (): void => {};
    core.cloud.next('apply', () => new Promise((resolve) => (finish = resolve)));
    await core.say(`approve #${run.id}`);
    await core.untilState('applying');
    await until('the apply runs', async () => core.cloud.applies.length === 1);
    const text = await core.sayText('pause prod incident', KIM);
    expect(text).toContain(`Already being applied, and can’t be stopped: #${run.id} (prod-network)`);
    await core.deliver();
    expect(texts('C0OPS')[0]).toContain('The apply that runs can’t be stopped');
    finish();
    await core.untilIdle();
    expect((await core.run(run.id)).state).toBe('realigned');
  });

  it('is a form where the target or the reason is missing, and its answers pause', async () => {
    expect(await replyTo('pause')).toMatchObject({ type: 'form', form: { command: 'pause' } });
    expect(await replyTo('pause prod')).toMatchObject({ type: 'form', form: { command: 'pause prod' } });
    expect(await core.store.pauses()).toEqual([]);
    await replyTo('pause', { target: 'env:prod', reason: 'from the home page' });
    expect(await core.store.pauses()).toMatchObject([
      { target: 'env:prod', reason: 'from the home page', by: DANA },
    ]);
    expect(await replyTo('pause', { target: 'prod', reason: '' })).toMatchObject({ type: 'form' });
  });

  it('says so where the target is paused already, and keeps the first pause', async () => {
    await core.say('pause prod incident', KIM);
    core.now += HOUR;
    expect(await core.sayText('pause PROD again')).toContain(
      'PROD is paused already, for 1 h: Kim paused prod: “incident”',
    );
    expect(await core.store.pauses()).toMatchObject([{ by: KIM, reason: 'incident' }]);
    expect((await core.alerts('open')).filter((a) => a.kind === 'pause')).toHaveLength(1);
  });
});

describe('who may pause and resume', () => {
  it('is whoever may approve one of the stacks, and whom m0.yaml names', async () => {
    expect(await core.sayText('pause prod incident', EVE)).toMatch(
      /Only sre or the person on call .* may pause prod/,
    );
    expect(await core.store.pauses()).toEqual([]);
    await core.restart({ ...core.directory, may: { ...core.directory.may, pause: ['dev'] } });
    await core.say('pause prod incident', EVE);
    expect(await core.store.pauses()).toHaveLength(1);
    await core.say('resume prod', EVE);
    expect(await core.store.pauses()).toEqual([]);
    await core.say('pause prod incident', KIM);
    await core.say('resume prod', DANA);
    expect(await core.store.pauses()).toEqual([]);
  });

  it('may pause everything if they may approve on one stack of it', async () => {
    await core.close();
    const none = { from: [], need: 1, notTheAuthor: false };
    await open([stackWith(), stackWith({ name: 'dev-app', environment: 'dev', approvers: none })]);
    expect(await core.sayText('pause dev incident')).toContain('Nobody may pause dev');
    await core.say('pause * incident');
    expect(await core.store.pauses()).toMatchObject([{ target: '*' }]);
    expect(await core.sayText('resume *', EVE)).toContain('Only sre');
  });
});

describe('resume', () => {
  it('ends the pause of exactly its target, and names the others that still hold', async () => {
    await core.say('pause prod incident');
    await core.say('pause prod-network migration', KIM);
    expect(await core.sayText('resume prod')).toContain(
      'Still paused: prod-network: Kim paused prod-network: “migration”',
    );
    expect((await core.store.pauses()).map((p) => p.target)).toEqual(['prod-network']);
    const refusal = await core.say('resume prod');
    expect(refusal && textOf(refusal)).toContain('prod has no pause of its own: Kim paused prod-network');
    expect(refusal && buttonsOf(refusal).map((b) => b.command)).toEqual(['resume prod-network']);
    await core.say('resume env:prod-network');
    expect(await core.store.pauses()).toHaveLength(1);
    await core.say('resume stack:prod-network');
    expect(await core.store.pauses()).toEqual([]);
  });

  it('without a target offers what is paused', async () => {
    await core.say('pause prod incident');
    await core.say('pause * all of it');
    const answer = await core.say('resume');
    expect(answer && buttonsOf(answer).map((b) => b.command)).toEqual(['resume prod', 'resume *']);
  });

  it('ends a pause whose target is no longer in m0.yaml', async () => {
    await core.say('pause prod-network incident');
    await core.restart({ ...core.directory, stacks: [stackWith({ name: 'prod-db' })] });
    expect(await core.sayText('home')).toContain('prod-network');
    await core.say('resume prod-network');
    expect(await core.store.pauses()).toEqual([]);
  });
});

describe('what people see of a pause', () => {
  it('is one message in each channel, which says when it ended', async () => {
    await core.close();
    await open([
      ...['prod-a', 'prod-b', 'prod-c'].map((name) => stackWith({ name })),
      stackWith({ name: 'prod-d', channels: DEV }),
    ]);
    await core.say('pause prod the vendor works on it');
    await core.deliver();
    for (const channel of ['C0OPS', 'C0DEV']) {
      const [message, ...more] = core.chat.in(channel);
      expect(more).toEqual([]);
      expect(message?.card.headline).toBe(
        'Dana paused prod: nothing is applied to 4 stacks. "the vendor works on it"',
      );
      expect(message && buttonsOf(message.card).map((b) => b.command)).toEqual([
        'resume prod',
        'status prod',
      ]);
    }
    core.now += 2 * HOUR;
    await core.say('resume prod', KIM);
    await core.deliver();
    const [message] = core.chat.in('C0OPS');
    expect(message?.card.headline).toBe('Prod is no longer paused: Kim resumed it after 2 h');
    expect(message?.replies).toEqual(['Kim resumed prod']);
    expect(message && buttonsOf(message.card)).toEqual([]);
    expect(core.chat.in('C0OPS')).toHaveLength(1);
  });

  it('is on the open cards of the stacks at once, and off them when it is resumed', async () => {
    const run = await waiting();
    const card = () =>
      core.chat.in('C0OPS')[0]?.card as never as { headline: string; blocks: never[]; tone: 'plain' };
    const commands = () => buttonsOf(card()).map((b) => b.command.replace(/ [0-9a-f]{8}$/, ''));
    expect(commands()).toContain(`approve #${run.id}`);
    await core.say('pause prod the vendor works on it', KIM);
    await core.deliver();
    expect(card().headline).toMatch(/^Paused by Kim: prod-network/);
    expect(textOf(card())).toContain('the vendor works on it');
    expect(commands()).toContain('resume prod');
    expect(commands()).not.toContain(`approve #${run.id}`);
    await core.say('resume prod');
    await core.deliver();
    expect(textOf(card())).not.toContain('aused');
    expect(commands()).toContain(`approve #${run.id}`);
  });

  it('is on the card of a held apply, in why, in status, in the digest, at home and in the metrics', async () => {
    await core.say('pause prod the vendor works on it', KIM);
    const id = await heldHeal();
    await core.deliver();
    const card = core.chat.in('C0OPS').find((m) => m.card.headline.includes('prod-network'))?.card;
    expect(card?.headline).toMatch(/^Paused by Kim: prod-network: .*when resumed/);
    for (const text of [`why #${id}`, 'status', 'status prod', 'digest', 'home']) {
      expect(await core.sayText(text), text).toMatch(/Kim[\s\S]*the vendor works on it/);
    }
    const view = await homeView(
      { store: core.store, directory: core.directory, onCall: core.onCall, clock: () => core.now, lastTicks },
      DANA,
    );
    expect(buttonsOf(homeCard(view)).map((b) => b.command)).toEqual(
      expect.arrayContaining(['pause', 'resume prod']),
    );
    const overview = await core.store.overview([STACK], core.now);
    expect(await gaugesText(overview, core.directory, lastTicks, core.now)).toContain(
      'm0_stacks_paused{environment="prod"} 1',
    );
    await core.say('resume prod');
    await core.untilIdle();
    const after = await core.store.overview([STACK], core.now);
    expect(await gaugesText(after, core.directory, lastTicks, core.now)).toContain(
      'm0_stacks_paused{environment="prod"} 0',
    );
  });

  it('is on the message of many stacks at once, and reaches a channel that subscribes later', async () => {
    await core.close();
    const names = Array.from({ length: 6 }, (_, i) => `prod-${i}`);
    await open(names.map((name) => stackWith({ name })));
    await core.say('pause prod the vendor works on it', KIM);
    for (const name of names) {
      await heldHeal(name);
      await core.deliver();
    }
    core.now += 15_000;
    await core.deliver();
    const fleet = core.chat.in('C0OPS').find((m) => m.card.headline.includes('6 stacks drifted'))?.card;
    expect(fleet?.headline).toContain('6 paused, 6 wait until they are resumed');
    expect(fleet && textOf(fleet)).toContain('the vendor works on it');
    expect(fleet && buttonsOf(fleet).map((b) => b.command)).toContain('resume prod');
    const place = { platform: 'slack', channel: 'C0DEV' } as const;
    await core.handler({ text: 'subscribe prod-1', actor: DANA, place, answers: null, from: null });
    await core.deliver();
    expect(core.chat.in('C0DEV').map((m) => m.card.headline)).toContainEqual(
      expect.stringMatching(/^Kim paused prod: nothing is applied to 6 stacks/),
    );
  });

  it('is on record, also in the history of a stack', async () => {
    await core.say('pause prod the vendor works on it', KIM);
    await core.say('resume prod');
    const lines = (await core.store.audit({ stack: 'prod' })).map((e) => [e.action, e.actor.name, e.detail]);
    expect(lines).toEqual([
      ['resume', 'Dana', 'paused for: the vendor works on it (1 stack)'],
      ['pause', 'Kim', 'the vendor works on it (1 stack)'],
    ]);
    expect(await core.sayText('history prod-network')).toMatch(/Kim[\s\S]* paused [\s\S]*the vendor/);
  });
});
