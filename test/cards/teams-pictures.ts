/** Takes the pictures of Teams messages in Microsoft's local client. */
import type { Browser, Locator, Page } from 'playwright-core';
import { assertNever } from '../../src/base/assert-never.ts';
import type { Card, Form } from '../../src/messages/card.ts';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import type { Album } from './album.ts';
import { type Sight, sightsOf } from './names.ts';
import { type Conversation, startTeamsClient, type TeamsClient } from './teams-client.ts';
import { DARK_STYLE, turnDark } from './teams-dark.ts';

/** Widths in pixels; on a phone of 390 pixels a card fills the width except for margins. */
const WIDTH: Readonly<Record<Sight, number>> = { desk: 640, dark: 640, phone: 358, asks: 358 };
const WINDOW = { width: 1_280, height: 1_000 };
const PATIENCE_MS = 15_000;
const CONVERSATIONS: readonly Conversation[] = ['SRE - Ops', 'Personal Chat'];

const CARD = '.ac-preview-panel > .ac-adaptiveCard';
const NEW = `${CARD}:not([data-looked="before"])`;
/** The client shows cards in a narrow bubble. This shows the pictured card alone, as wide as in Teams. */
const STYLE = `[data-looked="now"] { position: fixed !important; top: 0; left: 0; }
body:has([data-looked="now"]) * { visibility: hidden; transition: none !important; }
[data-looked="now"], [data-looked="now"] * { visibility: visible !important; }
.phone, .phone * { overflow-wrap: anywhere; }`;

async function openClient(browser: Browser, url: string, dark: boolean): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: WINDOW });
  context.setDefaultTimeout(PATIENCE_MS);
  // Blocks fonts and animations that the client would load from Microsoft.
  await context.route(
    (asked) => asked.origin !== url,
    (route) => route.abort(),
  );
  if (dark) await turnDark(context, url);
  const page = await context.newPage();
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.addStyleTag({ content: dark ? STYLE + DARK_STYLE : STYLE });
  return page;
}

const conversationOf = (one: Exhibit): Conversation =>
  one.where === 'channel' ? 'SRE - Ops' : 'Personal Chat';

/** Makes m0 send the exhibit in the way it would in production. */
async function say({ shown, where }: Exhibit, to: Conversation, client: TeamsClient): Promise<void> {
  switch (shown.kind) {
    case 'card':
      if (where === 'private') return client.answer({ type: 'private', card: shown.card });
      return client.post(shown.card, to);
    case 'form':
      return client.answer({ type: 'form', form: shown.form });
    case 'pages':
      return client.answer({ type: 'pages', pages: shown.pages });
    default:
      return assertNever(shown);
  }
}

async function putBack(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const card of document.querySelectorAll('[data-looked]')) card.setAttribute('data-looked', 'before');
  });
}

/** Brings the card that arrived last to the front. */
async function look(page: Page): Promise<Locator> {
  await putBack(page);
  const card = page.locator(NEW);
  await card.evaluate((element) => element.setAttribute('data-looked', 'now'));
  return card;
}

/** Turns to the exhibit's page: clicks the button of the second page, with the wanted page in the request. */
async function turn(page: Page, card: Locator, { shown }: Exhibit): Promise<Locator> {
  if (shown.kind !== 'pages' || shown.page === 0) return card;
  const clicks = '**/_conversation/v1/invoke';
  await page.route(clicks, (route) => {
    const sent = route.request().postData() ?? '';
    return route.continue({ postData: sent.replace(/"page":1(?=[,}])/, `"page":${shown.page}`) });
  });
  await card.getByRole('button', { name: 'Next', exact: true }).click();
  const turned = page.locator(NEW, { hasText: `Page ${shown.page + 1} of ${shown.pages.pages.length}` });
  await turned.evaluate((element) => element.setAttribute('data-looked', 'now'));
  await page.unroute(clicks);
  return turned;
}

/** A card with a button that opens the form. */
const opening = (form: Form, label: string): Card => ({
  headline: form.title,
  tone: 'plain',
  blocks: [{ type: 'buttons', buttons: [{ label, command: form.command, form }] }],
});

async function take(page: Page, card: Locator, width: number): Promise<Buffer> {
  await card.evaluate((element, px) => {
    element.style.setProperty('width', `${px}px`);
    // Teams on a phone is a native app, which breaks words longer than a line.
    element.classList.toggle('phone', px < 400);
  }, width);
  await page.mouse.move(WINDOW.width - 1, WINDOW.height - 1);
  const height = await card.evaluate((element) => element.getBoundingClientRect().height);
  await page.setViewportSize({ ...WINDOW, height: Math.max(WINDOW.height, Math.ceil(height)) });
  return card.screenshot({ animations: 'disabled' });
}

async function picture(
  page: Page,
  one: Exhibit,
  sights: readonly Sight[],
  client: TeamsClient,
  album: Album,
): Promise<void> {
  const conversation = conversationOf(one);
  await say(one, conversation, client);
  let card = await turn(page, await look(page), one);
  for (const sight of sights) {
    if (sight === 'asks') {
      if (one.shown.kind === 'form') {
        await client.post(opening(one.shown.form, one.asks ?? ''), conversation);
        card = await look(page);
      }
      await card
        .locator('button', { hasText: one.asks ?? '' })
        .first()
        .click();
    }
    await album.add(one, 'teams', sight, await take(page, card, WIDTH[sight]));
  }
  await putBack(page);
}

/** Takes the pictures of all exhibits that Teams has. */
export async function teamsPictures(
  browser: Browser,
  exhibits: readonly Exhibit[],
  album: Album,
): Promise<void> {
  for (const dark of [false, true]) {
    const wanted = exhibits.flatMap((one) => {
      const sights = sightsOf(one, 'teams').filter((sight) => (sight === 'dark') === dark);
      return sights.length === 0 ? [] : [{ one, sights }];
    });
    if (wanted.length === 0) continue;
    const client = await startTeamsClient();
    try {
      const page = await openClient(browser, client.url, dark);
      for (const conversation of CONVERSATIONS) {
        await page.getByRole('treeitem', { name: conversation, exact: true }).click();
        for (const { one, sights } of wanted.filter((w) => conversationOf(w.one) === conversation)) {
          await picture(page, one, sights, client, album);
        }
      }
      await page.context().close();
    } finally {
      await client.close();
    }
  }
}
