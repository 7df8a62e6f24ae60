/** What opens on the sandbox page, for people who see little or use no mouse: dialogs, forms, menus and the Home tab. */
import { App, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { Browser, Locator, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderCard } from '../../src/chat/slack/render.ts';
import { formView, homeTab, pagesView } from '../../src/chat/slack/views.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Incoming, Reply } from '../../src/ports/chat.ts';
import { brokenRules, lowContrast } from '../support/accessibility.ts';
import { launchBrowser } from '../support/browser.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { expectFocus, keyboardOf } from '../support/keyboard.ts';
import { driftMixed, snoozeForm, threePages } from '../support/sample-cards.ts';
import { TOKENS } from '../support/slack-workspace.ts';
import { drifted, OPS, startTeamsPage, type TeamsPage } from '../support/teams-page.ts';

const THEMES = ['light', 'dark'] as const;
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: null };
const noId = (): null => null;
const QUIET = {
  ...{ debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {} },
  getLevel: () => LogLevel.ERROR,
};

function sampleCard(name: string): Card {
  const shown = exhibits.find((one) => one.name === name)?.shown;
  if (shown?.kind !== 'card') throw new Error(`the gallery has no card ${name}`);
  return shown.card;
}

const HOME = sampleCard('home-tab');

const revert = driftMixed.blocks.flatMap((block) => (block.type === 'buttons' ? block.buttons : []))[0];

/** A card with everything that opens something; one of its buttons is a dangerous one. */
const opening: Card = {
  ...driftMixed,
  blocks: driftMixed.blocks.map((block) => {
    if (block.type !== 'buttons' || revert === undefined) return block;
    const buttons = block.buttons.map((button) =>
      button.label === 'Accept…' ? { ...revert, label: 'Accept…', style: 'danger' as const } : button,
    );
    return { ...block, buttons };
  }),
};

/** An app in Slack that opens m0's own views. */
async function startApp(world: TeamsPage): Promise<App> {
  const app = new App({
    ...{ token: TOKENS.botToken, appToken: TOKENS.appToken, socketMode: true, logger: QUIET },
    clientOptions: { slackApiUrl: world.workspace.apiUrl },
  });
  app.action(/./, async ({ ack, body, client }) => {
    await ack();
    if (body.type !== 'block_actions') return;
    const [pressed] = body.actions;
    const isForm = pressed?.type === 'button' && pressed.value?.startsWith('snooze');
    const view = isForm ? formView(snoozeForm, memory, noId) : pagesView(threePages, 1, memory, noId);
    await client.views.open({ trigger_id: body.trigger_id, view });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: homeTab(HOME, noId) });
  });
  await app.start();
  return app;
}

/** A bot in Teams: drift on request, and an answer to all else that one person sees. */
async function answer(world: TeamsPage, { text }: Incoming): Promise<Reply> {
  if (text.startsWith('drift')) {
    await world.bot.teams.post({ platform: 'teams', channel: OPS }, drifted(1), 'drift');
    return { type: 'none' };
  }
  return { type: 'private', card: { headline: 'Only Dana may do that', tone: 'bad', blocks: [] } };
}

let browser: Browser;
let world: TeamsPage;
let app: App;

beforeAll(async () => {
  browser = await launchBrowser();
  world = await startTeamsPage((incoming) => answer(world, incoming));
  app = await startApp(world);
  const web = new WebClient(TOKENS.botToken, { slackApiUrl: world.workspace.apiUrl });
  const { text, blocks } = renderCard(opening, noId);
  await web.chat.postMessage({ channel: 'C0OPS', text, blocks });
});
afterAll(async () => {
  await app?.stop();
  await world?.close();
  await browser?.close();
});

/** Opens the page in a theme, and measures it at each call of `look`. */
async function inTheme(
  colorScheme: (typeof THEMES)[number],
  act: (tab: Tab, look: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
  try {
    const tab = await context.newPage();
    await tab.goto(world.page.url);
    await act(tab, async (what) => {
      expect([what, await lowContrast(tab), await brokenRules(tab)]).toEqual([what, [], []]);
    });
  } finally {
    await context.close();
  }
}

it('who dismisses an answer by keyboard goes on from the messages', async () => {
  await inTheme('light', async (tab) => {
    const web = new WebClient(TOKENS.botToken, { slackApiUrl: world.workspace.apiUrl });
    await web.chat.postEphemeral({ channel: 'C0OPS', user: 'U0DANA', text: 'Only you see this' });
    const dismiss = tab.getByRole('button', { name: 'Dismiss' });
    await dismiss.focus();
    await tab.keyboard.press('Enter');
    await dismiss.waitFor({ state: 'detached' });
    await expectFocus(keyboardOf(tab), 'Messages in #ops');
  });
});

describe.each(THEMES)('in the %s theme', (theme) => {
  it('the Home tab is readable and has names, landmarks and headings', async () => {
    await inTheme(theme, async (tab, look) => {
      await tab.getByRole('button', { name: 'm0 · Home' }).click();
      await tab.getByText(HOME.headline).waitFor();
      await look('Home');
    });
  });

  it('so are the dialogs and forms of Slack', async () => {
    await inTheme(theme, async (tab, look) => {
      const card = tab.getByRole('article').filter({ hasText: driftMixed.headline });
      const dialog = tab.getByRole('dialog');
      const leave = async (): Promise<void> => {
        await tab.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
      };
      for (const name of ['Revert the rule in the cloud', 'Accept…']) {
        await card.getByRole('button', { name }).click();
        await dialog.getByText('Revert in the cloud?').waitFor();
        await look(`the confirmation of ${name}`);
        await leave();
      }
      await card.getByRole('button', { name: 'Snooze…' }).click();
      await dialog.getByRole('button', { name: 'Snooze', exact: true }).click();
      await dialog.getByText('Please complete this required field.').first().waitFor();
      await look('a form with what is missing');
      await leave();
      await card.getByRole('button', { name: 'Full diff' }).click();
      await dialog.getByRole('button', { name: 'Next' }).waitFor();
      await look('a page of a full diff');
      await leave();
    });
  });

  it('so are the inner cards, the answers and the menu of Teams', async () => {
    await inTheme(theme, async (tab, look) => {
      const teams = tab.getByRole('region', { name: 'Microsoft Teams' });
      const box = teams.getByLabel('Post in Ops');
      await box.fill('/');
      await teams.getByRole('listbox').waitFor();
      await look('the menu');
      await box.fill('@m0 drift prod');
      await tab.keyboard.press('Enter');
      const card: Locator = teams.getByRole('article').filter({ hasText: 'prod-network drifted' }).last();
      await card.getByRole('button', { name: 'Revert in the cloud' }).click();
      await card.getByText('Sets tags.Owner').waitFor();
      await look('a confirmation');
      await card.getByRole('button', { name: 'Yes, revert' }).click();
      await card.getByRole('status').getByText('Only Dana may do that').waitFor();
      await look('an answer');
      await card.getByRole('button', { name: 'Snooze…' }).click();
      await card.getByRole('button', { name: 'Snooze it' }).click();
      await card.getByText('This is needed.').waitFor();
      await look('a form with what is missing');
    });
  });
});
