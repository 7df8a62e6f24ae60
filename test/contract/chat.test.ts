import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import type { Card } from '../../src/messages/card.ts';
import { ChatError, type CommandHandler, type Incoming, type Reply } from '../../src/ports/chat.ts';
import {
  startWorkspace,
  type View,
  type Workspace,
  type WorkspaceOptions,
} from '../../src/sandbox/workspace/workspace.ts';
import { directory } from '../support/directory.ts';
import {
  driftMixed,
  fullDiff,
  healed,
  hostile,
  snoozeForm,
  thousand,
  threePages,
} from '../support/sample-cards.ts';
import { seenEvents } from '../support/seen-events.ts';
import { MANIFEST } from '../support/slack-app.ts';
import { type SlackForwarder, startSlackForwarder } from '../support/slack-forwarder.ts';
import { type Fault, slackProxy } from '../support/slack-proxy.ts';

const OPS = { platform: 'slack', channel: 'C0OPS' } as const;
const SOON = 15_000;

const user = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });
const OPTIONS: WorkspaceOptions = {
  port: 0,
  users: [user('U0DANA', 'dana'), user('U0KIM', 'kim'), user('U0GUEST', 'guest'), user('U0M0', 'm0')],
  channels: [
    { id: 'C0OPS', name: 'ops', members: ['U0DANA', 'U0KIM', 'U0GUEST', 'U0M0'] },
    { id: 'C0ELSE', name: 'elsewhere', members: ['U0DANA'] },
  ],
  usergroups: [{ id: 'S0SRE', handle: 'sre', name: 'SRE', users: ['U0DANA', 'U0KIM'] }],
  botUserId: 'U0M0',
  teamId: 'T0ACME',
  signingSecret: 'local-signing-secret',
  botToken: 'xoxb-local-bot',
  appToken: 'xapp-local-app',
  rateLimit: null,
};

/** How Slack reaches m0. */
type Mode = 'socket' | 'http';

const logged: string[] = [];
let workspace: Workspace;
let forwarder: SlackForwarder;
let mode: Mode;
/** How far the clock of m0 and of the workspace is ahead, in ms. */
let ahead = 0;
let slack: Slack;
let heard: Incoming[];
let answer: (incoming: Incoming) => Reply | Promise<Reply>;
const endings: (() => Promise<void>)[] = [];

const none: Reply = { type: 'none' };
const told = (headline: string): Card => ({ headline, tone: 'plain', blocks: [] });
const handler: CommandHandler = async (incoming) => {
  heard.push(incoming);
  return answer(incoming);
};

function connect(apiUrl: string): Promise<Slack> {
  const { appToken, signingSecret } = OPTIONS;
  return createSlack({
    events: seenEvents(),
    ...(mode === 'socket' ? { mode, appToken } : { mode, signingSecret }),
    botToken: OPTIONS.botToken,
    apiUrl,
    log: createLogger('debug', { write: (line) => void logged.push(line) }),
    people: directory().people,
    clock: () => Date.now() + ahead,
  });
}

/** A second m0 whose API calls go through a proxy that makes some fail. */
async function through(fault: (method: string) => Fault) {
  const proxy = await slackProxy(workspace.apiUrl, fault);
  endings.push(() => proxy.close());
  return { proxy, slack: await connect(proxy.apiUrl) };
}

async function begin(by: Mode): Promise<void> {
  mode = by;
  heard = [];
  answer = () => none;
  ahead = 0;
  forwarder = await startSlackForwarder();
  workspace = await startWorkspace({
    ...OPTIONS,
    clock: () => Date.now() + ahead,
    scopes: MANIFEST.scopes,
    deliver: mode === 'http' ? { eventsUrl: forwarder.eventsUrl, retryWaits: [0, 0, 0] } : undefined,
  });
  slack = await connect(workspace.apiUrl);
  forwarder.forwardTo(slack.endpoint);
  await slack.start(handler);
}

afterEach(async () => {
  await slack.stop();
  for (const end of endings.splice(0)) await end();
  await workspace.close();
  await forwarder.close();
  expect(logged.join('')).not.toMatch(/xoxb-|xapp-|local-signing|"level":50/);
  logged.length = 0;
});

