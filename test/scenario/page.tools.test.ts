/** The Slack view of the sandbox page in a browser. */
import { App, LogLevel } from '@slack/bolt';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CloudConsole } from '../../src/sandbox/console.ts';
import { type Page, startPage } from '../../src/sandbox/page-server.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { findBrowser, launchBrowser } from '../support/browser.ts';
import { keyboardOf } from '../support/keyboard.ts';
import { opsWorkspace, PAGE_PEOPLE, TOKENS } from '../support/slack-workspace.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const QUIET = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  setName() {},
  getLevel: () => LogLevel.ERROR,
};

/** A cloud with one bucket, whose tags the console removes and the app restores. */
class OneBucket implements CloudConsole {
  owner: string | null = 'platform';
  readonly actions = [
    { id: 'remove-tags', label: 'Remove the bucket’s tags', explain: 'as a hurried person would' },
  ];
  async run(id: string): Promise<string> {
    if (id !== 'remove-tags') throw new Error(`running ${id}: there is no such action`);
    this.owner = null;
    return 'Removed the tags of logs';
  }
  async facts() {
    return [{ label: 'logs tags', value: this.owner ?? 'none', asBuilt: this.owner === 'platform' }];
  }
}

/** A bot that posts drift on request and reverts it for Dana only. */
function driftApp(workspace: Workspace, cloud: OneBucket): App {
  const app = new App({
    token: TOKENS.botToken,
    appToken: TOKENS.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: workspace.apiUrl },
    logger: QUIET,
  });
  app.command('/m0', async ({ ack, client, command }) => {
    await ack();
    const confirm = {
      title: plain('Revert?'),
      text: plain('Sets tags.Owner'),
      confirm: plain('Revert'),
      deny: plain('No'),
    };
    await client.chat.postMessage({
      channel: command.channel_id,
      text: 'prod drifted',
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text: '*prod drifted* by &lt;!channel&gt;' } },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: plain('Revert in the cloud'),
              action_id: 'revert',
              confirm,
              style: 'primary',
            },
            { type: 'button', text: plain('Snooze…'), action_id: 'snooze' },
          ],
        },
      ],
    });
  });
  app.action('revert', async ({ ack, body, respond }) => {
    await ack();
    if (body.user.id !== 'U0DANA') {
      await respond({
        text: 'Only Dana may approve prod',
        response_type: 'ephemeral',
        replace_original: false,
      });
      return;
    }
    cloud.owner = 'platform';
    await respond({ text: 'Realigned by Dana', replace_original: true });
  });
  app.action('snooze', async ({ ack, body, client }) => {
    await ack();
    if (body.type !== 'block_actions') return;
    const input = { type: 'plain_text_input' as const, action_id: 'reason' };
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: 'snooze',
        title: plain('Snooze prod'),
        submit: plain('Snooze'),
        blocks: [{ type: 'input', block_id: 'why', label: plain('Why'), element: input }],
      },
    });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    const button = { type: 'button' as const, text: plain('Put back'), action_id: 'put-back' };
    await client.views.publish({
      user_id: event.user,
      view: {
        type: 'home',
        blocks: [
          { type: 'section', text: plain(`logs of ${event.user}: ${cloud.owner ?? 'none'}`) },
          { type: 'actions', elements: [button] },
        ],
      },
    });
  });
  app.action('put-back', async ({ ack, body, client }) => {
    await ack();
    cloud.owner = `put back by ${body.user.id}`;
    const view = {
      type: 'home' as const,
      blocks: [{ type: 'section' as const, text: plain('All is well') }],
    };
    await client.views.publish({ user_id: body.user.id, view });
  });
  app.view('snooze', async ({ ack, view, client, body }) => {
    await ack();
    const why = view.state.values.why?.reason?.value;
    await client.chat.postMessage({ channel: 'C0OPS', text: `Snoozed by ${body.user.name}: ${why}` });
  });
  return app;
}

