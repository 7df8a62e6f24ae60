/** Behaviour specific to the Teams adapter; the contract of every chat is in chat-port.test.ts. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTeams, type TeamsOptions } from '../../src/chat/teams/teams.ts';
import type { Card } from '../../src/messages/card.ts';
import type { CommandHandler, Incoming, Reply } from '../../src/ports/chat.ts';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed, fullDiff, snoozeForm, threePages } from '../support/sample-cards.ts';
import { type Bot, DANA, GUEST, KIM, memory, startBot, teamsOptions } from '../support/teams-bot.ts';
import {
  elements,
  startConnector,
  TENANT,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from '../support/teams-connector.ts';

const OPS = '19:ops@thread.tacv2';
const ELSE = '19:else@thread.tacv2';
const GROUP = '19:group@thread.v2';
const IN_OPS = { platform: 'teams', channel: OPS } as const;

const told = (headline: string, ...blocks: Card['blocks']): Card => ({ headline, tone: 'plain', blocks });
const logged: string[] = [];
let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof memory>>;
let bots: Bot[];
let teams: Bot['teams'];
let heard: Incoming[];
let answer: (incoming: Incoming) => Reply | Promise<Reply>;
const handler: CommandHandler = async (incoming) => {
  heard.push(incoming);
  return answer(incoming);
};

async function start(change: Partial<TeamsOptions> = {}): Promise<Bot> {
  const bot = await startBot(teamsOptions(connector, store, logged, change), handler);
  bots.push(bot);
  connector.connect(bot.url);
  return bot;
}

beforeEach(async () => {
  heard = [];
  bots = [];
  logged.length = 0;
  answer = () => ({ type: 'none' });
  connector = await startConnector({
    teams: { sre: [OPS, '19:second@thread.tacv2'], other: [ELSE] },
    groupChats: [GROUP],
    people: [DANA, KIM, GUEST].map((aadObjectId, i) => ({
      aadObjectId,
      name: ['dana', 'kim', 'guest'][i] ?? '',
    })),
  });
  store = await memory();
  teams = (await start()).teams;
  await connector.addToTeam('sre');
  // m0 fetches the team's channel list; this is its last channel.
  await vi.waitFor(
    async () => expect(await store.teamsConversation('19:second@thread.tacv2')).toBeDefined(),
    { timeout: 15_000 },
  );
});

afterEach(async () => {
  for (const bot of bots) await bot.close();
  await store.close();
  await connector.close();
  expect(logged.join('')).not.toMatch(/app-password|local-connector-token|eyJ|"level":50/);
});

const status = (change: object = {}) =>
  connector.activity(DANA, connector.chat(DANA), { type: 'message', text: 'approve #42', ...change });
async function posted(card: Card = driftMixed): Promise<TeamsMessage> {
  const { messageId } = await teams.post(IN_OPS, card, 'k');
  const message = connector.in(OPS).find((m) => m.id === messageId);
  if (!message) throw new Error('not posted');
  return message;
}

describe('who may speak', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const past = Math.floor(Date.now() / 1000) - 3_600;

  test.each([
    ['no token', () => null],
    ['junk', () => 'Bearer junk'],
    ['another scheme', () => `Basic ${connector.token()}`],
    ['a token that has expired', () => `Bearer ${connector.token({ exp: past })}`],
    ['a token that is not valid yet', () => `Bearer ${connector.token({ nbf: -past + 4_000_000_000 })}`],
    ['a token for another app', () => `Bearer ${connector.token({ aud: 'another-app' })}`],
    [
      'a token of another issuer',
      () => `Bearer ${connector.token({ iss: `https://sts.windows.net/${TENANT}/` })}`,
    ],
    [
      'a token for another service URL',
      () => `Bearer ${connector.token({ serviceurl: 'https://evil.example/' })}`,
    ],
    ['a token that names no service URL', () => `Bearer ${connector.token({ serviceurl: undefined })}`],
    ['a token signed by a stranger', () => `Bearer ${connector.token({}, stranger)}`],
    ['an unsigned token', () => `Bearer ${connector.token().replace(/\.[^.]*$/, '.')}`],
  ])('%s is refused and ignored', async (_what, authorization) => {
    expect((await connector.deliver(status(), authorization())).status).toBe(401);
    expect((await connector.deliver(status())).status).toBe(200);
    await soon(() => heard.length === 1);
  });

  test('another organisation is refused', async () => {
    const foreign = status({
      channelData: { tenant: { id: 'another' } },
      conversation: { id: 'a:x', tenantId: 'another', conversationType: 'personal' },
    });
    expect((await connector.deliver(foreign)).status).toBe(403);
    expect((await connector.deliver(status({ channelData: {}, conversation: { id: 'a:x' } }))).status).toBe(
      403,
    );
    expect(heard).toEqual([]);
    expect(await store.teamsConversation('a:x')).toBeUndefined();
  });

  test('without an organisation to compare with only people of m0.yaml are heard', async () => {
    await start({ tenantId: null });
    const guest = connector.activity(GUEST, connector.chat(GUEST), { type: 'message', text: 'status' });
    expect((await connector.deliver(guest)).status).toBe(403);
    expect((await connector.deliver(status())).status).toBe(200);
    await soon(() => heard.length === 1);
  });

  test('a wrong object id is not recognised', async () => {
    const mask = status({ from: { id: DANA, name: 'Dana' } });
    await connector.deliver(mask);
    await soon(() => heard.length === 1);
    expect(heard[0]?.actor.person).toBeNull();
  });

  test('without an app id m0 does not start', async () => {
    const options = teamsOptions(connector, store, logged, { appId: null });
    expect(() => createTeams(options)).toThrow(/MICROSOFT_APP_ID is not set.*M0_TEAMS_INSECURE_LOOPBACK/);
    expect(() => createTeams({ ...options, appId: 'x', appPassword: null })).toThrow(
      'MICROSOFT_APP_PASSWORD',
    );
  });

  test('insecure mode only accepts requests from this machine, with answers to it', async () => {
    const { url } = await start({ appId: null, insecureLoopback: true });
    expect((await connector.deliver(status({ serviceUrl: 'https://evil.example/' }), null)).status).toBe(403);
    const fromPage = await fetch(`${url}/api/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: JSON.stringify(status()),
    });
    expect(fromPage.status).toBe(403);
    expect((await connector.deliver(status(), null)).status).toBe(200);
    await soon(() => heard.length === 1);
  });

  test('only JSON of a sensible size is read', async () => {
    const send = (body: string, type = 'application/json') =>
      fetch(`${bots[0]?.url}/api/messages`, {
        method: 'POST',
        headers: { 'content-type': type, authorization: `Bearer ${connector.token()}` },
        body,
      });
    expect((await send(JSON.stringify(status()), 'text/plain')).status).toBe(415);
    expect((await send(JSON.stringify(status({ text: 'x'.repeat(300_000) })))).status).toBe(413);
    expect((await send('{')).status).toBe(400);
    expect((await send('[]')).status).toBe(400);
    expect((await send(JSON.stringify({ ...status(), channelId: 'webchat' }))).status).toBe(400);
    expect(heard).toEqual([]);
  });

  test('a repeated request has one effect, also across a restart', async () => {
    const sent = status();
    await connector.deliver(sent);
    await soon(() => heard.length === 1);
    await connector.deliver(sent);
    await start();
    await connector.deliver(sent);
    await connector.deliver(status());
    await soon(() => heard.length === 2);
  });
});

describe('where m0 may write', () => {
  test('each channel of a team it was added to', async () => {
    await teams.post({ platform: 'teams', channel: '19:second@thread.tacv2' }, driftMixed, 'k');
    expect(connector.in('19:second@thread.tacv2')).toHaveLength(1);
  });

  test('a channel of m0.yaml without m0 is a reported problem, until m0 receives something there', async () => {
    const { teams: other } = await start({ channels: [OPS, ELSE] });
    expect(other.healthy()).toMatchObject({ ok: true, problem: expect.stringContaining(ELSE) });
    expect(other.healthy().problem).not.toContain(OPS);
    await expect(other.post({ platform: 'teams', channel: ELSE }, driftMixed, 'k')).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining('add its app'),
    });
    await connector.addToTeam('other');
    await soon(() => other.healthy().problem === null);
    await other.post({ platform: 'teams', channel: ELSE }, driftMixed, 'k');
    expect(connector.in(ELSE)).toHaveLength(1);
  });

  test('a message to a person without m0 fails permanently', async () => {
    connector.uninstall(KIM);
    await expect(teams.post({ platform: 'teams', user: KIM }, driftMixed, 'k')).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining('not installed'),
    });
  });

  test('a line that calls a person mentions them, and only whom m0.yaml knows', async () => {
    const { id } = await posted();
    await teams.reply(OPS, id, 'Dana, you are on call', 'r', false, 'dana');
    await teams.reply(OPS, id, 'Nobody, you are on call', 's', false, 'nobody');
    const mentions = connector.replies(id).map((m) => elements(m.card, 'mention'));
    expect(mentions).toMatchObject([[{ mentioned: { id: DANA } }], []]);
  });

  test('so does one to a person who removed m0, until they install it again', async () => {
    await connector.as(DANA).say(connector.chat(DANA), 'status');
    await teams.post({ platform: 'teams', user: DANA }, driftMixed, 'k');
    await connector.deliver(
      connector.activity(DANA, connector.chat(DANA), { type: 'installationUpdate', action: 'remove' }),
    );
    await teams.post({ platform: 'teams', user: DANA }, driftMixed, 'other');
    expect(connector.calls.filter((c) => c === 'POST conversations/')).toHaveLength(0);
    expect(connector.calls.filter((c) => c === 'POST conversations')).toHaveLength(1);
  });

  test('within Teams’ rate: the eighth message of a second has to wait, and updates count', async () => {
    for (let i = 0; i < 6; i += 1) await teams.post(IN_OPS, driftMixed, `k${i}`);
    const { messageId } = await teams.post(IN_OPS, driftMixed, 'k5');
    await teams.update(OPS, messageId, driftMixed);
    await expect(teams.post(IN_OPS, driftMixed, 'k7')).rejects.toMatchObject({
      permanent: false,
      retryAfterMs: expect.any(Number),
    });
    await teams.post({ platform: 'teams', user: DANA }, driftMixed, 'k');
  });

  test.each([412, 429, 502, 503, 504])('%i is tried again later', async (code) => {
    let now = Date.now();
    const { teams } = await start({ clock: () => now });
    connector.fault = () => ({ status: code, retryAfter: 7 });
    await expect(teams.post(IN_OPS, driftMixed, 'k')).rejects.toMatchObject({ retryAfterMs: 7_000 });
    connector.fault = () => 'pass';
    now += 7_000;
    await teams.post(IN_OPS, driftMixed, 'k');
    expect(connector.in(OPS)).toHaveLength(1);
  });

  test('a post whose answer was lost is sent again, and the second one is updated', async () => {
    let lost = 0;
    connector.fault = () => (lost++ === 0 ? 'lose-answer' : 'pass');
    await expect(teams.post(IN_OPS, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
    const { messageId } = await teams.post(IN_OPS, driftMixed, 'k');
    await teams.update(OPS, messageId, told('healed'));
    expect(connector.in(OPS).map((m) => textOfCard(m.card) === 'healed')).toEqual([false, true]);
  });

  test('a refused sign-in names the settings to check, until it works again', async () => {
    connector.fault = () => ({ status: 401 });
    await expect(teams.post(IN_OPS, driftMixed, 'k')).rejects.toMatchObject({ permanent: false });
    expect(teams.healthy()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('MICROSOFT_APP_ID'),
    });
    connector.fault = () => 'pass';
    await teams.post(IN_OPS, driftMixed, 'k');
    expect(teams.healthy()).toEqual({ ok: true, problem: null });
  });
});

describe('a message', () => {
  test('without a mention is ignored, even if it arrives', async () => {
    await connector.as(DANA).say(OPS, 'approve #42');
    await connector.deliver(connector.activity(DANA, GROUP, { type: 'message', text: 'm0 approve #42' }));
    await connector.as(DANA).say(GROUP, '@m0 status');
    await soon(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ text: 'status', place: { platform: 'teams', channel: GROUP } });
  });

  test('that was typed in a channel is answered in its thread', async () => {
    answer = () => ({ type: 'public', card: told('three open') });
    await connector.as(DANA).say(OPS, '@m0 status');
    const [asked] = connector.in(OPS);
    const [seen] = await soon(() => {
      const replies = connector.replies(asked?.id ?? '');
      return replies.length > 0 && replies;
    });
    expect(textOfCard(seen?.card)).toBe('three open');
  });

  test('answered publicly is kept up to date', async () => {
    answer = () => ({
      type: 'public',
      card: told('checking'),
      posted: ({ channel, messageId }) => teams.update(channel, messageId, told('all aligned')),
    });
    await connector.as(DANA).say(connector.chat(DANA), 'drift');
    await soon(() => textOfCard(connector.in(connector.chat(DANA)).at(-1)?.card) === 'all aligned');
    expect(connector.in(connector.chat(DANA))).toHaveLength(2);
  });

  test('answered in private is seen by its sender alone, below it; as a slash command too', async () => {
    answer = ({ text }) => ({ type: 'private', card: told(`about ${text}`) });
    await connector.as(DANA).say(OPS, '@m0 why #42');
    await soon(() => connector.whispers(DANA).length === 1);
    await connector.as(DANA).slash(OPS, 'status');
    await soon(() => connector.whispers(DANA).length === 2);
    expect(connector.whispers(DANA).map((m) => textOfCard(m.card))).toEqual([
      'about why #42',
      'about status',
    ]);
    expect(connector.whispers(DANA)[0]?.thread).toBe(connector.in(OPS)[0]?.id);
    expect(connector.in(connector.chat(DANA))).toEqual([]);
  });

  test('that nobody else saw opens its form privately', async () => {
    answer = () => ({ type: 'form', form: snoozeForm });
    await connector.as(DANA).slash(OPS, 'snooze #42');
    const form = await soon(() => connector.whispers(DANA)[0]);
    answer = () => ({ type: 'private', card: told('Snoozed') });
    const sent = await connector.as(DANA).click(form, 'Snooze', { 'f0.FOR': '3d', 'f0.REASON': 'x' });
    expect(sent.bar).toBe('Snoozed');
    expect(connector.in(OPS)).toEqual([]);
  });

  test('is answered in the chat with its sender where clients show nothing private in a channel', async () => {
    connector.targeted = false;
    answer = () => ({ type: 'private', card: told('fine') });
    await connector.as(DANA).say(OPS, '@m0 why #42');
    await soon(() => textOfCard(connector.in(connector.chat(DANA))[0]?.card) === 'fine');
    expect(teams.healthy()).toEqual({ ok: true, problem: null });
  });

  test('whose answer is private, of somebody m0 can’t write to, tells nothing of it in front of others', async () => {
    connector.targeted = false;
    connector.uninstall(GUEST);
    answer = () => ({ type: 'private', card: told('the secret of prod') });
    await connector.as(GUEST).say(OPS, '@m0 why #42');
    const [asked] = connector.in(OPS);
    await soon(() => connector.replies(asked?.id ?? '').length === 1);
    expect(textOfCard(connector.replies(asked?.id ?? '')[0]?.card)).toContain('add m0 for yourself');
    expect(JSON.stringify(connector.replies(asked?.id ?? ''))).not.toContain('secret');
  });
});

describe('a click', () => {
  test('without an answer still gets a short text', async () => {
    const clicked = await connector.as(DANA).click(await posted(), 'Full diff');
    expect(clicked).toEqual({ status: 200, bar: 'm0 is on it.', card: null });
  });

  test('gets a private answer with buttons below it, else in the chat with m0', async () => {
    answer = () => ({
      type: 'private',
      card: told('Only sre may', { type: 'buttons', buttons: [fullDiff] }),
    });
    const below = await connector.as(KIM).click(await posted(), 'Full diff');
    expect(below.bar).toContain('Only sre may · More below, for you alone.');
    expect(elements(connector.whispers(KIM)[0]?.card, 'Action.Execute').map((a) => a.title)).toEqual([
      'Full diff',
    ]);
    connector.targeted = false;
    const clicked = await connector.as(DANA).click(await posted(), 'Full diff');
    expect(clicked.bar).toContain('Only sre may · More in your chat with m0.');
    const [sent] = connector.in(connector.chat(DANA));
    expect(elements(sent?.card, 'Action.Execute').map((a) => a.title)).toEqual(['Full diff']);
    connector.uninstall(GUEST);
    const other = await connector.as(GUEST).click(await posted(), 'Full diff');
    expect(other.bar).toContain('You can type: show #42');
  });

  test('that fails says so', async () => {
    answer = () => {
      throw new Error('the store is gone');
    };
    expect((await connector.as(DANA).click(await posted(), 'Full diff')).bar).toContain('broke');
    expect(logged.join('')).toContain('the store is gone');
    logged.length = 0;
  });

  test('on a button that is not m0’s does nothing', async () => {
    const value = { action: { type: 'Action.Execute', verb: 'other', data: { command: 'approve #42' } } };
    const sent = connector.activity(DANA, OPS, { type: 'invoke', name: 'adaptiveCard/action', value });
    expect((await connector.deliver(sent)).body).toMatchObject({ value: 'm0 knows no such button.' });
    expect(heard).toEqual([]);
  });
});

describe('a form', () => {
  const filled = { 'f0.FOR': '3d', 'f0.REASON': '  vendor needs SSH ', 'f0.NOTE': ' ' };
  const snooze = { label: 'Snooze…', command: 'snooze #42', form: snoozeForm };

  test('inside a card comes with its answers and the card', async () => {
    const card = await posted(told('drift', { type: 'buttons', buttons: [snooze] }));
    await connector.as(DANA).click(card, 'Snooze', { ...filled, 'f1.FOR': '9w', other: 'x' });
    expect(heard[0]).toMatchObject({
      text: 'snooze #42',
      answers: { FOR: '3d', REASON: 'vendor needs SSH' },
      from: { channel: OPS, messageId: card.id },
    });
  });

  test('opened by a click is private, belongs to the card, and is replaced by its answer', async () => {
    const card = await posted();
    answer = () => ({ type: 'form', form: snoozeForm });
    expect((await connector.as(DANA).click(card, 'Snooze…')).bar).toContain('form below');
    expect(connector.replies(card.id)).toEqual([]);
    const [form] = connector.whispers(DANA);
    if (!form) throw new Error('no form');
    expect(form.thread).toBe(card.id);
    answer = () => ({ type: 'private', card: told('Snoozed until Monday') });
    expect((await connector.as(DANA).click(form, 'Snooze', filled)).bar).toBe('Snoozed until Monday');
    expect(textOfCard(form.card)).toBe('Snoozed until Monday');
    expect(heard.at(-1)).toMatchObject({
      actor: { person: 'dana' },
      from: { channel: OPS, messageId: card.id },
    });
    expect(connector.whispers(DANA)).toHaveLength(1);
  });

  test('is public if clients can’t show it privately, and stays until a person with permission submits it', async () => {
    connector.targeted = false;
    const card = await posted();
    answer = () => ({ type: 'form', form: snoozeForm });
    expect((await connector.as(DANA).click(card, 'Snooze…')).bar).toContain('form below');
    const form = connector.replies(card.id)[0];
    if (!form) throw new Error('no form');
    answer = () => ({ type: 'private', card: told('Only sre may snooze') });
    expect((await connector.as(DANA).click(form, 'Snooze', filled)).bar).toBe('Only sre may snooze');
    expect(textOfCard(form.card)).toContain('Snooze run #42');
    answer = () => ({ type: 'none' });
    await connector.as(KIM).click(form, 'Snooze', filled);
    expect(textOfCard(form.card)).toBe('Done.');
    expect(heard.at(-1)).toMatchObject({
      actor: { person: 'kim' },
      from: { channel: OPS, messageId: card.id },
    });
  });

  test('in the chat with m0 is replaced by its answer', async () => {
    answer = () => ({ type: 'form', form: snoozeForm });
    await connector.as(DANA).say(connector.chat(DANA), 'snooze #42');
    const form = await soon(() => connector.in(connector.chat(DANA))[1]);
    answer = () => ({ type: 'private', card: told('Snoozed until Monday') });
    await connector.as(DANA).click(form, 'Snooze', filled);
    expect(textOfCard(form.card)).toBe('Snoozed until Monday');
    expect(heard.at(-1)?.from).toBeNull();
  });
});

describe('pages', () => {
  test('turn for the person who clicks, and each page is requested anew', async () => {
    answer = () => ({ type: 'pages', pages: threePages });
    const card = await posted();
    await connector.as(DANA).click(card, 'Full diff');
    expect(connector.replies(card.id)).toEqual([]);
    const [pages] = connector.whispers(DANA);
    if (!pages) throw new Error('no pages');
    expect(textOfCard(pages.card)).toContain('Page 1 of 3');
    const second = await connector.as(DANA).click(pages, 'Next');
    expect(textOfCard(second.card)).toContain('Page 2 of 3');
    const first = await connector.as(DANA).click(pages, 'Previous', {}, second.card);
    expect(textOfCard(first.card)).toContain('Page 1 of 3');
    expect(heard.map((h) => h.text)).toEqual(['show #42', 'show #42', 'show #42']);
    expect(textOfCard(pages.card)).toContain('Page 1 of 3');
  });
});

test('a stop waits for running answers and accepts no more requests', async () => {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  answer = () => promise;
  await connector.as(DANA).say(connector.chat(DANA), 'drift');
  await soon(() => heard.length === 1);
  const stopped = teams.stop();
  resolve({ type: 'private', card: told('late but here') });
  await stopped;
  expect(textOfCard(connector.in(connector.chat(DANA)).at(-1)?.card)).toBe('late but here');
  expect((await connector.deliver(status())).status).toBe(503);
  expect(teams.healthy().ok).toBe(false);
});
