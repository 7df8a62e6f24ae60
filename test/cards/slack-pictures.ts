/** Takes the pictures of Slack messages on the sandbox's chat page. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { isRecord } from '../../src/base/is-record.ts';
import { drawPicture } from '../../src/pictures/draw.ts';
import { bundlePage } from '../../src/sandbox/page/bundle.ts';
import type { Block, Message, View } from '../../src/sandbox/workspace/model.ts';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { NOW } from '../support/views.ts';
import type { Album } from './album.ts';
import { sightsOf } from './names.ts';
import type { Act } from './stage.tsx';

const GOLDEN = new URL('../render/slack/', import.meta.url);

/** High enough for the longest dialog, because a picture does not show what needs scrolling. */
const HEIGHT = 2_400;
const WIDTH = { desk: 780, phone: 390 } as const;

/** Makes the picture as wide as the card and hides the rest of the page. */
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

/** The blocks with the exhibit's real pictures in place of the golden file's placeholders. */
async function withPictures(blocks: readonly Block[], { shown }: Exhibit): Promise<Block[]> {
  const pictures = shown.kind === 'card' ? shown.card.blocks.filter((b) => b.type === 'picture') : [];
  const drawn = await Promise.all(pictures.map((b) => drawPicture(b.picture, 2)));
  return blocks.map((block) => {
    if (block.type !== 'image') return block;
    const { slack_file: _, ...rest } = block;
    const png = drawn.shift() ?? new Uint8Array();
    return { ...rest, image_url: `data:image/png;base64,${Buffer.from(png).toString('base64')}` };
  });
}

const wordsOf = (text: unknown): string => (isRecord(text) ? String(text.text) : '');

/** The content of the golden file as a message or dialog of the workspace. */
async function actOf(one: Exhibit): Promise<Act> {
  const golden: unknown = JSON.parse(await readFile(new URL(`${one.name}.golden.json`, GOLDEN), 'utf8'));
  if (!isRecord(golden))
    throw new Error(`reading the golden file of ${one.name}: it holds no message or view`);
  const blocks = await withPictures(blocksOf(golden.blocks), one);
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

async function openStage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  const { script, style } = await bundlePage(fileURLToPath(new URL('./stage.tsx', import.meta.url)));
  const page = await context.newPage();
  await page.setContent(`<!doctype html><style>${style}\n${STYLE}</style><div id="root"></div>`);
  await page.addScriptTag({ content: script });
  return page;
}

async function picture(page: Page, one: Exhibit, album: Album): Promise<void> {
  const act = await actOf(one);
  const main = act.view === null ? '.picture' : 'dialog';
  for (const sight of sightsOf(one, 'slack')) {
    const width = sight === 'desk' || sight === 'dark' ? WIDTH.desk : WIDTH.phone;
    await page.setViewportSize({ width, height: HEIGHT });
    await page.emulateMedia({ colorScheme: sight === 'dark' ? 'dark' : 'light' });
    await page.mouse.move(0, 0);
    await page.evaluate((shown) => window.show(shown), act);
    // By its text: the name of a button for screen readers has more words.
    if (sight === 'asks')
      await page
        .locator('button', { hasText: one.asks ?? '' })
        .first()
        .click();
    const shown = page.locator(sight === 'asks' ? 'dialog.small' : main).last();
    await album.add(one, 'slack', sight, await shown.screenshot({ animations: 'disabled' }));
  }
}

/** Takes the pictures of all exhibits that Slack has. */
export async function slackPictures(
  browser: Browser,
  exhibits: readonly Exhibit[],
  album: Album,
): Promise<void> {
  const page = await openStage(browser);
  for (const one of exhibits) await picture(page, one, album);
}
