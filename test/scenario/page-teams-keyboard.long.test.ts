/** The Teams view of the sandbox page for a person without a mouse. */
import type { Browser, Locator, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Incoming, Reply } from '../../src/ports/chat.ts';
import { launchBrowser } from '../support/browser.ts';
import { expectFocus, type Keyboard, keyboardOf } from '../support/keyboard.ts';
import { drifted, OPS, realigned, startTeamsPage, type TeamsPage } from '../support/teams-page.ts';

const REVERT = 'Revert in the cloud';

let browser: Browser;
let world: TeamsPage;
let tab: Tab;
let teams: Locator;
let keyboard: Keyboard;
let heard: Incoming[];
let posted: { channel: string; messageId: string } | null;
let complaints: string[];

/** A bot that posts drift on request, which anybody reverts or snoozes. */
async function answer(incoming: Incoming): Promise<Reply> {
  heard.push(incoming);
  const { teams: chat } = world.bot;
  if (incoming.text.startsWith('drift')) {
    posted = await chat.post({ platform: 'teams', channel: OPS }, drifted(1), 'drift');
    return { type: 'none' };
  }
  if (incoming.text.startsWith('approve')) {
    if (posted) await chat.update(posted.channel, posted.messageId, realigned);
    return { type: 'none' };
  }
  const said = Object.values(incoming.answers ?? {}).join(', ');
  return { type: 'private', card: { headline: `Snoozed: ${said}`, tone: 'plain', blocks: [] } };
}

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  heard = [];
  posted = null;
  complaints = [];
  world = await startTeamsPage(answer);
  tab = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await tab.goto(world.page.url);
  teams = tab.getByRole('region', { name: 'Microsoft Teams' });
  keyboard = keyboardOf(tab);
});
afterEach(async () => {
  await tab?.context().close();
  await world?.close();
});

const card = (text: string): Locator => teams.getByRole('article').filter({ hasText: text });

/** Posts in the channel, from wherever the focus is. */
async function say(text: string): Promise<void> {
  await keyboard.tabTo('Post in Ops');
  await tab.keyboard.type(text);
  await tab.keyboard.press('Enter');
}

it('decides on a card by keyboard alone, and keeps the focus where the person is', async () => {
  await teams.getByText('No posts yet').waitFor();
  await keyboard.tabTo('Teams');
  await tab.keyboard.press('Enter');
  await tab.getByRole('region', { name: 'Slack' }).waitFor({ state: 'hidden' });
  expect(await keyboard.tabTo('Post in Ops')).toEqual(['Ops', 'm0m0', 'All posts in Ops', 'Post in Ops']);
  await tab.keyboard.type('@m0 drift prod');
  await tab.keyboard.press('Enter');
  const open = card('prod-network drifted');
  await open.waitFor();

  // A confirmation opens below its button, is the next stop, and closes with the same key.
  await keyboard.back(REVERT);
  await tab.keyboard.press('Enter');
  await open.getByText('Sets tags.Owner').waitFor();
  expect(await keyboard.tabTo('Yes, revert')).toEqual(['Yes, revert']);
  await keyboard.back(REVERT);
  await tab.keyboard.press('Enter');
  await open.getByText('Sets tags.Owner').waitFor({ state: 'hidden' });
  expect(await keyboard.focused()).toBe(REVERT);

  // The card is decided: its buttons go, and the focus stays at the card.
  await tab.keyboard.press('Enter');
  await keyboard.tabTo('Yes, revert');
  await tab.keyboard.press('Enter');
  await card('prod-network realigned').waitFor();
  await expect
    .poll(() => tab.evaluate(() => document.activeElement?.closest('article')?.textContent))
    .toContain('Approved by Dana');
  expect(heard.map(({ text }) => text)).toEqual(['drift prod', 'approve #42']);
  expect(complaints).toEqual([]);
});

it('fills in a form, is told what is missing, and closes the answer', async () => {
  await say('@m0 drift prod');
  const open = card('prod-network drifted');
  await open.waitFor();
  await keyboard.back('Snooze…');
  await tab.keyboard.press('Enter');
  await open.getByLabel('Why').waitFor();
  expect(await keyboard.tabTo('Snooze it')).toEqual([
    expect.stringContaining('For how long'),
    expect.stringContaining('Why'),
    'Snooze it',
  ]);
  await tab.keyboard.press('Enter');
  await open.getByText('This is needed.').waitFor();
  // What is missing has the focus, and says so: Microsoft's renderer adds it to the name of the field.
  const missing = teams.getByRole('textbox', { name: /Why.*This is needed\./ });
  expect(await missing.evaluate((field) => field === document.activeElement)).toBe(true);
  await tab.keyboard.type('the vendor needs it');
  await keyboard.back(await nameOf('For how long'));
  await tab.keyboard.press('ArrowDown');
  await keyboard.tabTo('Snooze it');
  await tab.keyboard.press('Enter');
  const bar = open.getByRole('status');
  await bar.getByText('Snoozed: 3d, the vendor needs it').waitFor();
  expect(heard.at(-1)).toMatchObject({
    text: 'snooze #42',
    answers: { for: '3d', reason: 'the vendor needs it' },
  });
  await expectFocus(keyboard, 'Snooze it');
  await keyboard.tabTo('Close');
  await tab.keyboard.press('Enter');
  await bar.waitFor({ state: 'detached' });
  expect(await tab.evaluate(() => document.activeElement?.closest('article')?.textContent)).toContain(
    'prod-network drifted',
  );
  expect(complaints).toEqual([]);
});

/** The name of a field of a card, with the mark of a field that is needed. */
async function nameOf(label: string): Promise<string> {
  return (await teams.locator('label').filter({ hasText: label }).textContent()) ?? label;
}

it('replies in a thread, leaves the reply, and takes a command from the menu', async () => {
  await say('@m0 drift prod');
  await card('prod-network drifted').waitFor();
  await keyboard.back('Reply');
  await tab.keyboard.press('Enter');
  await expectFocus(keyboard, 'Reply');
  expect(await tab.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  await tab.keyboard.press('Escape');
  await expect.poll(() => tab.evaluate(() => document.activeElement?.tagName)).toBe('BUTTON');
  expect(await keyboard.focused()).toBe('Reply');
  await tab.keyboard.press('Enter');
  await tab.keyboard.type('thanks');
  await tab.keyboard.press('Enter');
  await card('thanks').waitFor();

  await keyboard.tabTo('Post in Ops');
  await tab.keyboard.type('/');
  const menu = teams.getByRole('listbox');
  await menu.waitFor();
  const chosen = () => menu.getByRole('option', { selected: true }).textContent();
  const first = await chosen();
  await tab.keyboard.press('ArrowDown');
  expect(await chosen()).not.toBe(first);
  await tab.keyboard.press('Escape');
  await menu.waitFor({ state: 'hidden' });
  await expectFocus(keyboard, 'Post in Ops');
  expect(complaints).toEqual([]);
});
