/**
 * The sandbox that `npm start` brings up, in a real browser: SSH was opened by hand, the card says who did it, a person puts it
 * into the code, merges the pull request on the Git host's page, and the next check is clean with the cloud untouched.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { serve } from '../../src/serve.ts';
import { launchBrowser } from '../support/browser.ts';
import { sandboxTools, testTools } from '../support/cloud.ts';
import { freePort } from '../support/free-port.ts';

const RULE = '22/tcp from 203.0.113.7/32';
const STARTS_MS = 300_000;
/** A check a minute, and m0 asks the host about an open pull request once a minute, on a busy machine. */
const ROUND_MS = 240_000;

let dir: string;
let sandbox: Sandbox;
let browser: Browser;
let context: BrowserContext;
const complaints: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-sandbox-story-'));
  const tools = await testTools();
  const log = createLogger('warn');
  sandbox = await startSandbox({
    ...{ dir, port: await freePort(), teams: 'own', tool: 'terraform', tools: sandboxTools(tools) },
    ...{ policiesFrom: resolve('policies'), base: process.env, now: Date.now, log, onProgress: () => {} },
    // As main.ts does for `npm start`.
    serve: async (configFile, env, teamsConnector) => {
      const variables = {
        ...{ ...process.env, ...env, M0_CONFIG: configFile, M0_DATA_DIR: dir, PORT: '0' },
        ...{ M0_DATABASE_URL: `file:${join(dir, 'm0.db')}`, M0_STACK_USER: 'self' },
      };
      const config = await loadConfig(configFile, variables, isValidCron);
      return serve({
        ...{ config, environment: readEnvironment(variables), tools, base: process.env, log },
        ...{ firstChecks: false, ...(teamsConnector === undefined ? {} : { teamsConnector }) },
      });
    },
  });
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(ROUND_MS);
  context.on('page', (tab) => {
    tab.on('pageerror', (error) => complaints.push(error.message));
    tab.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
  });
}, STARTS_MS);

afterAll(async () => {
  await browser?.close();
  await sandbox?.close();
  rmSync(dir, { recursive: true, force: true });
}, 600_000);

/** Writes pictures of the page in both themes, for a person to look at, where M0_PICTURES names a folder. */
async function pictures(tab: Tab, name: string): Promise<void> {
  const folder = process.env.M0_PICTURES;
  if (!folder) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme });
    await tab.screenshot({ path: join(folder, `${name}-${colorScheme}.png`), fullPage: true });
  }
}

it('plays whole: opened by hand, who did it, into the code, merged, clean, and the cloud as it was', async () => {
  const tab = await context.newPage();
  await tab.goto(sandbox.url);
  const slack = tab.getByRole('article');
  const card = slack.filter({ hasText: 'aws_security_group.web' }).first();
  await card.getByText(RULE).first().waitFor({ timeout: STARTS_MS });
  await card.getByText('By Eve').first().waitFor();
  await card.getByText('AuthorizeSecurityGroupIngress').first().waitFor();
  await pictures(tab, '1-card');

  await tab.getByRole('button', { name: 'Dana' }).first().click();
  await card.getByRole('button', { name: 'Put into the code…' }).click();
  const dialog = tab.getByRole('dialog');
  await dialog.getByText('Changes nothing in the cloud').waitFor();
  await dialog.getByRole('button', { name: 'Put into the code', exact: true }).click();
  const link = card.getByRole('link', { name: 'PR #1' });
  await link.waitFor();
  await card.getByText('proven: with it, a plan changes nothing').first().waitFor();
  await pictures(tab, '2-open');

  const [pull] = await Promise.all([context.waitForEvent('page'), link.click()]);
  await pull.getByRole('heading', { level: 1, name: /^prod-network: .*#1$/ }).waitFor();
  await pull.getByText('Open', { exact: true }).waitFor();
  const body = pull.locator('article.body').first();
  for (const said of [
    'asked to put into the code',
    'by eve',
    'Proof',
    'Merging this changes nothing in the cloud',
  ])
    await body.getByText(said, { exact: false }).first().waitFor();
  await body.locator('.block .added').filter({ hasText: RULE }).waitFor();
  const asked = await body.getByRole('link').getAttribute('href');
  expect((await fetch(asked ?? '')).url).toBe(`${sandbox.url}/`);
  const added = pull.locator('tr.added');
  await added.filter({ hasText: '203.0.113.7/32' }).waitFor();
  expect(await pull.locator('tr.removed').count()).toBe(0);
  await pictures(pull, '3-pull-request');
  await pull.setViewportSize({ width: 400, height: 800 });
  await pictures(pull, '4-pull-request-narrow');
  expect(await pull.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  await pull.setViewportSize({ width: 1280, height: 900 });

  await pull.getByLabel('Act as').selectOption({ label: 'Kim' });
  await pull.getByRole('button', { name: 'Merge' }).click();
  await pull.getByText('Merged', { exact: true }).first().waitFor();
  expect(await pull.getByRole('button', { name: 'Merge' }).count()).toBe(0);
  await pictures(pull, '5-merged');

  await card.getByText('in the code since').first().waitFor();
  await card.getByText('next check clean').first().waitFor();
  await pictures(tab, '6-done');
  const fact = tab.getByLabel('Cloud console').getByText('Security group web, lets in').locator('..');
  await fact.filter({ hasText: RULE }).waitFor();
  expect(complaints).toEqual([]);
}, 900_000);
