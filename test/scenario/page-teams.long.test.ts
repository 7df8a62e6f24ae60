/** The Teams view of the sandbox page in a browser, connected to m0's Teams adapter. */
import type { Browser, Locator, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Incoming, Reply } from '../../src/ports/chat.ts';
import type { Page } from '../../src/sandbox/page-server.ts';
import type { LocalTeams } from '../../src/sandbox/teams/teams.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { launchBrowser } from '../support/browser.ts';
import { threePages } from '../support/sample-cards.ts';
import { type Bot, DANA, GUEST } from '../support/teams-bot.ts';
import {
  drifted,
  EVERYTHING,
  OPS,
  realigned,
  startTeamsPage,
  type TeamsPage,
} from '../support/teams-page.ts';

const REVERT = 'Revert in the cloud';
const PLACE = { platform: 'teams', channel: OPS } as const;

const ELSEWHERE = 'https://elsewhere.example';

const told = (headline: string): Reply => ({
  type: 'private',
  card: { headline, tone: 'plain', blocks: [] },
});

const hostile = (url: string) => {
  const script = { type: 'Action.OpenUrl', title: 'the script', url: 'javascript:alert(1)' };
  const web = { type: 'Action.OpenUrl', title: 'the web', url, iconUrl: `${ELSEWHERE}/icon.png` };
  const run = { type: 'TextRun' };
  return {
    type: 'AdaptiveCard',
    version: '1.5',
    backgroundImage: `${ELSEWHERE}/background.png`,
    body: [
      { type: 'TextBlock', text: EVERYTHING, wrap: true },
      { type: 'Image', url: `${ELSEWHERE}/image.png`, selectAction: script },
      { type: 'Media', poster: ELSEWHERE, sources: [{ mimeType: 'video/mp4', url: ELSEWHERE }] },
      { type: 'Container', backgroundImage: { url: ELSEWHERE }, items: [], selectAction: script },
      {
        type: 'RichTextBlock',
        inlines: [
          { ...run, text: 'script', selectAction: script },
          { ...run, text: 'web', selectAction: web },
        ],
      },
      { type: 'ActionSet', actions: [script, web] },
    ],
  };
};

let browser: Browser;
let workspace: Workspace;
let local: LocalTeams;
let world: TeamsPage;
let bot: Bot;
let page: Page;
let tab: Tab;
let teams: Locator;
let heard: Incoming[];
let posted: { channel: string; messageId: string } | null;
let hold: Promise<void> | null;
let complaints: string[];

/** A bot that posts drift on request, reverts it for Dana only, and accepts snoozes. */
async function answer(incoming: Incoming): Promise<Reply> {
  heard.push(incoming);
  await hold;
  const { text, actor } = incoming;
  if (text.startsWith('drift')) {
    posted = await bot.teams.post(PLACE, drifted(1), 'drift');
    return { type: 'none' };
  }
  if (text.startsWith('approve')) {
    if (actor.person !== 'dana') return told('Only Dana may approve prod-network');
    if (posted) await bot.teams.update(posted.channel, posted.messageId, realigned);
    return { type: 'none' };
  }
  if (text.startsWith('snooze')) {
    const said = Object.values(incoming.answers ?? {}).join(', ');
    return { type: 'public', card: { headline: `Snoozed: ${said}`, tone: 'plain', blocks: [] } };
  }
  if (text.startsWith('show')) return { type: 'pages', pages: { ...threePages, text: EVERYTHING } };
  return told(`You said ${text}`);
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
  hold = null;
  complaints = [];
  world = await startTeamsPage(answer);
  ({ workspace, local, bot, page } = world);
  await open(1440, 900);
});

afterEach(async () => {
  await tab?.context().close();
  await world?.close();
});

async function open(width: number, height: number): Promise<void> {
  await tab?.context().close();
  tab = await (await browser.newContext({ viewport: { width, height } })).newPage();
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await tab.goto(page.url);
  teams = tab.getByRole('region', { name: 'Microsoft Teams' });
}

