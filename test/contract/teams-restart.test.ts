/** What m0 stores of Teams: a new process on the same database can write before it has received any message. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed, healed, snoozeForm } from '../support/sample-cards.ts';
import { type Bot, DANA, KIM, startBot, teamsOptions } from '../support/teams-bot.ts';
import { startConnector, type TeamsConnector, textOfCard } from '../support/teams-connector.ts';

const OPS = '19:ops@thread.tacv2';
const SECOND = '19:second@thread.tacv2';
const GROUP = '19:group@thread.v2';

let dir: string;
let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof openStore>>;
let bot: Bot;
let heard: string[];

async function start(): Promise<void> {
  store = await openStore({ url: `file:${join(dir, 'm0.db')}`, log: createLogger('silent') });
  bot = await startBot(teamsOptions(connector, store, [], { channels: [OPS, SECOND] }), async (incoming) => {
    heard.push(incoming.text);
    return incoming.answers === null && incoming.text.startsWith('snooze')
      ? { type: 'form', form: snoozeForm }
      : { type: 'none' };
  });
  connector.connect(bot.url);
}
async function stop(): Promise<void> {
  await bot.close();
  await store.close();
}

beforeEach(async () => {
  heard = [];
  dir = await mkdtemp(join(tmpdir(), 'm0-teams-'));
  connector = await startConnector({
    teams: { sre: [OPS, SECOND] },
    groupChats: [GROUP],
    people: [
      { aadObjectId: DANA, name: 'dana' },
      { aadObjectId: KIM, name: 'kim' },
    ],
  });
  await start();
  await connector.addToTeam('sre');
  await vi.waitFor(() => expect(bot.teams.healthy().problem).toBeNull(), { timeout: 15_000 });
});
afterEach(async () => {
  await stop();
  await connector.close();
  await rm(dir, { recursive: true, force: true });
});

test('it posts to channels, a group chat and people, replies under its cards, and updates them', async () => {
  await connector.as(KIM).say(GROUP, '@m0 status');
  await connector.as(DANA).say(connector.chat(DANA), 'status');
  await soon(() => heard.length === 2);
  const root = await bot.teams.post({ platform: 'teams', channel: OPS }, driftMixed, 'root');
  await stop();
  await start();
  const { teams } = bot;
  expect(teams.healthy()).toEqual({ ok: true, problem: null });
  await teams.update(root.channel, root.messageId, healed);
  await teams.reply(root.channel, root.messageId, 'Approved by Dana', 'r');
  for (const channel of [SECOND, GROUP]) await teams.post({ platform: 'teams', channel }, driftMixed, 'k');
  for (const user of [DANA, KIM]) await teams.post({ platform: 'teams', user }, driftMixed, 'k');
  const shown = (channel: string) =>
    connector.in(channel).flatMap((m) => (m.card === null ? [] : [textOfCard(m.card)]));
  expect(shown(OPS)).toEqual([expect.stringContaining('back as it was')]);
  expect(connector.replies(root.messageId).map((m) => textOfCard(m.card))).toEqual(['Approved by Dana']);
  for (const where of [SECOND, GROUP, connector.chat(DANA), connector.chat(KIM)]) {
    expect(shown(where), where).toEqual([expect.stringContaining(driftMixed.headline)]);
  }
  // The new process has received no message.
  expect(heard).toHaveLength(2);
});

test('it repeats no post, event or form, and an open form still belongs to its card', async () => {
  const root = await bot.teams.post({ platform: 'teams', channel: OPS }, driftMixed, 'root');
  const [card] = connector.in(OPS);
  if (!card) throw new Error('no card');
  await connector.as(DANA).click(card, 'Snooze…');
  const [form] = connector.whispers(DANA);
  if (!form) throw new Error('no form');
  const typed = connector.activity(DANA, connector.chat(DANA), { type: 'message', text: 'status' });
  await connector.deliver(typed);
  await soon(() => heard.length === 2);
  await stop();
  await start();
  expect(await bot.teams.post({ platform: 'teams', channel: OPS }, driftMixed, 'root')).toEqual(root);
  await connector.deliver(typed);
  await connector.as(DANA).click(form, 'Snooze', { 'f0.FOR': '3d', 'f0.REASON': 'x' });
  expect(textOfCard(form.card)).toBe('Done.');
  expect(heard).toEqual(['snooze #42', 'status', 'snooze #42']);
  expect(connector.in(OPS)).toHaveLength(1);
});

test('a command that was acknowledged before m0 was killed is carried out by the next start, once', async () => {
  const begun: string[] = [];
  const killed = await startBot(teamsOptions(connector, store, [], { channels: [OPS] }), (incoming) => {
    begun.push(incoming.text);
    return new Promise(() => {});
  });
  connector.connect(killed.url);
  await connector.as(DANA).say(connector.chat(DANA), 'status prod');
  await soon(() => begun.length === 1);
  // It never answers: as if it were killed.
  await stop();
  await start();
  expect(heard).toEqual(['status prod']);
  await vi.waitFor(async () => expect(await store.leftIn('teams')).toEqual([]), { timeout: 15_000 });
  await stop();
  await start();
  expect(heard).toEqual(['status prod']);
});
