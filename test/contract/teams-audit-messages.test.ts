/** Requests and answers of Teams that its documentation describes and that no other test covers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed } from '../support/sample-cards.ts';
import { DANA, KIM } from '../support/teams-bot.ts';
import { APP_ID } from '../support/teams-connector.ts';
import { GROUP, OPS, startTeamsFixture, type TeamsFixture } from '../support/teams-fixture.ts';

let fixture: TeamsFixture;
beforeEach(async () => {
  fixture = await startTeamsFixture();
  await fixture.connector.addToTeam('sre');
});
afterEach(() => fixture.close());

const mention = (name: string, id: string, text?: string) => ({
  type: 'mention',
  mentioned: { id, name },
  ...(text === undefined ? {} : { text }),
});
const said = (change: object) => fixture.connector.activity(DANA, GROUP, { type: 'message', ...change });

describe('a message', () => {
  test.each([
    [
      'a mention without its text',
      { text: '<at>m0</at> status', entities: [mention('m0', `28:${APP_ID}`)] },
      'status',
    ],
    [
      'two mentions of m0 and one of somebody whose name is odd',
      {
        text: '<at>m0</at>&nbsp;approve <at>$& Kim</at>\n<at>m0</at>',
        entities: [
          mention('m0', `28:${APP_ID}`, '<at>m0</at>'),
          mention('$& Kim', '29:kim', '<at>$& Kim</at>'),
        ],
      },
      'approve $& Kim',
    ],
  ])('with %s is understood', async (_what, change, text) => {
    await fixture.connector.deliver(said(change));
    await soon(() => fixture.heard.length === 1);
    expect(fixture.heard[0]?.text).toBe(text);
  });

  test('with unexpected values in optional fields is accepted, without more trust', async () => {
    const odd = fixture.connector.activity(DANA, fixture.connector.chat(DANA), {
      type: 'message',
      text: 'status',
      replyToId: '',
      from: { id: '29:somebody', name: 'Somebody', aadObjectId: '' },
    });
    expect((await fixture.connector.deliver(odd)).status).toBe(200);
    await soon(() => fixture.heard.length === 1);
    expect(fixture.heard[0]?.actor.person).toBeNull();
  });

  test('in an unknown kind of conversation is not treated as private', async () => {
    const sent = said({
      conversation: { id: GROUP, conversationType: 'hologram' },
      text: '<at>m0</at> status',
      entities: [mention('m0', `28:${APP_ID}`)],
    });
    expect((await fixture.connector.deliver(sent)).status).toBe(200);
    await soon(() => fixture.heard.length === 1);
    expect(fixture.heard[0]?.place).toEqual({ platform: 'teams', channel: GROUP });
  });
});

test.each(['task/fetch', 'composeExtension/query', 'signin/verifyState', 'message/submitAction'])(
  'an invoke of another kind (%s) is told that m0 does not do that',
  async (name) => {
    const value = { action: { type: 'Action.Execute', verb: 'm0', data: { command: 'approve #42' } } };
    const sent = fixture.connector.activity(DANA, OPS, { type: 'invoke', name, value });
    expect(await fixture.connector.deliver(sent)).toEqual({ status: 501, body: null });
    expect(fixture.heard).toEqual([]);
  },
);

describe('writing to a person', () => {
  const to = (user: string, key: string) =>
    fixture.bot.teams.post({ platform: 'teams', user }, driftMixed, key);

  test('who deleted the chat with m0 creates it again', async () => {
    await to(KIM, 'first');
    let lost = 0;
    fixture.connector.fault = (call) => {
      const gone = call.startsWith('POST conversations/') && lost++ === 0;
      return gone ? { status: 404, code: 'ConversationNotFound' } : 'pass';
    };
    await to(KIM, 'second');
    expect(fixture.connector.in(fixture.connector.chat(KIM))).toHaveLength(2);
    expect(fixture.bot.teams.healthy()).toEqual({ ok: true, problem: null });
  });

  test('who blocked m0 fails permanently, with the chat service’s error', async () => {
    const message =
      '{\r\n  "subCode": "MessageWritesBlocked",\r\n  "details": "Thread is blocked.",\r\n  "errorCode": null\r\n}';
    fixture.connector.fault = () => ({ status: 403, body: { errorCode: 209, message } });
    await expect(to(KIM, 'k')).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining('(HTTP 403, MessageWritesBlocked: Thread is blocked.)'),
    });
  });

  test('who still cannot be reached is given up', async () => {
    await to(KIM, 'first');
    fixture.connector.fault = (call) =>
      call.startsWith('POST conversations/') ? { status: 404, code: 'ConversationNotFound' } : 'pass';
    await expect(to(KIM, 'second')).rejects.toMatchObject({ permanent: true });
  });
});

test.each([
  ['404 ActivityNotFoundInConversation', { status: 404, code: 'ActivityNotFoundInConversation' }, true],
  ['404 ConversationNotFound', { status: 404, code: 'ConversationNotFound' }, true],
  [
    '400 of an unknown activity',
    { status: 400, body: { error: { code: 'BadArgument', message: 'not a known activity id' } } },
    true,
  ],
  // What Teams answers for a message that existed and was deleted.
  [
    '403 ServiceError: Unknown',
    { status: 403, body: { error: { code: 'ServiceError', message: 'Unknown' } } },
    true,
  ],
  ['403 where m0 was removed', { status: 403, code: 'BotNotInConversationRoster' }, false],
  ['400 of a card', { status: 400, code: 'BadArgument' }, false],
  ['413', { status: 413, code: 'MessageSizeTooBig' }, false],
])('an update that is answered %s says whether the message was deleted', async (_name, answer, deleted) => {
  const { channel, messageId } = await fixture.bot.teams.post(
    { platform: 'teams', channel: OPS },
    driftMixed,
    'k',
  );
  fixture.connector.fault = () => answer;
  await expect(fixture.bot.teams.update(channel, messageId, driftMixed)).rejects.toMatchObject({
    permanent: true,
    deleted,
  });
  // Only a refusal that is not about one message is a problem of the channel.
  expect(fixture.bot.teams.healthy().problem === null).toBe(deleted);
});
