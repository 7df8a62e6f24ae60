/** A full diff as a file: offered in the person's chat with m0, and stored in their OneDrive once they accept. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drawPicture } from '../../src/pictures/draw.ts';
import type { CommandHandler, Incoming, Reply } from '../../src/ports/chat.ts';
import { soon } from '../support/chat-drivers.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { driftMixed, threePages } from '../support/sample-cards.ts';
import { type Bot, DANA, GUEST, KIM, memory, startBot, teamsOptions } from '../support/teams-bot.ts';
import {
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from '../support/teams-connector.ts';

const OPS = '19:ops@thread.tacv2';
const OFFERED = 'In your chat with m0: take the file there.';
const text = `${threePages.text}\n\u{1f30d} ${'a long line of a full diff\n'.repeat(5_000)}`;

let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof memory>>;
let bots: Bot[];
let logged: string[];
let heard: Incoming[];
let answer: (incoming: Incoming) => Reply;
let foreign: Server;
let reached: string[];
const handler: CommandHandler = async (incoming) => {
  heard.push(incoming);
  return answer(incoming);
};

async function start(): Promise<Bot> {
  const bot = await startBot(teamsOptions(connector, store, logged), handler);
  bots.push(bot);
  connector.connect(bot.url);
  return bot;
}

beforeEach(async () => {
  [bots, logged, heard, reached] = [[], [], [], []];
  answer = () => ({ type: 'pages', pages: { ...threePages, text } });
  connector = await startConnector({
    teams: { sre: [OPS] },
    people: [DANA, KIM, GUEST].map((aadObjectId) => ({ aadObjectId, name: aadObjectId.slice(-4) })),
  });
  store = await memory();
  await start();
  await connector.addToTeam('sre');
  // A foreign server, which accepts every upload.
  foreign = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const bot of bots) await bot.close();
  await store.close();
  await connector.close();
  await new Promise((resolve) => foreign.close(resolve));
  expect(logged.join('')).not.toMatch(/app-password|local-connector-token|eyJ|\/drive\//);
});

/** A URL of the foreign server that is not on m0's list of trusted hosts. */
const elsewhere = (): string => `http://0.0.0.0:${(foreign.address() as AddressInfo).port}/up`;

/** The private pages that a person has requested in the channel. */
async function pages(person = DANA): Promise<TeamsMessage> {
  const [bot] = bots;
  const { messageId } = (await bot?.teams.post({ platform: 'teams', channel: OPS }, driftMixed, 'k')) ?? {};
  const card = connector.in(OPS).find((m) => m.id === messageId);
  if (!card) throw new Error('not posted');
  await connector.as(person).click(card, 'Full diff');
  const [shown] = connector.whispers(person);
  if (!shown) throw new Error('no pages');
  return shown;
}

const chatOf = (person: string): readonly TeamsMessage[] => connector.in(connector.chat(person));

/** Presses the button and returns the file offer in the person's chat with m0. */
async function offer(person = DANA): Promise<TeamsMessage> {
  const { bar } = await connector.as(person).click(await pages(person), 'Get as file');
  expect(bar).toBe(OFFERED);
  const message = chatOf(person).at(-1);
  if (message?.file?.kind !== 'offered') throw new Error('no offer');
  return message;
}

/** Sends Teams' answer to an offer, with these fields changed. */
function consent(message: TeamsMessage, change: object, activity: object = {}) {
  const { file } = message;
  if (file?.kind !== 'offered') throw new Error('no offer');
  return connector.activity(DANA, connector.chat(DANA), {
    type: 'invoke',
    name: 'fileConsent/invoke',
    replyToId: message.id,
    value: { type: 'fileUpload', action: 'accept', context: file.accept, ...change },
    ...activity,
  });
}
const room = (url: string) => ({
  uploadInfo: { uploadUrl: url, contentUrl: url, name: 'x.txt', uniqueId: '1', fileType: 'txt' },
});

test('a full diff comes whole as a file, to who asked for it alone', async () => {
  const offered = await offer();
  const name = offered.file?.name;
  expect(offered.file).toMatchObject({ bytes: Buffer.byteLength(text), name: 'Run-42-the-full-diff.txt' });
  expect(JSON.stringify(offered.file)).not.toContain('a long line');
  expect(chatOf(KIM)).toEqual([]);
  // The channel still has only the card.
  expect(connector.in(OPS)).toHaveLength(1);
  expect(connector.replies(connector.in(OPS)[0]?.id ?? '')).toEqual([]);

  expect(await connector.as(DANA).acceptFile(offered)).toBe(200);
  await soon(() => chatOf(DANA).at(-1)?.file?.kind === 'stored');
  const card = chatOf(DANA).at(-1)?.file;
  expect(card).toMatchObject({ kind: 'stored', name });
  const seen = await fetch(card?.kind === 'stored' ? card.url : '');
  expect(seen.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await seen.text()).toBe(text);
  // The offer is gone.
  expect(offered.file).toBeNull();
  expect(textOfCard(offered.card)).toContain('Stored in your OneDrive.');
});

