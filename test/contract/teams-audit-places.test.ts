/** Where m0 may write in Teams, as teams and channels come, move and go. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed } from '../support/sample-cards.ts';
import { APP_ID, TENANT } from '../support/teams-connector.ts';
import { GROUP, OPS, SECOND, startTeamsFixture, type TeamsFixture } from '../support/teams-fixture.ts';

const BOT = `28:${APP_ID}`;

let fixture: TeamsFixture;
beforeEach(async () => {
  fixture = await startTeamsFixture({ channels: [OPS, SECOND] });
});
afterEach(() => fixture.close());

/** A conversation update about a team, as Teams sends it: from the team's first channel, without members. */
const update = (change: object, channelData: object = {}, at = OPS) =>
  fixture.connector.deliver(
    fixture.connector.activity('admin', at, {
      type: 'conversationUpdate',
      channelData: { tenant: { id: TENANT }, team: { id: 'sre' }, ...channelData },
      ...change,
    }),
  );
const problem = (): string => fixture.bot.teams.healthy().problem ?? '';
const post = (channel: string, key: string) =>
  fixture.bot.teams.post({ platform: 'teams', channel }, driftMixed, key);
async function joined(): Promise<void> {
  await fixture.connector.addToTeam('sre');
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
    await fixture.start();
    expect(problem()).toContain(SECOND);
    await fixture.connector.addToTeam('sre');
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

test('a message that arrives in a channel shows that m0 is there', async () => {
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
  await fixture.start({ channels: [OPS, SECOND, '19:new@thread.tacv2'] });
  await fixture.connector.addToTeam('sre');
  await update({}, { channel: { id: '19:new@thread.tacv2' }, eventType: 'channelCreated' });
  await vi.waitFor(() => expect(problem()).toBe(''), { timeout: 15_000 });
});

test('channels that could not be listed when m0 was added are listed at the next message', async () => {
  fixture.connector.fault = (call) => (call.startsWith('GET teams/') ? { status: 403 } : 'pass');
  await fixture.connector.addToTeam('sre');
  await soon(() => fixture.logged.some((line) => line.includes('asking for the channels')));
  expect(problem()).toContain(SECOND);
  fixture.connector.fault = () => 'pass';
  await fixture.start();
  await update({}, { eventType: 'teamRenamed' });
  await soon(() => problem() === '');
});

test('where the service of a team moves, each of its channels is written to there', async () => {
  await joined();
  const moved = fixture.connector.serviceUrl.replace('/emea/', '/emea');
  expect(moved).not.toBe(fixture.connector.serviceUrl);
  // No message arrives from the second channel.
  await update({ serviceUrl: moved }, { channel: { id: OPS } });
  expect(await fixture.store.teamsConversation(SECOND)).toMatchObject({ serviceUrl: moved });
  await post(SECOND, 'k');
  expect(fixture.connector.in(SECOND)).toHaveLength(1);
});

test('what was refused in a channel is over once m0 was added to it anew', async () => {
  await joined();
  fixture.connector.fault = () => ({ status: 403, code: 'BotNotInConversationRoster' });
  await expect(post(SECOND, 'k')).rejects.toMatchObject({ permanent: true });
  expect(problem()).toContain('BotNotInConversationRoster');
  fixture.connector.fault = () => 'pass';
  await joined();
});

test('a group that m0 was removed from is a reported problem', async () => {
  await fixture.start({ channels: [GROUP] });
  const inGroup = (change: object) =>
    fixture.connector.deliver(
      fixture.connector.activity('admin', GROUP, { type: 'conversationUpdate', ...change }),
    );
  await inGroup({ membersAdded: [{ id: BOT }] });
  expect(problem()).toBe('');
  await inGroup({ membersRemoved: [{ id: BOT }] });
  expect(problem()).toContain(GROUP);
});
