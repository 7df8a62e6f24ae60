/** `npm run cards`: takes a picture of every golden card into docs/cards, and writes the page that shows them. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { bundlePage } from '../../src/sandbox/page/bundle.ts';
import type { Block, Message, View } from '../../src/sandbox/workspace/model.ts';
import { isRecord } from '../../src/sandbox/workspace/validation/check.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { exhibits, gallery } from '../support/gallery/gallery.ts';
import { NOW } from '../support/views.ts';
import { inPalette } from './palette.ts';
import { picturesOf, readme } from './readme.ts';
import type { Act } from './stage.tsx';

const GOLDEN = new URL('../render/slack/', import.meta.url);
const PICTURES = new URL('../../docs/cards/', import.meta.url);
/** Pictures of docs/cards that are not taken here. */
const OTHERS = ['first-story.png'];

/** High enough for the longest dialog: what would scroll is not on the picture. */
const HEIGHT = 2_400;
const DESK = 780;
const PHONE = 390;

/** As wide as the card needs; nothing of the page around it. */
const STYLE = `.picture { width: fit-content; min-width: min(100%, 30rem); max-width: 100%; }
@media (max-width: 760px) { .picture { width: 100%; } }
.message:hover { background: none; }
.message.private:hover { background: var(--private); }
dialog::backdrop { background: var(--bg); }`;

const blocksOf = (value: unknown): Block[] =>
  (Array.isArray(value) ? value.filter(isRecord) : []).map((block, i) => ({
    ...(block as unknown as Block),
    block_id: String(block.block_id ?? `b${i}`),
  }));

const wordsOf = (text: unknown): string => (isRecord(text) ? String(text.text) : '');

/** What the golden file holds, as the workspace would have it. */
async function actOf(one: Exhibit): Promise<Act> {
  const golden: unknown = JSON.parse(await readFile(new URL(`${one.name}.golden.json`, GOLDEN), 'utf8'));
  if (!isRecord(golden))
    throw new Error(`reading the golden file of ${one.name}: it holds no message or view`);
  const blocks = blocksOf(golden.blocks);
  const base = { name: one.name, now: NOW, message: null, view: null };
  if (one.where === 'dialog') {
    const view: View = {
      id: 'V1',
      type: 'modal',
      user: 'U0DANA',
      rootId: 'V1',
      previousId: null,
      hash: '',
      callbackId: '',
      externalId: '',
      privateMetadata: '',
      title: wordsOf(golden.title),
      submit: golden.submit === undefined ? null : wordsOf(golden.submit),
      close: golden.close === undefined ? null : wordsOf(golden.close),
      clearOnClose: false,
      notifyOnClose: false,
      blocks,
    };
    return { ...base, view };
  }
  const message: Message = {
    ts: `${NOW / 1000}.000100`,
    channel: one.where === 'direct' ? 'D0DANA' : 'C0OPS',
    user: 'U0M0',
    text: String(golden.text),
    blocks,
    threadTs: null,
    alsoInChannel: false,
    visibleTo: one.where === 'private' ? 'U0DANA' : null,
    editedTs: null,
    metadata: null,
    files: [],
    mentions: [],
    links: [],
  };
  return { ...base, message };
}

async function openStage(context: BrowserContext): Promise<Page> {
  const { script, style } = await bundlePage(fileURLToPath(new URL('./stage.tsx', import.meta.url)));
  const page = await context.newPage();
  await page.setContent(`<!doctype html><style>${style}\n${STYLE}</style><div id="root"></div>`);
  await page.addScriptTag({ content: script });
  return page;
}

async function take(page: Page, selector: string, file: string): Promise<number> {
  const png = await page.locator(selector).last().screenshot({ animations: 'disabled' });
  const small = inPalette(png);
  await writeFile(new URL(file, PICTURES), small);
  return small.length;
}

/** Takes the pictures of an exhibit; resolves with their bytes. */
async function picture(page: Page, one: Exhibit): Promise<number> {
  const { name } = one;
  const act = await actOf(one);
  const main = act.view === null ? '.picture' : 'dialog';
  const at = async (width: number, colorScheme: 'light' | 'dark'): Promise<void> => {
    await page.setViewportSize({ width, height: HEIGHT });
    await page.emulateMedia({ colorScheme });
    await page.mouse.move(0, 0);
    await page.evaluate((shown) => window.show(shown), act);
  };
  let bytes = 0;
  await at(DESK, 'light');
  bytes += await take(page, main, `${name}.png`);
  if (one.dark === true) {
    await at(DESK, 'dark');
    bytes += await take(page, main, `${name}.dark.png`);
  }
  await at(PHONE, 'light');
  bytes += await take(page, main, `${name}.phone.png`);
  if (one.asks !== undefined) {
    await page.getByRole('button', { name: one.asks, exact: true }).click();
    bytes += await take(page, 'dialog.small', `${name}.asks.png`);
  }
  return bytes;
}

/** Deletes what no exhibit has a picture for any more. */
async function tidy(wanted: readonly Exhibit[]): Promise<void> {
  const keep = new Set([...OTHERS, ...wanted.flatMap(picturesOf)]);
  for (const file of await readdir(PICTURES)) {
    if (file.endsWith('.png') && !keep.has(file)) await rm(new URL(file, PICTURES));
  }
}

async function main(names: readonly string[]): Promise<void> {
  const started = Date.now();
  const wanted = exhibits.filter(
    (one) => one.unpictured !== true && (names.length === 0 || names.includes(one.name)),
  );
  if (wanted.length === 0)
    throw new Error(`no card is called ${names.join(' or ')}: see docs/cards/README.md`);
  await mkdir(PICTURES, { recursive: true });
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
    const page = await openStage(context);
    let bytes = 0;
    for (const one of wanted) bytes += await picture(page, one);
    await tidy(exhibits);
    await writeFile(new URL('README.md', PICTURES), readme(gallery));
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    process.stdout.write(
      `${wanted.length} cards, ${(bytes / 1e6).toFixed(1)} MB of pictures in docs/cards, ${seconds} s\n`,
    );
  } finally {
    await browser.close();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `taking pictures of cards: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