test('what is stored is what the command answers when it is accepted, to who accepts', async () => {
  const offered = await offer();
  answer = () => ({ type: 'pages', pages: { ...threePages, text: 'redacted since' } });
  await connector.as(DANA).acceptFile(offered);
  await soon(() => connector.stored().length === 1);
  expect(connector.stored()[0]?.text).toBe('redacted since');
  expect(heard.at(-1)).toMatchObject({
    text: 'show #42',
    actor: { person: 'dana' },
    place: { platform: 'teams', user: DANA },
    from: null,
  });
});

test('an offer outlives a restart, and what is gone by then is said', async () => {
  const offered = await offer();
  await bots.pop()?.close();
  await start();
  answer = () => ({ type: 'private', card: { headline: 'There is no run #42.', tone: 'bad', blocks: [] } });
  await connector.as(DANA).acceptFile(offered);
  await soon(() => textOfCard(chatOf(DANA).at(-1)?.card).includes('There is no run #42.'));
  expect(textOfCard(offered.card)).toContain('no file of this any more');
  expect(connector.stored()).toEqual([]);
});

test('declined, nothing is stored, and it can be asked for again', async () => {
  const offered = await offer();
  const sent = consent(offered, { uploadInfo: undefined });
  expect(await connector.as(DANA).declineFile(offered)).toBe(200);
  await soon(() => textOfCard(offered.card).includes('Not taken.'));
  expect(offered.file).toBeNull();
  // A late answer to the earlier offer.
  await connector.deliver({
    ...sent,
    value: { ...(sent.value as object), ...room(`${connector.url}/drive/x`) },
  });
  await soon(() => textOfCard(offered.card).includes('answered before'));
  expect(connector.stored()).toEqual([]);
  await connector.as(DANA).click(offered, 'Get as file');
  await connector.as(DANA).acceptFile(chatOf(DANA).at(-1) ?? offered);
  await soon(() => connector.stored()[0]?.text === text);
});

test('accepted twice it is stored once, also over a restart', async () => {
  const offered = await offer();
  const again = { ...offered };
  await Promise.all([connector.as(DANA).acceptFile(again), connector.as(DANA).acceptFile(again)]);
  await soon(() => chatOf(DANA).at(-1)?.file?.kind === 'stored');
  await bots.pop()?.close();
  await start();
  await connector.as(DANA).acceptFile(again);
  await soon(() => textOfCard(offered.card).includes('answered before'));
  expect(connector.stored()).toHaveLength(1);
  expect(chatOf(DANA).filter((m) => m.file?.kind === 'stored')).toHaveLength(1);
});

test.each([
  ['a place that is none of OneDrive’s', elsewhere],
  ['a place with a name and a word in it', () => `${connector.url.replace('//', '//m0:word@')}/drive/x`],
])('%s gets nothing, and it is said', async (_what, url) => {
  const offered = await offer();
  const asked = heard.length;
  expect((await connector.deliver(consent(offered, room(url())))).status).toBe(200);
  await soon(() => textOfCard(offered.card).includes('none of OneDrive’s or SharePoint’s'));
  expect(reached).toEqual([]);
  expect(heard).toHaveLength(asked);
  expect(elements(offered.card, 'Action.Execute').map((a) => a.title)).toEqual(['Get as file']);
});