const post = (text: string): Locator => teams.getByRole('article').filter({ hasText: text });

async function say(text: string): Promise<void> {
  await teams.getByLabel('Post in Ops').fill(text);
  await tab.keyboard.press('Enter');
}

async function be(name: string): Promise<void> {
  await tab.getByRole('group', { name: 'Act as' }).getByRole('button', { name }).click();
}

describe('Teams on the sandbox page', () => {
  it('covers a mention, a refusal, and an approval that updates the card in place', async () => {
    await say('@m0 drift prod');
    const card = post('prod-network drifted');
    await card.getByText('seen 1 times').waitFor();
    expect(await card.getByRole('button', { name: 'Yes, revert' }).count()).toBe(0);

    await be('Eve');
    await card.getByRole('button', { name: REVERT }).click();
    await card.getByText('Sets tags.Owner').waitFor();
    await card.getByRole('button', { name: 'Yes, revert' }).click();
    const bar = card.getByRole('status');
    await bar.getByText('Only Dana may approve prod-network').waitFor();
    await bar.getByRole('button', { name: 'Close' }).click();
    await bar.waitFor({ state: 'detached' });
    await card.getByRole('button', { name: 'Yes, revert' }).click();
    await bar.waitFor();

    // Dana does not see Eve's private answer or the dialog that Eve opened.
    await be('Dana');
    await bar.waitFor({ state: 'detached' });
    expect(await card.getByText('Sets tags.Owner').count()).toBe(0);
    await card.getByRole('button', { name: REVERT }).click();
    await card.getByRole('button', { name: 'Yes, revert' }).click();
    const done = post('prod-network realigned');
    await done.getByText('Approved by Dana').waitFor();
    await done.getByText('Edited').waitFor();
    expect(await card.count()).toBe(0);
    expect(await done.getByRole('button', { name: REVERT }).count()).toBe(0);
    expect(heard.map(({ text, actor }) => [text, actor.person])).toEqual([
      ['drift prod', 'dana'],
      ['approve #42', null],
      ['approve #42', null],
      ['approve #42', 'dana'],
    ]);
    expect(complaints).toEqual([]);
  });

  it('offers the full diff as a file in the chat with m0, and shows it as plain text after consent', async () => {
    await say('@m0 show #42');
    const pages = post('Page 1 of 3');
    await pages.getByRole('button', { name: 'Get as file' }).click();
    await pages.getByRole('status').getByText('In your chat with m0').waitFor();
    await teams.getByRole('navigation').getByRole('button', { name: 'm0' }).click();
    const offer = post('Run-42-the-full-diff.txt');
    await offer.getByRole('button', { name: 'Decline' }).click();
    await post('Not taken.').getByRole('button', { name: 'Get as file' }).click();
    await offer.getByRole('button', { name: 'Allow' }).click();
    const opened = tab.waitForEvent('popup');
    await offer.getByRole('link', { name: 'Open' }).click();
    const file = await opened;
    expect(await file.locator('body').textContent()).toBe(EVERYTHING);
    expect(await file.locator('img').count()).toBe(0);
    await post('Stored in your OneDrive.').waitFor();
    expect(await teams.getByRole('button', { name: 'Allow' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('requires a form’s fields, sends the values, and shows the answer in the thread', async () => {
    await say('@m0 drift prod');
    const card = post('prod-network drifted');
    await card.getByRole('button', { name: 'Snooze…' }).click();
    await card.getByRole('button', { name: 'Snooze it' }).click();
    await card.getByText('This is needed.').waitFor();
    expect(heard).toHaveLength(1);
    await card.getByLabel('For how long').selectOption('3 days');
    await card.getByLabel('Why').fill('the vendor needs it');

    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    await card.getByRole('button', { name: 'Snooze it' }).click();
    await card.getByRole('group').and(teams.locator('[aria-busy="true"]')).waitFor();
    expect(await card.getByRole('button', { name: REVERT }).isDisabled()).toBe(true);
    resolve();
    const reply = post('Snoozed: 3d, the vendor needs it');
    await reply.waitFor();
    expect(await card.getByRole('button', { name: REVERT }).isDisabled()).toBe(false);
    expect(heard[1]).toMatchObject({
      text: 'snooze #42',
      answers: { for: '3d', reason: 'the vendor needs it' },
      from: posted,
    });

    const fold = teams.getByRole('button', { name: '1 reply from m0' });
    await fold.click();
    await reply.waitFor({ state: 'detached' });
    await fold.click();
    const thread = teams.getByRole('group', { name: 'Post by m0' });
    await thread.getByRole('button', { name: 'Reply', exact: true }).click();
    await tab.keyboard.type('thanks');
    await tab.keyboard.press('Enter');
    await post('thanks').waitFor();
    const replies = local.organisation.messages.filter((message) => message.thread === posted?.messageId);
    expect(replies.map((message) => message.summary)).toEqual([expect.stringContaining('Snoozed'), 'thanks']);
    expect(complaints).toEqual([]);
  });

  it('keeps a half-filled form, the focus and open dialogs while other messages arrive', async () => {
    await say('@m0 drift prod');
    const card = post('prod-network drifted');
    await card.getByRole('button', { name: 'Snooze…' }).click();
    await card.getByRole('button', { name: 'Snooze it' }).click();
    await card.getByText('This is needed.').waitFor();
    await local.as(GUEST).say(OPS, 'good morning');
    await post('good morning').waitFor();
    await card.getByText('This is needed.').waitFor();
    await tab.keyboard.type('half a th');
    await tab.keyboard.type('ou');
    // The same card, updated: its form is identical.
    if (posted) await bot.teams.update(posted.channel, posted.messageId, drifted(2));
    await card.getByText('seen 2 times').waitFor();
    await tab.keyboard.type('ght');
    expect(await card.getByLabel('Why').inputValue()).toBe('half a thought');
    expect(await card.getByLabel('For how long').inputValue()).toBe('4h');
    expect(complaints).toEqual([]);
  });

  it('answers a slash command from the menu privately', async () => {
    const box = teams.getByLabel('Post in Ops');
    await box.fill('/');
    const menu = teams.getByRole('listbox');
    expect(await menu.getByRole('option').allTextContents()).toContain('oncallWho is on call');
    await tab.keyboard.press('Escape');
    await menu.waitFor({ state: 'hidden' });
    await box.fill('/on');
    await tab.keyboard.press('Enter');
    expect(await box.inputValue()).toBe('/oncall ');
    await tab.keyboard.press('Enter');
    const private_ = post('You said oncall');
    await private_.getByText('Only you can see this').waitFor();
    await post('/oncall').getByText('Only you can see this').waitFor();
    await be('Eve');
    await private_.waitFor({ state: 'detached' });
    await box.fill('@');
    await tab.keyboard.press('Tab');
    expect(await box.inputValue()).toBe('@m0 ');
    expect(complaints).toEqual([]);
  });

  it('runs no script of a card, and shows who is mentioned', async () => {
    await say('@m0 drift prod');
    const card = post('prod-network drifted');
    await card.getByText(EVERYTHING).waitFor();
    expect(await card.locator('a, img, strong, em').count()).toBe(0);
    // Once in the line, and once as the mention <at>Dana</at>.
    expect(await card.getByText('Dana', { exact: true }).count()).toBe(2);
    expect(await card.getByText('<at>').count()).toBe(0);
    // A card that m0 never sends and Teams refuses: the page loads nothing for it and links only to web addresses.
    const { organisation } = local;
    organisation.add({
      ...{ id: organisation.nextId(), from: organisation.botId, conversation: OPS },
      ...{ thread: null, visibleTo: null, card: hostile(`${page.url}/nothing`), summary: 'hostile' },
    });
    const shown = post('the web');
    await shown.getByText(EVERYTHING).waitFor();
    expect(await shown.locator('img, video, strong, em').count()).toBe(0);
    const links = await shown.locator('a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
    expect(links).toEqual([`${page.url}/nothing`]);
    expect(await shown.getByRole('link', { name: 'the script' }).count()).toBe(0);
    // One link in the text, one as a button.
    for (const link of await shown.getByRole('link', { name: 'the web' }).all()) {
      const [opened] = await Promise.all([tab.context().waitForEvent('page'), link.click()]);
      await opened.waitForURL(`${page.url}/nothing`);
      expect(await opened.evaluate(() => [document.referrer, opener])).toEqual(['', null]);
    }
    expect(complaints).toEqual([]);
  });

  it('counts unread messages, and keeps each person’s draft in each conversation', async () => {
    await teams.getByRole('button', { name: 'm0', exact: true }).click();
    await teams.getByLabel('Type a message').fill('status of pr');
    await teams.getByRole('button', { name: 'Ops' }).click();
    await local.as(DANA).say(local.organisation.chatOf(DANA), 'help');
    const chats = teams.getByRole('navigation');
    await chats.getByRole('button', { name: 'm0 1' }).waitFor();
    await be('Eve');
    await teams.getByLabel('Post in Ops').fill('@m0 hello');
    await tab.keyboard.press('Enter');
    await post('@m0 hello').filter({ hasText: 'Eve' }).waitFor();
    // The answer is in the thread, which opens for the sender.
    await post('You said hello').waitFor();
    await chats.getByRole('button', { name: 'm0' }).click();
    expect(await teams.getByLabel('Type a message').inputValue()).toBe('');
    await be('Dana');
    await post('You said help').waitFor();
    expect(await teams.getByLabel('Type a message').inputValue()).toBe('status of pr');
    expect(heard.at(-1)).toMatchObject({ text: 'hello', actor: { userId: GUEST } });
    expect(complaints).toEqual([]);
  });

  it('sends as Eve what is typed right after the switch to Eve, in both chats', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await tab.route('**/page/live*', async (route) => {
      await promise;
      await route.continue();
    });
    const inSlack = tab.getByRole('region', { name: 'Slack' });
    await be('Eve');
    for (const box of [teams.getByLabel('Post in Ops'), inSlack.getByLabel('Message', { exact: true })]) {
      await box.fill('it is me');
      await box.press('Enter');
      expect(await box.inputValue()).toBe('it is me');
    }
    resolve();
    await post('it is me').filter({ hasText: 'Eve' }).waitFor();
    await inSlack.getByRole('article').filter({ hasText: 'it is me' }).waitFor();
    expect(workspace.channel('ops').messages).toMatchObject([{ user: 'U0EVE', text: 'it is me' }]);
    expect(complaints).toEqual([]);
  });

  it('is shown next to Slack on a wide screen, and instead of Slack on a phone', async () => {
    const slack = tab.getByRole('region', { name: 'Slack' });
    await slack.waitFor();
    await teams.waitFor();
    await tab.getByRole('button', { name: 'Teams', exact: true }).click();
    await slack.waitFor({ state: 'hidden' });
    await open(390, 844);
    await tab.getByRole('region', { name: 'Slack' }).waitFor();
    expect(await teams.isVisible()).toBe(false);
    expect(await tab.getByRole('button', { name: 'Both' }).count()).toBe(0);
    await local.as(GUEST).say(OPS, 'good morning');
    await tab.getByRole('button', { name: 'Teams 1' }).waitFor();
    await local.as(GUEST).say(OPS, 'is anybody here?');
    await tab.getByRole('button', { name: 'Teams 2' }).click();
    await say('@m0 drift prod');
    const card = post('prod-network drifted');
    await card.getByRole('button', { name: REVERT }).click();
    await card.getByRole('button', { name: 'Yes, revert' }).click();
    await post('prod-network realigned').waitFor();
    expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(complaints).toEqual([]);
  });
});
