import { afterEach, describe, expect, it } from 'vitest';
import type { Directory, Stack } from '../../src/model/directory.ts';
import type { Actor } from '../../src/model/run.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding } from '../support/runs.ts';

const SSH = sshFinding();
const HOUR = 3_600_000;
const GUEST: Actor = { person: null, platform: 'slack', userId: 'U0GUEST', name: 'Guest' };
const BY_GROUP = stackWith({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } });
const USERGROUP: Partial<Directory> = { groups: { dev: ['eve'] }, usergroups: { sre: 'S0SRE' } };

let core: Core;
async function open(stack: Stack = stackWith(), more: Partial<Directory> = {}): Promise<number> {
  core = await Core.open([stack], more);
  await core.worker.start();
  core.cloud.drift.set(STACK, [SSH]);
  const { id, state } = await core.check();
  expect(state).toBe('awaiting_approval');
  await core.deliver();
  return id;
}
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const applied = () => core.cloud.applies.map((a) => a.touched);
const state = async (id: number) => (await core.run(id)).state;

describe('a group that a Slack user group fills', () => {
  it('lets its members approve, and nobody else', async () => {
    const id = await open(BY_GROUP, USERGROUP);
    core.chat.usergroups.set('S0SRE', ['U0KIM', 'U0GUEST']);
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('Only sre may approve');
    expect(await core.sayText(`approve #${id}`, GUEST)).toContain('Only sre may approve');
    await core.say(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('has no members while Slack is not reachable', async () => {
    const id = await open(BY_GROUP, USERGROUP);
    for (const actor of [DANA, KIM, EVE]) {
      expect(await core.sayText(`approve #${id}`, actor)).toContain('Only sre may approve');
    }
    expect(await state(id)).toBe('awaiting_approval');
    expect(await core.onCall.problems()).toEqual([
      { part: 'group:sre', problem: expect.stringContaining('no answer') },
    ]);
    // A group is no rotation, so `oncall` does not list it.
    expect(await core.sayText('oncall')).not.toContain('group:sre');
  });

  it('gives no permission to a removed member, whose earlier approval no longer counts', async () => {
    const two = stackWith({ approvers: { from: ['sre'], need: 2, notTheAuthor: false } });
    const id = await open(two, USERGROUP);
    core.chat.usergroups.set('S0SRE', ['U0DANA', 'U0KIM', 'U0EVE']);
    await core.say(`approve #${id}`, DANA);
    core.chat.usergroups.set('S0SRE', ['U0KIM', 'U0EVE']);
    await core.say(`approve #${id}`, KIM);
    expect(await state(id)).toBe('awaiting_approval');
    await core.say(`approve #${id}`, EVE);
    await core.untilIdle();
    expect(await state(id)).toBe('realigned');
  });

  it('that is emptied between the approval and the apply stops the apply', async () => {
    const id = await open(BY_GROUP, USERGROUP);
    core.chat.usergroups.set('S0SRE', ['U0KIM']);
    core.cloud.next('head', () => void core.chat.usergroups.set('S0SRE', []));
    await core.say(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
  });

  it('is asked by an escalation as any group is', async () => {
    const escalation = [{ afterMs: HOUR, to: 'sre', everyMs: null }];
    await open({ ...BY_GROUP, escalation }, USERGROUP);
    core.chat.usergroups.set('S0SRE', ['U0KIM']);
    core.now += HOUR;
    await core.periodicWork();
    expect(core.chat.in('DU0KIM')).toHaveLength(1);
  });
});

describe('two required approvals', () => {
  const TWO = stackWith({ approvers: { from: ['sre', 'oncall:primary'], need: 2, notTheAuthor: false } });

  it('the latest decision of a person counts: an approver may still reject', async () => {
    const id = await open(TWO);
    await core.say(`approve #${id}`, DANA);
    await core.say(`reject #${id} I looked again`, DANA);
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('was rejected');
    expect(await core.run(id)).toMatchObject({ state: 'rejected', ending: { reason: 'I looked again' } });
    expect(applied()).toEqual([]);
  });

  it('one person counts once, with any permission and from any card', async () => {
    const id = await open(TWO);
    // Dana is on call and in sre, and has the card twice.
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    await core.say(`approve #${id}`, DANA);
    const direct = { platform: 'slack', channel: 'DU0DANA' } as const;
    const from = { channel: 'DU0DANA', messageId: core.chat.at('DU0DANA', 0).id };
    await core.handler({ text: `approve #${id}`, actor: DANA, place: direct, answers: null, from });
    await core.untilIdle();
    expect((await core.run(id)).approvals).toHaveLength(1);
    expect(applied()).toEqual([]);
    const yes = (await core.store.audit({ runId: id })).filter((e) => e.action === 'approve');
    expect(yes).toHaveLength(1);
  });

  it('an approval ends when the drift changes', async () => {
    const id = await open(TWO);
    await core.say(`approve #${id}`, DANA);
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')]);
    const next = await core.check();
    await core.say(`approve #${next.id}`, KIM);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect((await core.run(next.id)).approvals.map((a) => a.by.name)).toEqual(['Kim']);
  });
});

describe('a refusal', () => {
  it('offers to ask the one on call, and asking sends them the card', async () => {
    const quiet = { from: 0, to: 24 * 60 - 1, weekends: true, timezone: 'UTC' };
    const id = await open(stackWith({ quietHours: quiet }));
    expect(core.chat.in('DU0DANA')).toEqual([]);
    const card = await core.say(`approve #${id}`, EVE);
    expect(card === null ? [] : buttonsOf(card)).toEqual([{ label: 'Ask Dana', command: `ask #${id}` }]);
    expect(await core.sayText(`ask #${id}`, EVE)).toContain(`Asked Dana to decide on run #${id}.`);
    await core.deliver();
    const [copy] = core.chat.in('DU0DANA');
    expect(textOf(copy?.card as never)).toContain('Eve asks you to decide. You are on call (primary)');
    expect(copy && buttonsOf(copy.card).map((b) => b.command)).toContainEqual(
      expect.stringContaining(`approve #${id}`),
    );
    expect(core.chat.at('C0OPS', 0).replies).toEqual(['Eve asked Dana to decide']);
    const [line] = await core.store.audit({ runId: id });
    expect(line).toMatchObject({
      ...{ action: 'ask', actor: EVE, detail: 'Dana', place: { platform: 'slack', channel: 'C0OPS' } },
    });
  });

  it('asks by the existing copy, once an hour, also for two requests at once', async () => {
    const id = await open();
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    const said = await Promise.all([core.sayText(`ask #${id}`, EVE), core.sayText(`ask #${id}`, GUEST)]);
    expect(said.filter((s) => s.includes('Asked Dana'))).toHaveLength(1);
    await core.deliver();
    expect(core.chat.in('DU0DANA')).toHaveLength(1);
    expect(core.chat.at('DU0DANA', 0).replies).toEqual([
      expect.stringMatching(new RegExp(`^(Eve|Guest) asks you to decide on ${STACK}, run #${id}$`)),
    ]);
    core.now += HOUR - 1;
    await core.restart();
    expect(await core.sayText(`ask #${id}`, EVE)).toContain('once an hour is enough');
    core.now += 1;
    expect(await core.sayText(`ask #${id}`, EVE)).toContain('Asked Dana');
    await core.deliver();
    expect(core.chat.at('DU0DANA', 0).replies).toHaveLength(2);
  });

  it('asks with a separate card about a stack that is part of a fleet message', async () => {
    const names = Array.from({ length: 6 }, (_, i) => `prod-${i}`);
    core = await Core.open(names.map((name) => stackWith({ name })));
    await core.worker.start();
    for (const name of names) {
      core.cloud.drift.set(name, [SSH]);
      await core.check('schedule', name);
      await core.deliver();
    }
    expect(core.chat.in('DU0DANA')).toHaveLength(4);
    const [last] = await core.store.runs({ stack: 'prod-5' });
    expect(await core.sayText(`ask #${last?.id}`, EVE)).toContain('Asked Dana');
    await core.deliver();
    expect(core.chat.in('DU0DANA')).toHaveLength(5);
    expect(core.chat.at('DU0DANA', 4).card.headline).toMatch(/^prod-5: /);
  });

  it('offers nobody if nobody is on call, and asking says why', async () => {
    const oncall = { primary: { kind: 'pagerduty', schedule: 'PABC123' } } as const;
    const id = await open(
      stackWith({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } }),
      {
        oncall,
      },
    );
    const card = await core.say(`approve #${id}`, EVE);
    expect(card && buttonsOf(card)).toEqual([]);
    expect(await core.sayText(`ask #${id}`, EVE)).toContain('Nobody on call for prod-network can be asked');
    await core.restart(directory({ stacks: [BY_GROUP] }));
    expect(await core.sayText(`ask #${id}`, EVE)).toContain(
      'There is nobody to ask for prod-network: sre may approve it.',
    );
  });

  it('does not offer the person on call themselves, and offers nobody after the decision', async () => {
    core = await Core.open([stackWith()]);
    await core.worker.start();
    core.cloud.drift.set(STACK, [{ ...SSH, origin: 'code' }]);
    core.cloud.code.set(STACK, {
      ...(await core.cloud.head(core.stack)),
      author: 'Dana',
      authorEmail: 'dana@acme.dev',
    });
    const { id } = await core.check();
    const own = await core.say(`approve #${id}`, DANA);
    expect(textOf(own as never)).toContain('notTheAuthor');
    expect(own && buttonsOf(own)).toEqual([]);
    expect(await core.sayText(`ask #${id}`, DANA)).toContain('You are the one to ask');
    await core.say(`reject #${id} not now`, KIM);
    const late = await core.say(`approve #${id}`, EVE);
    expect(late && buttonsOf(late)).toEqual([]);
    expect(await core.sayText(`ask #${id}`, EVE)).toContain('Nothing to ask about');
  });
});
