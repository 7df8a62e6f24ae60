/** Where m0 may write in Teams, as teams and channels come, move and go. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { driftMixed } from '../support/cards.ts';
import { soon } from '../support/chat-ends.ts';
import { APP_ID, TENANT } from '../support/teams-connector.ts';
import { GROUP, OPS, SECOND, type Stage, startStage } from '../support/teams-stage.ts';

const BOT = `28:${APP_ID}`;

let stage: Stage;
beforeEach(async () => {
  stage = await startStage({ channels: [OPS, SECOND] });
});
afterEach(() => stage.close());

/** As Teams tells of a team: in the name of its first channel, without whom it concerns. */
const update = (change: object, channelData: object = {}, at = OPS) =>
  stage.connector.deliver(
    stage.connector.activity('admin', at, {
      type: 'conversationUpdate',
      channelData: { tenant: { id: TENANT }, team: { id: 'sre' }, ...channelData },
      ...change,
    }),
  );
const problem = (): string => stage.bot.teams.healthy().problem ?? '';
const post = (channel: string, key: string) =>
  stage.bot.teams.post({ platform: 'teams', channel }, driftMixed, key);
async function joined(): Promise<void> {
  await stage.connector.addToTeam('sre');
  await soon(() => problem() === '');
}

test.each([
  ['conversationUpdate', { membersRemoved: [{ id: BOT }] }],
  ['installationUpdate', { action: 'remove' }],
  ['installationUpdate', { action: 'remove-upgrade' }],
  [
    'conversationUpdate',
    { channelData: { tenant: { id: TENANT }, team: { id: 'sre' }, eventType: 'teamDeleted' } },
  ],
])(
  'a team that m0 is in no more (%s %o) is a problem of each channel, also after a restart',
  async (type, change) => {
    await joined();
    await update({ type, ...change });
    expect(problem()).toContain(OPS);
    expect(problem()).toContain(SECOND);
    await stage.start();
    expect(problem()).toContain(SECOND);
    await stage.connector.addToTeam('sre');
    await soon(() => problem() === '');
  },
);

test('a channel that was deleted is a problem of it alone, until it is restored', async () => {
  await joined();
  await update({}, { channel: { id: SECOND }, eventType: 'channelDeleted' });
  expect(problem()).toContain(SECOND);
  expect(problem()).not.toContain(OPS);
  await update({}, { channel: { id: SECOND }, eventType: 'channelRestored' });
  expect(problem()).toBe('');
});

test('what arrives in a channel after all shows that m0 is there', async () => {
  await joined();
  await update({ membersRemoved: [{ id: BOT }] });
  await post(SECOND, 'k');
  expect(problem()).not.toContain(SECOND);
  expect(problem()).toContain(OPS);
});

test('somebody else who is removed changes nothing', async () => {
  await joined();
  await update({ membersRemoved: [{ id: '29:somebody' }] });
  expect(problem()).toBe('');
});

test('a channel that is new in a team can be written to at once', async () => {
  await stage.start({ channels: [OPS, SECOND, '19:new@thread.tacv2'] });
  await stage.connector.addToTeam('sre');
  await update({}, { channel: { id: '19:new@thread.tacv2' }, eventType: 'channelCreated' });
  await vi.waitFor(() => expect(problem()).toBe(''));
});

test('channels that could not be learned when m0 was added are learned when next something is heard', async () => {
  stage.connector.fault = (call) => (call.startsWith('GET teams/') ? { status: 403 } : 'pass');
  await stage.connector.addToTeam('sre');
  await soon(() => stage.logged.some((line) => line.includes('asking for the channels')));
  expect(problem()).toContain(SECOND);
  stage.connector.fault = () => 'pass';
  await stage.start();
  await update({}, { eventType: 'teamRenamed' });
  await soon(() => problem() === '');
});

test('where the service of a team moves, each of its channels is written to there', async () => {
  await joined();
  const moved = stage.connector.serviceUrl.replace('/emea/', '/emea');
  expect(moved).not.toBe(stage.connector.serviceUrl);
  // Nothing is heard of the second channel.
  await update({ serviceUrl: moved }, { channel: { id: OPS } });
  expect(await stage.store.teamsConversation(SECOND)).toMatchObject({ serviceUrl: moved });
  await post(SECOND, 'k');
  expect(stage.connector.in(SECOND)).toHaveLength(1);
});

test('what was refused in a channel is over once m0 was added to it anew', async () => {
  await joined();
  stage.connector.fault = () => ({ status: 403, code: 'BotNotInConversationRoster' });
  await expect(post(SECOND, 'k')).rejects.toMatchObject({ permanent: true });
  expect(problem()).toContain('BotNotInConversationRoster');
  stage.connector.fault = () => 'pass';
  await joined();
});

test('a group that m0 was taken out of is a problem told', async () => {
  await stage.start({ channels: [GROUP] });
  const inGroup = (change: object) =>
    stage.connector.deliver(
      stage.connector.activity('admin', GROUP, { type: 'conversationUpdate', ...change }),
    );
  await inGroup({ membersAdded: [{ id: BOT }] });
  expect(problem()).toBe('');
  await inGroup({ membersRemoved: [{ id: BOT }] });
  expect(problem()).toContain(GROUP);
});