test('a redirect is not followed', async () => {
  const { port } = foreign.address() as AddressInfo;
  const redirect = createServer((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${port}/up` }).end();
  });
  await new Promise<void>((resolve) => redirect.listen(0, '127.0.0.1', resolve));
  const offered = await offer();
  const url = `http://127.0.0.1:${(redirect.address() as AddressInfo).port}/up`;
  await connector.deliver(consent(offered, room(url)));
  await soon(() => textOfCard(offered.card).includes('The file did not get to you'));
  expect(reached).toEqual([]);
  await new Promise((resolve) => redirect.close(resolve));
});

test('a failed upload is reported, and the button makes another offer', async () => {
  const offered = await offer();
  await connector.deliver(consent(offered, room(`${connector.url}/drive/no-such-room`)));
  await soon(() => textOfCard(offered.card).includes('127.0.0.1 did not take it (HTTP 404)'));
  expect((await connector.as(DANA).click(offered, 'Get as file')).bar).toBe(OFFERED);
});

test('a person without DMs gets a private message, and nobody else sees anything', async () => {
  const shown = await pages();
  connector.uninstall(DANA);
  const { bar } = await connector.as(DANA).click(shown, 'Get as file');
  expect(bar).toContain('add m0 for yourself');
  expect(chatOf(DANA)).toEqual([]);
  expect(connector.whispers(DANA)).toEqual([shown]);
  expect(connector.replies(shown.thread ?? '')).toEqual([]);
});

test('a person who may read may get the file, as in Slack: the command decides', async () => {
  const offered = await offer(GUEST);
  await connector.as(GUEST).acceptFile(offered);
  await soon(() => connector.stored()[0]?.text === text);
  expect(heard.at(-1)).toMatchObject({ actor: { person: null }, place: { user: GUEST } });
});

test('an offer is good for the one it was made to', async () => {
  const offered = await offer();
  const asked = heard.length;
  await connector.deliver({
    ...consent(offered, room(`${connector.url}/drive/x`)),
    ...connector.activity(KIM, connector.chat(KIM), { type: 'invoke', replyToId: undefined }),
  });
  await soon(() => chatOf(KIM).some((m) => textOfCard(m.card).includes('don’t know this offer')));
  expect(heard).toHaveLength(asked);
});

test('data in an answer is ignored: only the stored offer decides', async () => {
  const made = await offer();
  if (made.file?.kind !== 'offered') throw new Error('no offer');
  const context = { ...(made.file.accept as object), command: 'approve #42' };
  const asked = heard.length;
  await connector.deliver(consent(made, { context, ...room(`${connector.url}/drive/none`) }));
  await soon(() => heard.length > asked);
  expect(heard.slice(asked).map((h) => h.text)).toEqual(['show #42']);
});

test('an answer in a channel, or a forged one, is ignored', async () => {
  const offered = await offer();
  const inChannel = { conversation: { id: OPS, conversationType: 'channel' } };
  expect((await connector.deliver(consent(offered, room(elsewhere()), inChannel))).status).not.toBe(200);
  expect((await connector.deliver(consent(offered, { action: 'take' }))).status).toBe(501);
  expect((await connector.deliver(consent(offered, {}))).status).toBe(501);
});

test('pages without a text have no such button', async () => {
  answer = () => ({ type: 'pages', pages: { ...threePages, text: '' } });
  expect(JSON.stringify((await pages()).card)).not.toContain('Get as file');
});

const REPORT: Extract<Reply, { type: 'files' }> = {
  type: 'files',
  card: { headline: 'Report of prod', tone: 'plain', blocks: [] },
  files: [
    { name: 'm0-report-prod-2026-03.md', about: 'to read', text: '# Drift\n' },
    { name: 'm0-report-prod-2026-03-drift.csv', about: 'a table', text: '"a"\r\n' },
  ],
  command: 'report prod 2026-03',
};

test('files are offered in the chat of the person who asked, each by itself, and the answer in the channel says so', async () => {
  answer = () => REPORT;
  await connector.as(KIM).say(OPS, '@m0 report prod');
  const told = await soon(() => connector.whispers(KIM)[0]);
  expect(textOfCard(told.card)).toContain(
    'Bots can send files only to your own chat with m0: take them there.',
  );
  const offers = chatOf(KIM).filter((m) => m.file?.kind === 'offered');
  expect(offers.map((m) => m.file?.name)).toEqual(REPORT.files.map((f) => f.name));
  expect(chatOf(DANA)).toEqual([]);
  // The second one is taken: m0 asks for the month that was meant, for the person who takes it.
  const [, table] = offers;
  if (table === undefined) throw new Error('no offer');
  await connector.as(KIM).acceptFile(table);
  await soon(() => chatOf(KIM).some((m) => m.file?.kind === 'stored'));
  expect(connector.stored()).toEqual([{ name: REPORT.files[1]?.name, text: REPORT.files[1]?.text }]);
  expect(heard.at(-1)).toMatchObject({ text: 'report prod 2026-03', actor: { userId: KIM } });
  // The other one is gone by now.
  answer = () => ({ ...REPORT, files: [] });
  const [first] = offers;
  if (first === undefined) throw new Error('no offer');
  await connector.as(KIM).acceptFile(first);
  await soon(() => chatOf(KIM).some((m) => textOfCard(m.card).includes('There is no file of this any more')));
});

test('the picture of a digest is inside its card', async () => {
  for (const bot of bots.splice(0)) await bot.close();
  const bot = await startBot({ ...teamsOptions(connector, store, logged), drawPicture }, handler);
  bots.push(bot);
  connector.connect(bot.url);
  const digest = exhibits.find((one) => one.name === 'digest');
  if (digest?.shown.kind !== 'card') throw new Error('no digest');
  await bot.teams.post({ platform: 'teams', channel: OPS }, digest.shown.card, 'digest');
  const [message] = connector.in(OPS);
  if (message === undefined) throw new Error('not posted');
  const image = elements(message.card, 'Image')[0];
  expect(String(image?.url)).toMatch(/^data:image\/png;base64,iVBOR/);
  expect(image?.altText).toContain('Open: 4 resources (last week 12)');
  // All of its buttons and its last line fit beside it.
  expect(textOfCard(message.card)).toContain('2 more open than in the digest before');
});
