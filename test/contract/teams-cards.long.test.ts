/**
 * Sends every message of m0, with hostile text in it, through the real adapter over HTTP to a Bot Connector that
 * refuses what Teams refuses. The counterpart of cards.test.ts and of the random-message tests for Slack.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Card, Form, Pages } from '../../src/messages/card.ts';
import { driftCard } from '../../src/messages/drift-card.ts';
import { fleetCard } from '../../src/messages/fleet-card.ts';
import { fullDiff } from '../../src/messages/full-diff.ts';
import { whyCard } from '../../src/messages/why-card.ts';
import type { CommandHandler, Reply } from '../../src/ports/chat.ts';
import { anyCard, anyForm, anyPages, OWN_LINKS, said } from '../support/any-message.ts';
import { soon } from '../support/chat-drivers.ts';
import { thousandFindings } from '../support/gallery/dialogs.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { expectInertCard, expectInertSummary, type Live } from '../support/inert-teams.ts';
import { seeded } from '../support/random.ts';
import { HOSTILE_TEXTS, randomCard } from '../support/sample-cards.ts';
import { type Bot, DANA, KIM, memory, startBot, teamsOptions } from '../support/teams-bot.ts';
import {
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
} from '../support/teams-connector.ts';
import { NOW, ZONE } from '../support/views.ts';

const OPS = '19:ops@thread.tacv2';
const IN_OPS = { platform: 'teams', channel: OPS } as const;
const TO_DANA = { platform: 'teams', user: DANA } as const;
/** The same number as for Slack. */
const RUNS = { numRuns: 60 };

let connector: TeamsConnector;
let store: Awaited<ReturnType<typeof memory>>;
let bot: Bot;
let answer: () => Reply = () => ({ type: 'none' });
const handler: CommandHandler = async () => answer();
let keys = 0;
const key = (): string => {
  keys += 1;
  return `k${keys}`;
};

beforeAll(async () => {
  connector = await startConnector({
    teams: { sre: [OPS] },
    people: [
      { aadObjectId: DANA, name: 'dana' },
      { aadObjectId: KIM, name: 'kim' },
    ],
  });
  store = await memory();
  // Three seconds between messages, so Teams' rate limits are never reached.
  let now = Date.now();
  const clock = (): number => {
    now += 3_000;
    return now;
  };
  bot = await startBot(teamsOptions(connector, store, [], { clock }), handler);
  connector.connect(bot.url);
  await connector.addToTeam('sre');
  await soon(() => connector.calls.includes('GET teams/sre/conversations'));
});

afterAll(async () => {
  await bot.close();
  await store.close();
  await connector.close();
});

/** Asserts that a message was accepted, is complete, and is inert. */
function holds(message: TeamsMessage | undefined, live: Live = {}): void {
  expectInertCard(message?.card, live);
  expectInertSummary(message?.summary ?? '');
}

const at = (id: string): TeamsMessage | undefined =>
  [...connector.in(OPS), ...connector.in(connector.chat(DANA))].find((m) => m.id === id);

/** Answers a command of Dana in the channel with this reply; returns the message that only she sees. */
async function whispered(reply: Reply): Promise<TeamsMessage> {
  const before = connector.whispers(DANA).length;
  answer = () => reply;
  await connector.as(DANA).slash(OPS, 'status');
  return connector.waitFor(() => connector.whispers(DANA)[before], 15_000);
}

/** Every way to send a card; each returns the resulting message. */
const WAYS: Readonly<Record<string, (card: Card) => Promise<TeamsMessage | undefined>>> = {
  root: async (card) => at((await bot.teams.post(IN_OPS, card, key())).messageId),
  update: async (card) => {
    const [first] = connector.in(OPS);
    const { messageId } = first ? { messageId: first.id } : await bot.teams.post(IN_OPS, card, key());
    await bot.teams.update(OPS, messageId, card);
    return at(messageId);
  },
  direct: async (card) => at((await bot.teams.post(TO_DANA, card, key())).messageId),
  private: (card) => whispered({ type: 'private', card }),
  public: async (card) => {
    const before = connector.in(connector.chat(DANA)).length;
    answer = () => ({ type: 'public', card });
    await connector.as(DANA).say(connector.chat(DANA), 'status');
    return connector.waitFor(() => connector.in(connector.chat(DANA))[before + 1], 15_000);
  },
};
const way = fc.constantFrom(...Object.keys(WAYS));
const send = (card: Card, by: string): Promise<TeamsMessage | undefined> => {
  const sent = WAYS[by]?.(card);
  if (sent === undefined) throw new Error(`there is no way "${by}"`);
  return sent;
};

/** Turns to each page by a click, as its buttons do. */
async function turnsAll(pages: Pages): Promise<void> {
  const message = await whispered({ type: 'pages', pages });
  holds(message);
  for (const [page] of pages.pages.entries()) {
    const value = { action: { type: 'Action.Execute', verb: 'm0', data: { command: 'show #42', page } } };
    const click = { type: 'invoke', name: 'adaptiveCard/action', replyToId: message.id, value };
    const { status, body } = await connector.deliver(connector.activity(DANA, OPS, click));
    expect(status).toBe(200);
    expectInertCard(body?.value);
    const where = `Page ${page + 1} of ${pages.pages.length}`;
    if (pages.pages.length > 1) expect(JSON.stringify(body?.value)).toContain(where);
  }
}

