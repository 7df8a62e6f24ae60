/** A chat that holds messages of another memory: after a fresh database, and after a restore of a back-up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { backUp } from '../../src/store/back-up.ts';
import { restore } from '../../src/store/restore.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, FakeChat, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const TAG = tagFinding();
const OPS_IN_TEAMS = '19:ops@thread.tacv2';
const BOTH = [
  { platform: 'slack', channel: 'C0OPS' },
  { platform: 'teams', channel: OPS_IN_TEAMS },
] as const;

const OTHER = 'prod-app';
const HOUR = 3_600_000;
const stacks = () => [stackWith({ channels: BOTH }), stackWith({ name: OTHER, channels: BOTH })];

const open: Core[] = [];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-restored-'));
});
afterEach(async () => {
  for (const core of open.splice(0)) await core.close();
  rmSync(dir, { recursive: true, force: true });
});

/** m0 with a memory of its own, in the chats of `before` where one is given. */
async function start(before?: Core, memory: string | null = null): Promise<Core> {
  const core = await Core.open(stacks(), {}, memory);
  open.push(core);
  core.chats.set('slack', before?.chats.get('slack') ?? core.chat);
  core.chats.set('teams', before?.chats.get('teams') ?? new FakeChat([OPS_IN_TEAMS], 'teams'));
  return core;
}

const slackOf = (core: Core) => core.chats.get('slack') as FakeChat;
const teamsOf = (core: Core) => core.chats.get('teams') as FakeChat;

describe('a fresh database in chats that m0 has written to', () => {
  it('posts new drift in both chats, and leaves the messages of the former memory as they are', async () => {
    const former = await start();
    await former.worker.start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.check();
    await former.deliver();
    const old = [slackOf(former).at('C0OPS', 0), teamsOf(former).at(OPS_IN_TEAMS, 0)];
    const before = old.map(({ card }) => textOf(card));

    const fresh = await start(former);
    await fresh.worker.start();
    fresh.cloud.drift.set(STACK, [TAG]);
    expect((await fresh.check()).id).toBe(1);
    await fresh.deliver();

    expect(slackOf(former).in('C0OPS')).toHaveLength(2);
    expect(teamsOf(former).in(OPS_IN_TEAMS)).toHaveLength(2);
    expect(textOf(slackOf(former).at('C0OPS', 1).card)).toContain(TAG.address);
    expect(textOf(teamsOf(former).at(OPS_IN_TEAMS, 1).card)).toContain(TAG.address);
    expect(old.map(({ card }) => textOf(card))).toEqual(before);
    expect(old.map(({ replies }) => replies)).toEqual([[], []]);

    // A line of history has the same number in both memories.
    await fresh.say('reject #1 vendor is on it');
    await fresh.deliver();
    expect(slackOf(former).at('C0OPS', 1).replies).toEqual([expect.stringContaining('rejected run #1')]);
    expect(old.map(({ replies }) => replies)).toEqual([[], []]);
  });

  it('never says of a number that it is from before a restore', async () => {
    const core = await start();
    expect(await core.sayText('approve #57')).toContain('There is no run #57');
  });
});

const BACKUP = 'backup.db';
const RESTORED = 'm0.db';
const backUpOf = (core: Core) => backUp(`file:${core.file}`, join(dir, BACKUP));

/** Restores the back-up of `former` an hour later, into a new database. m0 is not started yet. */
async function restoredFrom(former: Core): Promise<Core> {
  await Promise.race([former.worker.drain(), sleep(100)]);
  const parts = { log: createLogger('silent'), now: NOON + HOUR, note: 'by Dana' };
  await restore(`file:${join(dir, RESTORED)}`, join(dir, BACKUP), parts);
  teamsOf(former).forgetKeys();
  const core = await start(former, join(dir, RESTORED));
  core.now = NOON + HOUR;
  for (const [stack, drift] of former.cloud.drift) core.cloud.drift.set(stack, drift);
  return core;
}

async function startWork(core: Core): Promise<void> {
  await core.worker.start();
  await core.untilIdle();
  await core.deliver();
}

/** How many messages the channel of each chat holds: Slack, then Teams. */
const countsOf = (core: Core) => [slackOf(core).in('C0OPS').length, teamsOf(core).in(OPS_IN_TEAMS).length];
const SLACK = 0;
const TEAMS = 1;
const messageAt = (core: Core, chat: number, index: number) =>
  chat === SLACK ? slackOf(core).at('C0OPS', index) : teamsOf(core).at(OPS_IN_TEAMS, index);
