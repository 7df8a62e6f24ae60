/** The pages of the sandbox for people who see little or nothing: what a browser measures of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitHost, startGitHost } from '../../src/sandbox/forge/git-host.ts';
import { brokenRules, lowContrast } from '../support/accessibility.ts';
import { launchBrowser } from '../support/browser.ts';
import { exhibits } from '../support/gallery/gallery.ts';
import { startGalleryPage } from '../support/gallery-page.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

const THEMES = ['light', 'dark'] as const;
/** A card of each structure: open, decided, in parts, with links, a trend, a form, pages, hostile values. */
const SOME = [
  'drift-links',
  'drift-parts-many',
  'drift-alike',
  'digest',
  'help',
  'diff-first',
  'form-snooze',
  'hostile',
];
const WIDTHS = [1440, 390];

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

async function open(url: string, colorScheme: 'light' | 'dark', width: number): Promise<Tab> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const tab = await context.newPage();
  await tab.goto(url);
  return tab;
}

/** Each chat that the page shows at this width. */
async function inEachChat(tab: Tab, look: () => Promise<void>): Promise<void> {
  for (const name of ['Slack', 'Teams']) {
    await tab.getByRole('group', { name: 'Chats shown' }).getByRole('button', { name }).click();
    await tab.getByRole('article').first().waitFor();
    await look();
  }
}

describe('the chat page', () => {
  it('shows each text of each sample card with enough contrast, in the light and the dark theme', async () => {
    const sample = await startGalleryPage(exhibits);
    try {
      for (const theme of THEMES) {
        const tab = await open(sample.page.url, theme, 1440);
        // Wide enough for both chats.
        await tab.getByRole('article').first().waitFor();
        expect(await lowContrast(tab)).toEqual([]);
        await tab.context().close();
      }
    } finally {
      await sample.close();
    }
  });

  it('names its controls, landmarks and headings, on a desktop and on a phone', async () => {
    const some = exhibits.filter((one) => SOME.includes(one.name));
    expect(some.map((one) => one.name).sort()).toEqual([...SOME].sort());
    const sample = await startGalleryPage(some);
    try {
      for (const width of WIDTHS) {
        const tab = await open(sample.page.url, 'light', width);
        await inEachChat(tab, async () => expect(await brokenRules(tab)).toEqual([]));
        await tab.context().close();
      }
    } finally {
      await sample.close();
    }
  });

  it('tells a screen reader in one line what arrived', async () => {
    const sample = await startGalleryPage([]);
    try {
      const tab = await open(sample.page.url, 'light', 1440);
      const news = tab.getByRole('status', { name: 'New messages' });
      await tab.getByText('The first check takes').waitFor();
      expect(await news.textContent()).toBe('');
      await sample.say('prod drifted\nby an unknown person');
      await expect.poll(() => news.textContent()).toBe('m0 in #ops of Slack: prod drifted');
      await tab.context().close();
    } finally {
      await sample.close();
    }
  });
});

describe('the pages of the Git host', () => {
  let dir: string;
  let host: GitHost;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-accessible-'));
    const repository = makeRepo(join(dir, 'infra'), { 'main.tf': 'a = 1\n' });
    git(repository, 'checkout', '-q', '-b', 'm0/tags');
    commit(repository, { 'main.tf': 'a = 2\n' }, 'Keep the tags');
    git(repository, 'checkout', '-q', 'main');
    host = await startGitHost({
      ...{ repository, dir, port: 0, chat: 'http://127.0.0.1:1', base: process.env, now: Date.now },
      members: [{ login: 'dana', name: 'Dana', email: 'dana@acme.dev' }],
    });
    const body = '## Why\n\nSee [the run](https://acme.dev/42), `main.tf`:\n\n```diff\n-a = 1\n+a = 2\n```\n';
    await host.pulls.open({ title: 'Keep the tags', body, head: 'm0/tags', base: 'main' });
  });
  afterAll(async () => {
    await host?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('are readable in both themes, and have names, landmarks and headings', async () => {
    const { headSha } = await host.pulls.get(1);
    const paths = [
      '',
      'acme/infra/pull/1',
      `acme/infra/commit/${headSha}`,
      `acme/infra/blob/${headSha}/main.tf`,
      'no',
    ];
    for (const theme of THEMES) {
      for (const path of paths) {
        const tab = await open(`${host.url}/${path}`, theme, theme === 'light' ? 390 : 1440);
        expect([path, await lowContrast(tab), await brokenRules(tab)]).toEqual([path, [], []]);
        await tab.context().close();
      }
    }
  });
});