describe('every card of the gallery', () => {
  const cards = exhibits.flatMap((one) =>
    one.shown.kind === 'card' ? [[one.name, one.shown.card] as const] : [],
  );

  test.each(cards)('%s is taken in every way, and mentions nobody', async (_name, card) => {
    for (const by of Object.keys(WAYS)) holds(await send(card, by), { links: OWN_LINKS });
  });
});

describe('any card', () => {
  test.each(Object.entries(anyCard))('%s', async (_name, cards) => {
    await fc.assert(
      fc.asyncProperty(cards, way, async (card, by) => holds(await send(card, by), { links: OWN_LINKS })),
      RUNS,
    );
  });

  test('of any blocks at all: nothing is live but whom m0.yaml knows and m0’s own links', async () => {
    const live = { mentions: [DANA], links: OWN_LINKS };
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), way, async (seed, by) =>
        holds(await send(randomCard(seeded(seed)), by), live),
      ),
      { numRuns: 100 },
    );
  });
});

test('any line of a thread, which calls only whom it is to', async () => {
  const root = await WAYS.root?.({ headline: 'drift', tone: 'drift', blocks: [] });
  await fc.assert(
    fc.asyncProperty(said, fc.constantFrom(undefined, 'dana', 'nobody'), async (text, called) => {
      const before = connector.replies(root?.id ?? '').length;
      await bot.teams.reply(OPS, root?.id ?? '', text, key(), false, called);
      const line = connector.replies(root?.id ?? '')[before];
      holds(line, { mentions: [DANA] });
      expect(elements(line?.card, 'mention')).toHaveLength(called === 'dana' ? 1 : 0);
    }),
    { numRuns: 100 },
  );
});

describe('any form', () => {
  /** As a message of its own and under a button of a card. */
  async function opens(form: Form): Promise<void> {
    const own = await whispered({ type: 'form', form });
    holds(own);
    const button = { label: 'Open…', command: form.command, form };
    const card = await WAYS.root?.({
      headline: 'drift',
      tone: 'drift',
      blocks: [{ type: 'buttons', buttons: [button, button] }],
    });
    holds(card);
    const submits = (message: TeamsMessage | undefined) =>
      elements(message?.card, 'Action.Execute').map((a) => a.data);
    expect(submits(own)).toEqual([{ command: form.command, form: 'f0' }]);
    // A form too large for a card opens as a message; its button has the command only.
    for (const data of submits(card)) expect(data).toMatchObject({ command: form.command });
  }

  test.each(Object.entries(anyForm))('%s', async (_name, forms) => {
    await fc.assert(fc.asyncProperty(forms, opens), RUNS);
  });

  const forms = exhibits.flatMap((one) =>
    one.shown.kind === 'form' ? [[one.name, one.shown.form] as const] : [],
  );
  test.each(forms)('%s', (_name, form) => opens(form));
});

describe('any page', () => {
  test.each(Object.entries(anyPages))('%s', async (_name, all) => {
    await fc.assert(fc.asyncProperty(all, turnsAll), { numRuns: 30 });
  });
});

describe('far too large messages', () => {
  test('a thousand findings, as a message, as reasons and in pages', async () => {
    const view = thousandFindings();
    for (const by of Object.keys(WAYS)) {
      for (const card of [driftCard(view), whyCard(view)]) {
        const message = await send(card, by);
        holds(message);
        expect(JSON.stringify(message?.card)).toMatch(/and \d+ more/);
      }
    }
    await turnsAll(fullDiff(view));
  });

  test('the pages of a thousand findings turn forth, back and to both ends', async () => {
    const pages = fullDiff(thousandFindings());
    const last = pages.pages.length;
    const message = await whispered({ type: 'pages', pages });
    let { card } = message;
    for (const [title, page] of [
      ['Next', 2],
      ['Last', last],
      ['Previous', last - 1],
      ['First', 1],
    ] as const) {
      ({ card } = await connector.as(DANA).click(message, title, {}, card));
      expect(JSON.stringify(card)).toContain(`Page ${page} of ${last}`);
      expectInertCard(card);
    }
    const ends = elements(card, 'Action.Execute').map((a) => a.title);
    expect(ends).toEqual(expect.not.arrayContaining(['First', 'Previous']));
  });

  test('four hundred stacks of a fleet, each with a name that tries something', async () => {
    const statuses = ['waits', 'trouble', 'denied', 'healed'] as const;
    const stacks = Array.from({ length: 400 }, (_, i) => ({
      stack: `${HOSTILE_TEXTS[i % HOSTILE_TEXTS.length]}${i}`,
      environment: `<at>everyone</at>${i % 7}`,
      runId: i,
      status: statuses[i % statuses.length] ?? 'waits',
      open: 3,
      what: (HOSTILE_TEXTS[i % HOSTILE_TEXTS.length] ?? '').repeat(50),
      since: NOW - i * 60_000,
      approvedBy: [{ person: null, name: HOSTILE_TEXTS[i % HOSTILE_TEXTS.length] ?? '' }],
      card: null,
    }));
    const common = '<at>Dana</at> removed on 118 resources';
    const why = 'You are on call (<at>Dana</at>)';
    const moment = { since: NOW, over: false, now: NOW, zone: ZONE };
    for (const by of Object.keys(WAYS)) {
      holds(await send(fleetCard({ alertKind: 'drift', stacks, common, why, ...moment }), by));
    }
  });
});
