/** m0's Teams adapter against Microsoft's local Teams client, which the test drives over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Place } from '../../src/model/directory.ts';
import type { Incoming, Reply } from '../../src/ports/chat.ts';
import { PEOPLE, TEAMS, TEAMS_OPS } from '../../src/sandbox/sample-organisation.ts';
import { soon } from '../support/chat-drivers.ts';
import { freePort } from '../support/free-port.ts';
import { driftMixed, healed, snoozeForm, threePages } from '../support/sample-cards.ts';
import { type Bot, memory, startBot, teamsOptions } from '../support/teams-bot.ts';
import { startConnector } from '../support/teams-connector.ts';

/** The client's default user. */
const DANA = { id: '29:dana', aadObjectId: PEOPLE[0].teams };
const OPS = TEAMS_OPS;
const IN_OPS: Place = { platform: 'teams', channel: OPS };
const PERSONAL = 'a:dana';

let client: ChildProcess;
let url: string;
let bot: Bot;
let heard: Incoming[] = [];
let answer: (incoming: Incoming) => Reply = () => ({ type: 'none' });
const closing: (() => Promise<void>)[] = [];

async function ask(path: string, body: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json().catch(() => null) };
}

async function say(conversation: string, text: string, mentions: readonly object[] = []): Promise<void> {
  const { status } = await ask(`/_conversation/v1/conversations/${conversation}/messages`, {
    from: { id: DANA.id },
    text,
    textFormat: 'plain',
    mentions,
  });
  expect(status).toBe(200);
}

/** A click on a button of a message; the client accepts it only if it shows that message. */
const click = (conversation: string, messageId: string, data: object) =>
  ask('/_conversation/v1/invoke', {
    name: 'adaptiveCard/action',
    from: { id: DANA.id },
    conversation: { id: conversation },
    replyToId: messageId,
    value: { action: { type: 'Action.Execute', verb: 'm0', title: 'x', data }, trigger: 'manual' },
  });

beforeAll(async () => {
  const store = await memory();
  const connector = await startConnector({ teams: {}, people: [] });
  closing.push(
    () => store.close(),
    () => connector.close(),
  );
  bot = await startBot(
    {
      ...teamsOptions(connector, store, []),
      ...{ appId: null, appPassword: null, tenantId: null, insecureLoopback: true, connector: undefined },
      people: [{ key: 'dana', name: 'Dana', slack: null, teams: DANA.aadObjectId, email: null }],
    },
    async (incoming) => {
      heard.push(incoming);
      return answer(incoming);
    },
  );
  closing.push(() => bot.close());
  const data = await mkdtemp(join(tmpdir(), 'm0-playground-'));
  closing.push(() => rm(data, { recursive: true }));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  client = spawn(process.execPath, ['src/sandbox/playground.ts'], {
    env: {
      PATH: process.env.PATH,
      PORT: new URL(bot.url).port,
      M0_PLAYGROUND_PORT: String(port),
      M0_DATA_DIR: data,
    },
    stdio: 'ignore',
  });
  await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
    timeout: 20_000,
    interval: 100,
  });
});

afterAll(async () => {
  client?.kill('SIGTERM');
  for (const close of closing.reverse()) await close();
});

test('a command arrives, and the client accepts its form, pages and card', async () => {
  for (const reply of [
    { type: 'form', form: snoozeForm },
    { type: 'pages', pages: threePages },
    { type: 'public', card: driftMixed },
    { type: 'private', card: healed },
  ] satisfies Reply[]) {
    heard = [];
    answer = () => reply;
    await say(PERSONAL, 'drift prod');
    await soon(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ text: 'drift prod', actor: { person: 'dana' } });
  }
});

test('a mention in a channel is a command without the mention', async () => {
  heard = [];
  answer = () => ({ type: 'none' });
  const mention = { mentioned: { id: TEAMS.appId }, text: '<at>Test Bot</at>' };
  await say(OPS, '<at>Test Bot</at> status', [mention]);
  await soon(() => heard.length === 1);
  expect(heard[0]).toMatchObject({ text: 'status', place: IN_OPS });
});

test('a proactive post is shown, updated in place, replied to and clicked', async () => {
  heard = [];
  const { channel, messageId } = await bot.teams.post(IN_OPS, driftMixed, 'k');
  answer = () => ({ type: 'private', card: { headline: 'Only sre may approve', tone: 'plain', blocks: [] } });
  const clicked = await click(`${OPS};messageid=${messageId}`, messageId, { command: 'approve #42' });
  expect(clicked).toMatchObject({ status: 200, body: { value: 'Only sre may approve' } });
  expect(heard[0]).toMatchObject({ text: 'approve #42', from: { channel, messageId } });
  await bot.teams.update(channel, messageId, healed);
  await bot.teams.reply(channel, messageId, 'Approved by Dana', 'r');
  await expect(bot.teams.update(channel, '1', healed)).rejects.toMatchObject({ permanent: true });
  expect((await click(`${OPS};messageid=${messageId}`, '1', { command: 'approve #42' })).status).not.toBe(
    200,
  );
});

test('a snooze form in a direct message comes with its answers', async () => {
  heard = [];
  answer = () => ({ type: 'none' });
  const { channel, messageId } = await bot.teams.post(
    { platform: 'teams', user: DANA.aadObjectId },
    {
      ...driftMixed,
      blocks: [{ type: 'buttons', buttons: [{ label: 'Snooze…', command: 'snooze #42', form: snoozeForm }] }],
    },
    'k',
  );
  expect(channel).toBe(PERSONAL);
  await click(PERSONAL, messageId, {
    command: 'snooze #42',
    form: 'f0',
    'f0.FOR': '3d',
    'f0.REASON': 'vendor',
  });
  expect(heard[0]).toMatchObject({ text: 'snooze #42', answers: { FOR: '3d', REASON: 'vendor' } });
});
