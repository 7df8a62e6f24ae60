/** Clicks whose answer takes longer than Teams waits: m0 asks for patience in time, and answers later, once. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import type { CommandHandler, Reply } from '../../src/ports/chat.ts';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed, fullDiff, snoozeForm, threePages } from '../support/sample-cards.ts';
import { type Bot, DANA, GUEST, KIM, memory, startBot, teamsOptions } from '../support/teams-bot.ts';
import {
  type Clicked,
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from '../support/teams-connector.ts';

const OPS = '19:ops@thread.tacv2';
const WAIT = 'One moment: the answer comes here.';
const told = (headline: string, ...blocks: Card['blocks']): Card => ({ headline, tone: 'plain', blocks });

let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof memory>>;
let bot: Bot;
let heard: number;
let held: PromiseWithResolvers<Reply>;
/** The immediate answer; null: m0 answers only when the test says so. */
let atOnce: Reply | null;
const logged: string[] = [];
const handler: CommandHandler = () => {
  heard += 1;
  return atOnce === null ? held.promise : Promise.resolve(atOnce);
};

async function start(clickPatienceMs?: number): Promise<void> {
  bot = await startBot(teamsOptions(connector, store, logged, { clickPatienceMs }), handler);
  connector.connect(bot.url);
}

beforeEach(async () => {
  heard = 0;
  held = Promise.withResolvers();
  atOnce = null;
  logged.length = 0;
  connector = await startConnector({
    teams: { sre: [OPS] },
    people: [DANA, KIM, GUEST].map((aadObjectId) => ({ aadObjectId, name: 'x' })),
  });
  store = await memory();
  await start(50);
  await connector.addToTeam('sre');
  await soon(() => connector.calls.includes('GET teams/sre/conversations'));
});
afterEach(async () => {
  held.resolve({ type: 'none' });
  await bot.close();
  await store.close();
  await connector.close();
});

async function posted(card: Card = driftMixed, to: string | null = null): Promise<TeamsMessage> {
  const place = to === null ? { channel: OPS } : { user: to };
  const { channel, messageId } = await bot.teams.post({ platform: 'teams', ...place }, card, 'k');
  const message = connector.in(channel).find((m) => m.id === messageId);
  if (!message) throw new Error('not posted');
  return message;
}

/** Asserts that the click was answered with a request to wait. */
async function waits(click: Promise<Clicked>): Promise<void> {
  expect(await click).toEqual({ status: 200, bar: WAIT, card: null });
}

/** Resolves when no more answers can arrive. */
async function settled(): Promise<void> {
  await bot.teams.stop();
}
const whispers = (person: string) => connector.whispers(person).map((m) => textOfCard(m.card));
const under = (message: TeamsMessage) => connector.replies(message.id).map((m) => textOfCard(m.card));

