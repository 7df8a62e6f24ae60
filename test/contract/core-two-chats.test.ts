/** People with Slack and Teams get DMs in one of them: in the stack's first chat, or in the other if that refuses. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Directory, Place } from '../../src/model/directory.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { FakeChat } from '../support/fake-chat.ts';
import { DANA, NOON, sshFinding } from '../support/runs.ts';

const OPS = '19:ops@thread.tacv2';
const IN_SLACK: Place = { platform: 'slack', channel: 'C0OPS' };
const IN_TEAMS: Place = { platform: 'teams', channel: OPS };
const oncall: Directory['oncall'] = {
  primary: { kind: 'rotation', people: ['dana'], everyMs: 7 * 24 * 3_600_000, from: NOON - 3_600_000 },
};
const people = directory().people.map((p) => ({ ...p, teams: `${p.key}-in-teams` }));

let core: Core;
let teams: FakeChat;
async function open(channels: readonly Place[]): Promise<void> {
  core = await Core.open([stackWith({ channels })], { oncall, people });
  teams = new FakeChat([OPS], 'teams');
  core.chats.set('teams', teams);
  await core.worker.start();
}
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const inSlack = () => core.chat.in('DU0DANA');
const inTeams = () => teams.in('Ddana-in-teams');

async function waits(): Promise<number> {
  core.cloud.drift.set(STACK, [sshFinding()]);
  const { id } = await core.check('schedule', STACK);
  await core.periodicWork();
  return id;
}

const gone = (where: string) => ({
  error: new ChatError(`writing to ${where}: gone`, { permanent: true }),
  arrived: false,
});

describe('the person on call', () => {
  it('gets a DM in Slack if the stack’s first channel is there', async () => {
    await open([IN_SLACK, IN_TEAMS]);
    await waits();
    expect([inSlack().length, inTeams().length]).toEqual([1, 0]);
  });

  it('gets a DM in Teams if the stack’s first channel is there', async () => {
    await open([IN_TEAMS, IN_SLACK]);
    await waits();
    expect([inSlack().length, inTeams().length]).toEqual([0, 1]);
  });

  it('gets a DM in the other chat if the first refuses permanently, and counts as asked', async () => {
    await open([IN_SLACK]);
    core.chat.fail('post', 'DU0DANA', gone('Dana'));
    const id = await waits();
    await core.periodicWork();
    expect([inSlack().length, inTeams().length]).toEqual([0, 1]);
    expect(core.chat.in('C0OPS').map((m) => m.card.headline)).not.toContainEqual(
      expect.stringContaining('can be asked'),
    );
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    await core.deliver();
    expect(inTeams()[0]?.card.tone).toBe('good');
  });

  it('gets the DM later if the chat is only down', async () => {
    await open([IN_SLACK]);
    const away = new ChatError('writing to Dana: Slack is away');
    core.chat.fail('post', 'DU0DANA', { error: away, arrived: false });
    await waits();
    expect(inTeams()).toEqual([]);
    core.now += 3_600_000;
    await core.periodicWork();
    expect([inSlack().length, inTeams().length]).toEqual([1, 0]);
  });

  it('is reported as unreachable if both refuse', async () => {
    await open([IN_SLACK]);
    core.chat.fail('post', 'DU0DANA', gone('Dana in Slack'));
    teams.fail('post', 'Ddana-in-teams', gone('Dana in Teams'));
    await waits();
    await core.periodicWork();
    expect(core.chat.in('C0OPS').map((m) => m.card.headline)).toContainEqual(
      expect.stringContaining('can be asked'),
    );
  });
});