let browser: Browser;
let workspace: Workspace;
let page: Page;
let app: App;
let tab: Tab;
let cloud: OneBucket;
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  cloud = new OneBucket();
  workspace = await opsWorkspace(PAGE_PEOPLE);
  app = driftApp(workspace, cloud);
  await app.start();
  page = await startPage({
    workspace,
    console: cloud,
    status: () => ({ phase: 'ready', text: 'm0 checks prod every minute', ready: true }),
    onStatus: () => () => {},
  });
  tab = await (await browser.newContext()).newPage();
  complaints = [];
  tab.on('pageerror', (error) => complaints.push(error.message));
  tab.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await tab.goto(page.url);
});

afterEach(async () => {
  await tab?.context().close();
  await page?.close();
  await app?.stop();
  await workspace?.close();
});

async function type(text: string): Promise<void> {
  await tab.getByLabel('Message', { exact: true }).fill(text);
  await tab.keyboard.press('Enter');
}

describe('the sandbox page', () => {
  it('covers a change in the console, a refusal, and an approval that restores the tags', async () => {
    const fact = tab.getByLabel('Cloud console').getByText('logs tags');
    await tab.getByRole('button', { name: 'Remove the bucket’s tags' }).click();
    await tab.getByText('Removed the tags of logs').waitFor();
    await fact.locator('..').filter({ hasText: 'none' }).waitFor();
    expect(cloud.owner).toBeNull();

    await tab.getByRole('button', { name: 'Eve' }).click();
    // Waits until the page shows Eve's view: earlier input would go to Dana's draft.
    await tab.getByRole('button', { name: 'Eve', pressed: true }).waitFor();
    await type('/m0 drift prod');
    const card = tab.getByRole('article').filter({ hasText: 'prod drifted' });
    // Escaped markup is shown as text.
    await card.getByText('<!channel>').waitFor();
    expect(await card.locator('.mention').count()).toBe(0);

    await card.getByRole('button', { name: 'Revert in the cloud' }).click();
    const dialog = tab.getByRole('dialog', { name: 'Revert?' });
    await dialog.getByText('Sets tags.Owner').waitFor();
    await dialog.getByRole('button', { name: 'No' }).click();
    await dialog.waitFor({ state: 'detached' });
    await card.getByRole('button', { name: 'Revert in the cloud' }).click();
    await dialog.getByRole('button', { name: 'Revert', exact: true }).click();
    const refusal = tab.getByRole('article').filter({ hasText: 'Only Dana may approve prod' });
    await refusal.getByText('Only visible to you').waitFor();
    expect(cloud.owner).toBeNull();

    await tab.getByRole('button', { name: 'Dana' }).click();
    await refusal.waitFor({ state: 'detached' });
    await card.getByRole('button', { name: 'Revert in the cloud' }).click();
    await dialog.getByRole('button', { name: 'Revert', exact: true }).click();
    await tab.getByRole('article').filter({ hasText: 'Realigned by Dana' }).waitFor();
    await tab.getByText('(edited)').waitFor();
    await fact.locator('..').filter({ hasText: 'platform' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('fills in a modal, and shows a missing value next to the input', async () => {
    await type('/m0 drift prod');
    await tab.getByRole('button', { name: 'Snooze…' }).click();
    const modal = tab.getByRole('dialog', { name: 'Snooze prod' });
    await modal.getByRole('button', { name: 'Snooze', exact: true }).click();
    await modal.getByText('Please complete this required field.').waitFor();
    await modal.getByLabel('Why').fill('the vendor needs it');
    await modal.getByRole('button', { name: 'Snooze', exact: true }).click();
    await modal.waitFor({ state: 'detached' });
    await tab.getByRole('article').filter({ hasText: 'Snoozed by dana: the vendor needs it' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('works by keyboard alone, and keeps the focus where the person is', async () => {
    const { focused, tabTo, back } = keyboardOf(tab);
    await tab.getByText('Nothing here yet').waitFor();
    expect(await tabTo('Message')).toEqual([
      ...['Skip to the chats', 'DDanaon call', 'EEveengineer', 'Remove the bucket’s tags'],
      ...['# ops', 'm0', 'm0 · Home', 'Messages in #ops', 'Message'],
    ]);
    await tab.keyboard.type('/m0 drift prod');
    await tab.keyboard.press('Enter');
    const card = tab.getByRole('article').filter({ hasText: 'prod drifted' });
    await card.waitFor();

    // Backwards to the card: a confirmation opens, and Escape returns to its button.
    await back('Revert in the cloud');
    await tab.keyboard.press('Enter');
    await tab.getByRole('dialog', { name: 'Revert?' }).waitFor();
    expect(await focused()).toBe('No');
    await tab.keyboard.press('Escape');
    await tab.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Revert in the cloud');

    // A form: the first field has the focus, and again while it is wrong.
    await tabTo('Snooze…');
    await tab.keyboard.press('Enter');
    const form = tab.getByRole('dialog', { name: 'Snooze prod' });
    const why = form.getByRole('textbox', { name: 'Why', exact: true });
    await why.waitFor();
    expect(await why.evaluate((field) => field === document.activeElement)).toBe(true);
    await tab.keyboard.press('Enter');
    await form.getByText('Please complete this required field.').waitFor();
    expect(
      await why.evaluate((field) => [
        field === document.activeElement,
        field.getAttribute('aria-invalid'),
        document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent,
      ]),
    ).toEqual([true, 'true', 'Please complete this required field.']);
    await tab.keyboard.press('Escape');
    await form.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Snooze…');

    // The card is decided: its buttons go, and the focus stays at the card.
    await back('Revert in the cloud');
    await tab.keyboard.press('Enter');
    await tab.getByRole('dialog', { name: 'Revert?' }).waitFor();
    await tabTo('Revert');
    await tab.keyboard.press('Enter');
    await tab.getByRole('article').filter({ hasText: 'Realigned by Dana' }).waitFor();
    expect(await tab.evaluate(() => document.activeElement?.textContent)).toContain('Realigned by Dana');
    expect(complaints).toEqual([]);
  });

  it('shows each person their own Home tab, whose buttons work', async () => {
    await tab.getByRole('button', { name: 'm0 · Home' }).click();
    await tab.getByText('logs of U0DANA: platform').waitFor();
    await tab.getByRole('button', { name: 'Eve' }).click();
    await tab.getByText('logs of U0EVE: platform').waitFor();
    await tab.getByRole('button', { name: 'Put back' }).click();
    await tab.getByText('All is well').waitFor();
    expect(cloud.owner).toBe('put back by U0EVE');
    await tab.getByRole('button', { name: '# ops' }).click();
    await tab.getByText('All is well').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  it('answers in a thread', async () => {
    await type('hello');
    await tab.getByRole('article').filter({ hasText: 'hello' }).hover();
    await tab.getByRole('button', { name: 'Reply in thread' }).click();
    await tab.getByLabel('Reply', { exact: true }).fill('and again');
    await tab.keyboard.press('Enter');
    await tab.getByRole('button', { name: '1 reply' }).waitFor();
    const [root, reply] = workspace.channel('ops').messages;
    expect(reply).toMatchObject({ text: 'and again', threadTs: root?.ts, user: 'U0DANA' });
  });

  it('names the package to install if there is no browser', () => {
    expect(() => findBrowser({ M0_CHROMIUM: '/nowhere/chromium' })).toThrow('/nowhere/chromium');
    expect(() => findBrowser({ PATH: '/nowhere' }, [])).toThrow('Install the package `chromium`');
  });

  it('refuses requests from pages of other sites', async () => {
    const act = { as: 'U0DANA', act: 'say', channel: 'C0OPS', text: 'forged', thread: null };
    const post = (headers: Record<string, string>) =>
      fetch(`${page.url}/page/act`, { method: 'POST', headers, body: JSON.stringify(act) });
    const json = { 'content-type': 'application/json' };
    expect((await post(json)).status).toBe(403);
    expect((await post({ ...json, origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ 'content-type': 'text/plain', origin: page.url })).status).toBe(415);
    expect(workspace.channel('ops').messages).toEqual([]);
    expect((await post({ ...json, origin: page.url })).status).toBe(200);
    expect(workspace.channel('ops').messages).toHaveLength(1);
  });
});