const ops = () => workspace.channel('ops').messages;
/** Polls, because what m0 receives does not change the workspace. */
const heardOne = () =>
  vi.waitFor(
    () => {
      if (!heard[0]) throw new Error('nothing was heard');
      return heard[0];
    },
    { timeout: SOON, interval: 20 },
  );
const topView = (userId: string) => workspace.as(userId).views.at(-1);
const viewShowing = (userId: string, text: string): Promise<View> =>
  workspace.waitFor(() => {
    const view = topView(userId);
    return view && JSON.stringify(view.blocks).includes(text) ? view : null;
  }, SOON);

describe.each<Mode>(['socket', 'http'])('m0 in %s mode', (by) => {
  beforeEach(() => begin(by));

  describe('posting', () => {
    test.each(Object.entries({ driftMixed, hostile, thousand }))('Slack takes %s', async (_name, card) => {
      const { channel, messageId } = await slack.post(OPS, card, 'k');
      expect(channel).toBe('C0OPS');
      expect(ops().map((m) => m.ts)).toEqual([messageId]);
      expect(ops()[0]?.mentions.filter((m) => m !== 'U0DANA')).toEqual([]);
    });

    test('the same key is posted once, at the same time or later', async () => {
      const [a, b] = await Promise.all([slack.post(OPS, driftMixed, 'k'), slack.post(OPS, driftMixed, 'k')]);
      expect(await slack.post(OPS, driftMixed, 'k')).toEqual(a);
      expect(b).toEqual(a);
      expect(ops()).toHaveLength(1);
    });

    test('the same key is posted once across a restart', async () => {
      const first = await slack.post(OPS, driftMixed, 'k');
      await slack.post(OPS, driftMixed, 'other');
      const again = await connect(workspace.apiUrl);
      expect(await again.post(OPS, driftMixed, 'k')).toEqual(first);
      expect(ops()).toHaveLength(2);
    });

    test('a post whose answer was lost is found, not repeated', async () => {
      let lost = 0;
      const { slack: shaky } = await through((method) =>
        method === 'chat.postMessage' && lost++ === 0 ? 'lose-answer' : 'pass',
      );
      await expect(shaky.post(OPS, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
      const { messageId } = await shaky.post(OPS, driftMixed, 'k');
      expect(ops().map((m) => m.ts)).toEqual([messageId]);
    });

    test('a post that never arrived is made on the next attempt', async () => {
      let lost = 0;
      const { slack: shaky } = await through((method) =>
        method === 'chat.postMessage' && lost++ === 0 ? 'lose-call' : 'pass',
      );
      await expect(shaky.post(OPS, driftMixed, 'k')).rejects.toBeInstanceOf(ChatError);
      expect(ops()).toHaveLength(0);
      await shaky.post(OPS, driftMixed, 'k');
      expect(ops()).toHaveLength(1);
    });

    test.each(['ratelimited', 'missing_scope', 'access_denied'])(
      'a new card is posted at once where Slack refuses to show old messages (%s), and m0 stays well',
      async (error) => {
        const refused = (method: string): Fault =>
          /^conversations\.(history|replies)$/.test(method) ? { answer: { ok: false, error } } : 'pass';
        const { slack: blind } = await through(refused);
        const before = blind.healthy().problem;
        const { channel, messageId } = await blind.post(OPS, driftMixed, 'k');
        await blind.reply(channel, messageId, 'Approved', 'r');
        await blind.post(OPS, driftMixed, 'another');
        expect(ops()).toHaveLength(3);
        expect(workspace.channel('ops').replies(messageId)).toHaveLength(1);
        expect(blind.healthy().problem).toBe(before);
      },
    );

    test('after a lost answer it waits for the limit of old messages, and posts nothing twice', async () => {
      let lost = 0;
      let limited = true;
      const { slack: shaky } = await through((method) => {
        if (method === 'chat.postMessage' && lost++ === 0) return 'lose-answer';
        const refuses = limited && method === 'conversations.history';
        return refuses ? { answer: { ok: false, error: 'ratelimited' } } : 'pass';
      });
      await expect(shaky.post(OPS, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
      await expect(shaky.post(OPS, driftMixed, 'k')).rejects.toMatchObject({
        permanent: false,
        retryAfterMs: expect.any(Number),
      });
      limited = false;
      ahead = 2_000;
      const { messageId } = await shaky.post(OPS, driftMixed, 'k');
      expect(ops().map((m) => m.ts)).toEqual([messageId]);
    });

    test('a person’s message with m0’s key does not suppress m0’s post', async () => {
      await workspace.as('U0KIM').say('ops', 'k');
      await slack.post(OPS, driftMixed, 'k');
      expect(ops()).toHaveLength(2);
    });

    test('a card for a person goes to their direct messages', async () => {
      await slack.post({ platform: 'slack', user: 'U0DANA' }, driftMixed, 'k');
      expect(workspace.dm('U0DANA').messages).toHaveLength(1);
      expect(ops()).toHaveLength(0);
    });

    test('an update changes the message in place and keeps its key', async () => {
      const { channel, messageId } = await slack.post(OPS, driftMixed, 'k');
      await slack.update(channel, messageId, healed);
      expect(ops()).toHaveLength(1);
      expect(ops()[0]?.text).toContain('back as it was');
      expect(await (await connect(workspace.apiUrl)).post(OPS, driftMixed, 'k')).toEqual({
        channel,
        messageId,
      });
    });

    test('a reply appears in the thread once, and is inert', async () => {
      const { channel, messageId } = await slack.post(OPS, driftMixed, 'k');
      await slack.reply(channel, messageId, 'Approved by <@U0DANA> <!channel>', 'r');
      await (await connect(workspace.apiUrl)).reply(channel, messageId, 'Approved', 'r');
      const replies = workspace.channel('ops').replies(messageId);
      expect(replies).toHaveLength(1);
      expect(replies[0]?.mentions).toEqual([]);
    });

    test('members of a user group are Slack ids', async () => {
      expect(await slack.usergroup('S0SRE')).toEqual(['U0DANA', 'U0KIM']);
    });
  });

  describe('refusals', () => {
    test('a rate limit says when to retry, and the next attempt posts without a search', async () => {
      let full = true;
      const { slack: limited, proxy } = await through((method) =>
        method === 'chat.postMessage' && full ? { answer: { ok: false, error: 'ratelimited' } } : 'pass',
      );
      await expect(limited.post(OPS, driftMixed, 'k')).rejects.toMatchObject({
        permanent: false,
        retryAfterMs: 1000,
      });
      full = false;
      ahead = 1_000;
      await limited.post(OPS, driftMixed, 'k');
      expect(proxy.calls.filter((m) => m === 'conversations.history')).toHaveLength(1);
      expect(ops()).toHaveLength(1);
    });

    test('429 carries Slack’s own wait', async () => {
      const busy = await startWorkspace({ ...OPTIONS, rateLimit: { perSecond: 1 } });
      endings.push(() => busy.close());
      const eager = await connect(busy.apiUrl);
      await eager.post(OPS, driftMixed, 'a');
      await expect(eager.post(OPS, driftMixed, 'b')).rejects.toMatchObject({
        permanent: false,
        retryAfterMs: expect.any(Number),
      });
    });

    test('an archived channel fails permanently and is named in the health', async () => {
      let archived = true;
      const { slack: other } = await through((method) =>
        method === 'chat.postMessage' && archived ? { answer: { ok: false, error: 'is_archived' } } : 'pass',
      );
      await expect(other.post(OPS, driftMixed, 'k')).rejects.toMatchObject({ permanent: true });
      expect(other.healthy().problem).not.toBeNull();
      archived = false;
      await other.post(OPS, driftMixed, 'k');
    });

    test('a channel without m0, or one that does not exist, fails permanently', async () => {
      for (const channel of ['C0ELSE', 'C0NONE']) {
        await expect(slack.post({ platform: 'slack', channel }, driftMixed, 'k')).rejects.toMatchObject({
          permanent: true,
          message: expect.stringContaining(channel),
        });
      }
      expect(slack.healthy()).toMatchObject({ ok: true, problem: expect.stringContaining('C0ELSE') });
    });

    test('a deleted message fails permanently', async () => {
      await expect(slack.update('C0OPS', '1.000001', healed)).rejects.toMatchObject({ permanent: true });
    });
  });

  describe('a slash command', () => {
    test('arrives with sender and place, and is answered privately', async () => {
      answer = () => ({ type: 'private', card: told('Only sre may approve <!channel>') });
      await workspace.as('U0DANA').slash('/m0', 'approve #42', 'ops');
      const seen = await workspace.waitFor(() => workspace.as('U0DANA').sees('ops')[0], SOON);
      expect(seen).toMatchObject({ visibleTo: 'U0DANA', text: 'Only sre may approve &lt;!channel&gt;' });
      expect(workspace.as('U0KIM').sees('ops')).toEqual([]);
      expect(heard).toEqual([
        {
          text: 'approve #42',
          actor: { person: 'dana', platform: 'slack', userId: 'U0DANA', name: 'Dana' },
          place: OPS,
          answers: null,
          from: null,
        },
      ]);
    });

    test('of somebody who is not in m0.yaml has their name in Slack', async () => {
      await workspace.as('U0GUEST').slash('/m0', 'help', 'ops');
      expect((await heardOne()).actor).toEqual({
        person: null,
        platform: 'slack',
        userId: 'U0GUEST',
        name: 'guest',
      });
    });

    test('answered publicly is seen by all', async () => {
      answer = () => ({ type: 'public', card: driftMixed });
      await workspace.as('U0DANA').slash('/m0', 'drift', 'ops');
      await workspace.waitFor(() => workspace.as('U0KIM').sees('ops')[0], SOON);
    });

    test('answered publicly in a rate-limited channel is seen by its sender', async () => {
      workspace.limitMethod('chat.postMessage', 60, 'C0OPS');
      answer = () => ({ type: 'public', card: told('three open') });
      await workspace.as('U0DANA').slash('/m0', 'status', 'ops');
      const seen = await workspace.waitFor(() => workspace.as('U0DANA').sees('ops')[0], SOON);
      expect(seen).toMatchObject({
        visibleTo: 'U0DANA',
        text: expect.stringMatching(/^three open\nOnly you see this: /),
      });
    });

    test('answered publicly where m0 may not post is seen by its sender', async () => {
      answer = () => ({ type: 'public', card: told('three open') });
      await workspace.as('U0DANA').slash('/m0', 'status', 'elsewhere');
      const seen = await workspace.waitFor(() => workspace.as('U0DANA').sees('elsewhere')[0], SOON);
      expect(seen).toMatchObject({
        visibleTo: 'U0DANA',
        text: expect.stringMatching(/^three open\nOnly you see this: /),
      });
    });
  });

  describe('a message', () => {
    test('with a mention is a command, answered in its thread', async () => {
      answer = () => ({ type: 'private', card: told('fine') });
      const { messageId } = await slack.post(OPS, driftMixed, 'k');
      await workspace.as('U0DANA').say('ops', '@m0 why #42 & <more>', messageId);
      expect((await heardOne()).text).toBe('why #42 & <more>');
      const seen = await workspace.waitFor(
        () =>
          workspace
            .as('U0DANA')
            .sees('ops')
            .find((m) => m.visibleTo),
        SOON,
      );
      expect(seen).toMatchObject({ text: 'fine', threadTs: messageId });
    });

    test('to m0 directly is a command, answered as a plain message', async () => {
      answer = () => ({ type: 'private', card: told('fine') });
      await workspace.as('U0DANA').say('@m0', 'status');
      await workspace.waitFor(() => workspace.dm('U0DANA').messages.length === 2, SOON);
      expect(heard).toHaveLength(1);
      expect(workspace.dm('U0DANA').messages[1]).toMatchObject({ text: 'fine', visibleTo: null });
    });

    test('that needs a dialog gets a button that opens it', async () => {
      answer = () => ({ type: 'form', form: snoozeForm });
      await workspace.as('U0DANA').say('@m0', 'snooze #42');
      const offer = await workspace.waitFor(() => workspace.dm('U0DANA').messages[1], SOON);
      await workspace.as('U0DANA').click(offer, 'Snooze run #42…');
      await viewShowing('U0DANA', 'For how long');
      expect(heard.map((h) => h.text)).toEqual(['snooze #42', 'snooze #42']);
    });
  });

  describe('a click', () => {
    test('sends the command of its button, and which card it was on', async () => {
      const { messageId } = await slack.post(OPS, driftMixed, 'k');
      const [card] = ops();
      if (!card) throw new Error('no card');
      const dana = workspace.as('U0DANA');
      const asked = await dana.click(card, 'Revert the rule in the cloud');
      expect(asked.outcome).toBe('needs_confirmation');
      expect(heard).toEqual([]);
      await dana.click(card, 'Revert the rule in the cloud', { confirm: true });
      expect(await heardOne()).toMatchObject({
        text: 'approve #42 seen:1a2b3c4d',
        actor: { person: 'dana' },
        place: OPS,
        answers: null,
        from: { channel: 'C0OPS', messageId },
      });
    });

    test('refused is told to its sender alone, and the card stays', async () => {
      answer = () => ({ type: 'private', card: told('Only sre may approve') });
      await slack.post(OPS, driftMixed, 'k');
      const [card] = ops();
      if (!card) throw new Error('no card');
      await workspace.as('U0GUEST').click(card, 'Full diff');
      await workspace.waitFor(() => workspace.as('U0GUEST').sees('ops').length === 2, SOON);
      expect(workspace.as('U0DANA').sees('ops')).toHaveLength(1);
    });

    test('in direct messages is answered there, for good', async () => {
      answer = () => ({ type: 'private', card: told('Done') });
      const { channel, messageId } = await slack.post({ platform: 'slack', user: 'U0DANA' }, driftMixed, 'k');
      const [card] = workspace.dm('U0DANA').messages;
      if (!card) throw new Error('no card');
      await workspace.as('U0DANA').click(card, 'Full diff');
      const seen = await workspace.waitFor(() => workspace.dm('U0DANA').messages[1], SOON);
      expect(seen).toMatchObject({ text: 'Done', visibleTo: null });
      expect(heard[0]?.from).toEqual({ channel, messageId });
    });

    test('on a private answer is about no card', async () => {
      answer = () => ({
        type: 'private',
        card: { ...told('see'), blocks: [{ type: 'buttons', buttons: [fullDiff] }] },
      });
      await workspace.as('U0DANA').slash('/m0', 'status', 'ops');
      const seen = await workspace.waitFor(() => workspace.as('U0DANA').sees('ops')[0], SOON);
      await workspace.as('U0DANA').click(seen, 'Full diff');
      await workspace.waitFor(() => workspace.as('U0DANA').sees('ops').length === 2, SOON);
      expect(heard[1]).toMatchObject({ text: 'show #42', from: null });
    });
  });

  describe('a form', () => {
    const filled = { FOR: '3d', REASON: 'vendor needs SSH' };

    async function opened(): Promise<View> {
      answer = () => ({ type: 'form', form: snoozeForm });
      await slack.post(OPS, driftMixed, 'k');
      const [card] = ops();
      if (!card) throw new Error('no card');
      await workspace.as('U0DANA').click(card, 'Snooze…');
      return viewShowing('U0DANA', 'For how long');
    }

    test('opens on a click; its answers come with the command and the card', async () => {
      const view = await opened();
      answer = () => none;
      expect((await workspace.as('U0DANA').submit(view.id, filled)).outcome).toBe('closed');
      expect(heard.at(-1)).toMatchObject({
        text: 'snooze #42',
        actor: { person: 'dana' },
        place: OPS,
        answers: filled,
        from: { channel: 'C0OPS' },
      });
    });

    test('that opens too late for Slack says so', async () => {
      answer = () => {
        ahead = 4_000;
        return { type: 'form', form: snoozeForm };
      };
      await workspace.as('U0DANA').slash('/m0', 'snooze #42', 'ops');
      const seen = await workspace.waitFor(() => workspace.as('U0DANA').sees('ops')[0], SOON);
      expect(seen.text).toContain('try again');
    });

    test('refused shows why in the dialog', async () => {
      const view = await opened();
      answer = () => ({ type: 'private', card: told('Only sre may snooze') });
      expect((await workspace.as('U0DANA').submit(view.id, filled)).outcome).toBe('updated');
      await viewShowing('U0DANA', 'Only sre may snooze');
    });

    test('with only spaces shows an error at the field and is not sent', async () => {
      const view = await opened();
      const sent = heard.length;
      const result = await workspace.as('U0DANA').submit(view.id, { ...filled, REASON: '   ' });
      expect(result).toMatchObject({ outcome: 'errors', errors: { REASON: 'This is needed.' } });
      expect(heard).toHaveLength(sent);
    });

    test('with a slow answer says so in time, and shows the answer later', async () => {
      const view = await opened();
      const { promise, resolve } = Promise.withResolvers<Reply>();
      answer = () => promise;
      expect((await workspace.as('U0DANA').submit(view.id, filled)).outcome).toBe('updated');
      await viewShowing('U0DANA', 'One moment');
      resolve({ type: 'private', card: told('Snoozed until Mon 9:00') });
      await viewShowing('U0DANA', 'Snoozed until Mon 9:00');
    });
  });

  describe('pages', () => {
    async function opened(): Promise<View> {
      answer = () => ({ type: 'pages', pages: threePages });
      await workspace.as('U0DANA').slash('/m0', 'show #42', 'ops');
      return viewShowing('U0DANA', 'Page 1 of 3');
    }

    test('can be turned; each page is requested anew', async () => {
      const first = await opened();
      await workspace.as('U0DANA').click(first, 'Next');
      const second = await viewShowing('U0DANA', 'Page 2 of 3');
      await workspace.as('U0DANA').click(second, 'Previous');
      await viewShowing('U0DANA', 'Page 1 of 3');
      expect(heard.map((h) => h.text)).toEqual(['show #42', 'show #42', 'show #42']);
      expect(workspace.as('U0DANA').views).toHaveLength(1);
    });

    test('come as a file to the person who asks', async () => {
      const view = await opened();
      await workspace.as('U0DANA').click(view, 'Get as file');
      await viewShowing('U0DANA', 'sent to you as a file');
      const [message] = workspace.dm('U0DANA').messages;
      expect(workspace.file(message?.files[0] ?? '')?.bytes.toString()).toBe(threePages.text);
      expect(ops()).toEqual([]);
    });

    test('have the card’s buttons, which answer over the dialog', async () => {
      const view = await opened();
      answer = () => ({ type: 'form', form: snoozeForm });
      await workspace.as('U0DANA').click(view, 'Snooze…');
      await viewShowing('U0DANA', 'For how long');
      expect(workspace.as('U0DANA').views).toHaveLength(2);
      expect(heard.at(-1)).toMatchObject({ text: 'snooze #42', place: OPS, from: null });
    });
  });

  describe('the stop of m0', () => {
    test('waits for running answers', async () => {
      const { promise, resolve } = Promise.withResolvers<Reply>();
      answer = () => promise;
      const acked = await workspace.as('U0DANA').slash('/m0', 'drift', 'ops');
      expect(acked.outcome).toBe('acked');
      await heardOne();
      const stopped = slack.stop();
      resolve({ type: 'private', card: told('late but here') });
      await stopped;
      expect(
        workspace
          .as('U0DANA')
          .sees('ops')
          .map((m) => m.text),
      ).toEqual(['late but here']);
    });
  });
});

describe('the connection of Socket Mode', () => {
  beforeEach(() => begin('socket'));

  test('is healthy, survives Slack’s own refresh, and is not once stopped', async () => {
    expect(slack.healthy()).toEqual({ ok: true, problem: null });
    workspace.refreshConnections();
    const times = () => logged.filter((line) => line.includes('"connected to Slack"')).length;
    await vi.waitFor(() => expect(times()).toBe(2), { timeout: SOON, interval: 20 });
    expect(slack.healthy()).toEqual({ ok: true, problem: null });
    await workspace.as('U0DANA').slash('/m0', 'status', 'ops');
    await heardOne();
    await slack.stop();
    expect(slack.healthy().ok).toBe(false);
  });

  test('that fails is reported in the health and tried again', async () => {
    let away = true;
    const { slack: late } = await through((method) =>
      method === 'apps.connections.open' && away ? 'lose-call' : 'pass',
    );
    await late.start(handler);
    expect(late.healthy()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('connecting to Slack'),
    });
    away = false;
    await workspace.waitFor(() => workspace.connections === 2, SOON);
    await late.stop();
    expect(late.healthy().ok).toBe(false);
  });

  test('with a refused token says which one to fix', async () => {
    const { slack: refused } = await through((method) =>
      method === 'auth.test' ? { answer: { ok: false, error: 'invalid_auth' } } : 'pass',
    );
    await refused.start(handler);
    expect(refused.healthy()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('SLACK_BOT_TOKEN'),
    });
    await refused.stop();
  });
});