const wordsAt = (core: Core, chat: number, index: number) => textOf(messageAt(core, chat, index).card);
const commandsAt = (core: Core, chat: number, index: number) =>
  buttonsOf(messageAt(core, chat, index).card).map((button) => button.command);

describe('after a restore', () => {
  it('cards are true, new drift posts anew in both chats, and a number since the back-up is refused', async () => {
    const former = await start();
    await former.worker.start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.check();
    await former.deliver();
    backUpOf(former);
    await former.say('reject #1 vendor is on it');
    former.cloud.drift.set(OTHER, [TAG]);
    const { id: later } = await former.check('schedule', OTHER);
    await former.deliver();
    expect(countsOf(former)).toEqual([2, 2]);
    const old = [SLACK, TEAMS].map((chat) => wordsAt(former, chat, 1));
    expect(textOf(slackOf(former).at('C0OPS', 0).card)).toContain('rejected');

    const core = await restoredFrom(former);
    expect(await core.sayText(`approve #${later}`)).toContain(
      `Run #${later} is from before the restore of 2 Mar 14:00; look at the newest card.`,
    );
    expect(await core.sayText('approve #20000')).toContain('There is no run #20000');
    await startWork(core);

    expect(countsOf(core)).toEqual([3, 3]);
    for (const chat of [SLACK, TEAMS]) {
      expect(wordsAt(core, chat, 0)).not.toContain('rejected');
      expect(commandsAt(core, chat, 0).some((each) => each.startsWith('approve #1 '))).toBe(true);
      expect(messageAt(core, chat, 0).replies.at(-1)).toContain('m0 was restored from a back-up');
      expect(wordsAt(core, chat, 1)).toBe(old[chat]);
      expect(wordsAt(core, chat, 2)).toContain(TAG.address);
    }
    const runs = await core.store.runs({});
    expect(runs.map(({ id }) => id).filter((id) => id > 1)).toEqual([10_003, 10_002]);
    expect((await core.run(1)).state).toBe('awaiting_approval');
    await core.say('approve #1');
    await core.untilIdle();
    expect((await core.run(1)).state).toBe('realigned');
    expect((await core.store.verifyAudit()).ok).toBe(true);
    await core.checkInvariants();
  });

  it('says so to somebody who clicks a button of a card that was posted after the back-up', async () => {
    const former = await start();
    await former.worker.start();
    backUpOf(former);
    former.cloud.drift.set(STACK, [SSH]);
    await former.check();
    await former.deliver();
    const core = await restoredFrom(former);
    await startWork(core);
    const commands = commandsAt(core, SLACK, 0).filter((command) => command.includes('#1'));
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      const said = await core.sayText(command, DANA, true);
      expect(said, command).toContain('Run #1 is from before the restore of 2 Mar 14:00');
    }
    expect(core.cloud.applies).toEqual([]);
  });

  it('nothing that was approved in the back-up is applied: a person is asked again', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    // The plan before its apply never ends.
    former.cloud.next('plan', () => new Promise(() => {}));
    await former.say('approve #1');
    backUpOf(former);
    const core = await restoredFrom(former);
    expect((await core.run(1)).state).toBe('approved');
    await startWork(core);
    expect(core.cloud.applies).toEqual([]);
    expect((await core.run(1)).state).toBe('expired');
    const [waits] = await core.store.runs({ stack: STACK, states: ['awaiting_approval'] });
    expect(waits?.forceHuman).toBe('run #1 was approved before m0 was restored from a back-up');
    await core.say(`approve #${waits?.id}`);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
    await core.checkInvariants();
  });

  it('one approval of two that was given before it no longer counts', async () => {
    const former = await Core.open([
      stackWith({ approvers: { from: ['sre'], need: 2, notTheAuthor: true } }),
    ]);
    open.push(former);
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    await former.deliver();
    expect(await former.sayText('approve #1')).toContain('needs 2 approvals');
    backUpOf(former);
    await restore(`file:${join(dir, RESTORED)}`, join(dir, BACKUP), {
      ...{ log: createLogger('silent'), now: NOON + HOUR, note: 'by Dana' },
    });
    const core = await Core.open([...former.directory.stacks], {}, join(dir, RESTORED));
    open.push(core);
    core.cloud.drift.set(STACK, [SSH]);
    core.chats.set('slack', former.chat);
    await startWork(core);
    await core.say('approve #1', KIM);
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
    expect((await core.run(1)).approvals.map(({ by }) => by.person)).toEqual(['kim']);
    expect(textOf(former.chat.at('C0OPS', 0).card)).not.toContain('Dana ✓');
  });

  it('an apply that ran during the back-up is unknown, and is not repeated', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    former.cloud.next('apply', () => void backUpOf(former));
    await former.say('approve #1');
    await former.untilIdle();
    former.cloud.drift.set(STACK, [SSH]);
    const core = await restoredFrom(former);
    await startWork(core);
    expect((await core.run(1)).state).toBe('apply_unknown');
    expect(core.cloud.applies).toEqual([]);
    expect(await core.store.runs({ stack: STACK, states: ['awaiting_approval'] })).toHaveLength(1);
  });

  it('a person decides about the first drift of a stack, and the policies about later drift', async () => {
    const allow = [{ rule: 'allow' as const, text: 'tags', address: TAG.address }];
    const former = await start();
    backUpOf(former);
    former.cloud.drift.set(STACK, [TAG]);
    const core = await restoredFrom(former);
    core.cloud.policies.set('tags-auto', allow);
    // Somebody asks for a check before the queued one began.
    await core.worker.check(core.stack, 'command', DANA);
    await startWork(core);
    expect(core.cloud.applies).toEqual([]);
    const [waits] = await core.store.runs({ stack: STACK, states: ['awaiting_approval'] });
    expect(await core.sayText(`why #${waits?.id}`)).toContain('m0 was restored from a back-up');
    // The other stack had no drift at its first check.
    core.cloud.drift.set(OTHER, [TAG]);
    await core.check('schedule', OTHER);
    expect(core.cloud.applies.map(({ run }) => run)).toEqual([
      (await core.store.runs({ stack: OTHER }))[0]?.id,
    ]);
  });

  it('what the back-up still had to send is not sent twice; a card that was posted since is found in Slack', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    await former.store.commit([
      {
        ...{ type: 'outbox.add', key: 'digest 0:1:0', at: NOON },
        delivery: {
          type: 'post',
          place: BOTH[TEAMS],
          card: { headline: 'Digest of yesterday', tone: 'plain', blocks: [] },
        },
      },
    ]);
    backUpOf(former);
    await former.deliver();
    await former.say('reject #1');
    await former.deliver();
    expect(countsOf(former)).toEqual([1, 2]);

    const core = await restoredFrom(former);
    await startWork(core);
    // In Teams nobody can look for a message, so the card of the open alert is there anew; the digest is not.
    expect(countsOf(core)).toEqual([1, 3]);
    expect(wordsAt(core, SLACK, 0)).not.toContain('rejected');
    expect(commandsAt(core, SLACK, 0).some((each) => each.startsWith('approve #1 '))).toBe(true);
    expect(commandsAt(core, TEAMS, 2).some((each) => each.startsWith('approve #1 '))).toBe(true);
    expect(await core.store.dueOutbox(core.now + HOUR, 10)).toEqual([]);
  });

  it('a card that is not in the chat any more is posted anew', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    await former.deliver();
    backUpOf(former);
    teamsOf(former).delete(OPS_IN_TEAMS);
    const core = await restoredFrom(former);
    // Before the check of the stack has ended.
    core.cloud.next('plan', () => new Promise(() => {}));
    core.cloud.next('plan', () => new Promise(() => {}));
    await core.worker.start();
    await core.deliver();
    expect(countsOf(core)).toEqual([1, 1]);
    expect(wordsAt(core, TEAMS, 0)).toContain(SSH.address);
  });

  it('a card that replaced a deleted one after the back-up is found in Slack, and true', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    await former.deliver();
    backUpOf(former);
    slackOf(former).delete('C0OPS');
    await former.check();
    await former.deliver();
    await former.say('reject #1');
    await former.deliver();
    expect(wordsAt(former, SLACK, 0)).toContain('rejected');
    const core = await restoredFrom(former);
    await startWork(core);
    expect(countsOf(core)).toEqual([1, 1]);
    expect(wordsAt(core, SLACK, 0)).not.toContain('rejected');
  });

  it('is followed up by the next start if m0 stops in between, once', async () => {
    const former = await start();
    former.cloud.drift.set(STACK, [SSH]);
    await former.worker.start();
    await former.check();
    await former.deliver();
    backUpOf(former);
    const core = await restoredFrom(former);
    core.storeFault = (method) => (method === 'commit' ? new Error('the disk is full') : null);
    await expect(core.worker.start()).rejects.toThrow('the disk is full');
    core.storeFault = null;
    await core.restart();
    await core.deliver();
    expect((await core.store.runs({ stack: STACK })).map(({ id }) => id > 10_000)).toEqual([true, false]);
    await core.restart();
    await core.deliver();
    expect(await core.store.runs({ stack: STACK })).toHaveLength(2);
    expect(messageAt(core, SLACK, 0).replies.filter((line) => line.includes('restored'))).toHaveLength(1);
  });
});