describe('the answer comes later, once', () => {
  test('a private line under the card, to the sender only', async () => {
    const card = await posted();
    await waits(connector.as(DANA).click(card, 'Full diff'));
    expect(whispers(DANA)).toEqual([]);
    held.resolve({ type: 'private', card: told('Nothing to approve: run #42 is realigned.') });
    await settled();
    expect(whispers(DANA)).toEqual(['Nothing to approve: run #42 is realigned.']);
    expect(connector.whispers(DANA)[0]?.thread).toBe(card.id);
    expect(under(card)).toEqual([]);
    expect(heard).toBe(1);
  });

  test('a private card with buttons, in the chat with m0 if private messages are not supported', async () => {
    const card = await posted();
    connector.targeted = false;
    await waits(connector.as(DANA).click(card, 'Full diff'));
    held.resolve({ type: 'private', card: told('Only sre may', { type: 'buttons', buttons: [fullDiff] }) });
    await settled();
    const own = connector.in(connector.chat(DANA));
    expect(own.map((m) => textOfCard(m.card))).toEqual(['Only sre may']);
    expect(elements(own[0]?.card, 'Action.Execute')).toHaveLength(1);
  });

  test('a person without DMs is told privately how to get them', async () => {
    const card = await posted();
    connector.targeted = false;
    connector.uninstall(GUEST);
    await waits(connector.as(GUEST).click(card, 'Full diff'));
    held.resolve({ type: 'private', card: told('the secret', { type: 'buttons', buttons: [fullDiff] }) });
    await settled();
    expect(under(card)).toEqual([expect.stringContaining('add m0 for yourself')]);
  });

  test('in the chat with m0, as a message', async () => {
    const card = await posted(driftMixed, DANA);
    await waits(connector.as(DANA).click(card, 'Full diff'));
    held.resolve({ type: 'private', card: told('Approved run #42.') });
    await settled();
    const [, ...more] = connector.in(connector.chat(DANA)).map((m) => textOfCard(m.card));
    expect(more).toEqual(['Approved run #42.']);
  });

  test('a card for all, kept up to date', async () => {
    const card = await posted();
    await waits(connector.as(DANA).click(card, 'Full diff'));
    held.resolve({
      type: 'public',
      card: told('checking'),
      // What follows the answer updates it at the place where it was posted.
      posted: ({ channel, messageId }) => bot.teams.update(channel, messageId, told('all aligned')),
    });
    await soon(() => under(card)[0] === 'all aligned');
    await settled();
    expect(under(card)).toEqual(['all aligned']);
  });

  test('the page that was turned to, not the first', async () => {
    const card = await posted();
    atOnce = { type: 'pages', pages: threePages };
    await connector.as(DANA).click(card, 'Full diff');
    const [pages] = connector.whispers(DANA);
    if (!pages) throw new Error('no pages');
    atOnce = null;
    await waits(connector.as(DANA).click(pages, 'Next'));
    held.resolve({ type: 'pages', pages: threePages });
    await settled();
    expect(whispers(DANA)).toEqual([
      expect.stringContaining('Page 1 of 3'),
      expect.stringContaining('Page 2 of 3'),
    ]);
  });

  test('a form about the clicked card, deleted after it was submitted', async () => {
    const card = await posted();
    await waits(connector.as(DANA).click(card, 'Snooze…'));
    held.resolve({ type: 'form', form: snoozeForm });
    const form = await soon(() => connector.whispers(DANA)[0]);
    held = Promise.withResolvers();
    await waits(connector.as(DANA).click(form, 'Snooze', { 'f0.FOR': '3d', 'f0.REASON': 'x' }));
    expect(textOfCard(form.card)).toContain('Snooze run #42');
    held.resolve({ type: 'none' });
    await settled();
    expect(textOfCard(form.card)).toBe('Done.');
    expect(heard).toBe(2);
  });

  test('an error, if the command failed', async () => {
    const card = await posted();
    await waits(connector.as(DANA).click(card, 'Full diff'));
    held.reject(new Error('the store is gone'));
    await settled();
    expect(whispers(DANA)).toEqual([expect.stringContaining('broke in m0')]);
    expect(logged.join('')).toContain('the store is gone');
  });
});

test('a click that Teams repeats meanwhile is handled once and answered once', async () => {
  const card = await posted();
  const action = { type: 'Action.Execute', verb: 'm0', data: { command: 'approve #42' } };
  const invoke = connector.activity(DANA, `${OPS};messageid=${card.id}`, {
    ...{ type: 'invoke', name: 'adaptiveCard/action', replyToId: card.id, value: { action } },
  });
  const bars = await Promise.all([1, 2, 3].map(async () => (await connector.deliver(invoke)).body?.value));
  expect(bars.filter((bar) => bar === WAIT)).toHaveLength(1);
  expect(bars.filter((bar) => bar === 'm0 got this already.')).toHaveLength(2);
  held.resolve({ type: 'private', card: told('Approved run #42.') });
  await settled();
  expect(heard).toBe(1);
  expect(whispers(DANA)).toEqual(['Approved run #42.']);
});

describe('an answer that Teams does not accept at once', () => {
  test('is retried while it is still useful, and arrives once', async () => {
    atOnce = { type: 'private', card: told('Only sre may', { type: 'buttons', buttons: [fullDiff] }) };
    const card = await posted();
    let answers = 0;
    connector.fault = (call) =>
      call.startsWith('POST') && answers++ < 2 ? { status: 429, retryAfter: 0 } : 'pass';
    const clicked = await connector.as(DANA).click(card, 'Full diff');
    await settled();
    // The answer arrives once, in time or later.
    expect(clicked.bar === WAIT || clicked.bar?.includes('More below')).toBe(true);
    expect(whispers(DANA)).toEqual(['Only sre may']);
    expect(answers).toBe(3);
  });

  test('is given up after three attempts, with a log line', async () => {
    atOnce = { type: 'private', card: told('fine') };
    await posted();
    let answers = 0;
    connector.fault = () => {
      answers += 1;
      return { status: 429, retryAfter: 0 };
    };
    await connector.as(DANA).say(OPS, '@m0 why #42');
    await soon(() => logged.some((line) => line.includes('was not answered')));
    expect([answers, whispers(DANA)]).toEqual([3, []]);
  });
});

test('an answer in time is shown under the card only', async () => {
  atOnce = { type: 'private', card: told('Only sre may') };
  await bot.close();
  await start();
  const card = await posted();
  expect((await connector.as(DANA).click(card, 'Full diff')).bar).toBe('Only sre may');
  await settled();
  expect([whispers(DANA), under(card)]).toEqual([[], []]);
});
