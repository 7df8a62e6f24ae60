import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CARD_DETAIL } from '../../src/chat/slack/limits.ts';
import { renderCard } from '../../src/chat/slack/render.ts';
import { formView, pagesView } from '../../src/chat/slack/views.ts';
import { PLAIN_PARSING } from '../../src/sandbox/workspace/text.ts';
import { refuseMessage } from '../../src/sandbox/workspace/validation/message.ts';
import { refuseView } from '../../src/sandbox/workspace/validation/view.ts';
import { imagesOf } from '../support/card-pictures.ts';
import { exhibitsOf } from '../support/gallery/gallery.ts';
import { rendererOnly } from '../support/gallery/renderer-only.ts';

const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: '1772456520.000100' };
const FOLDER = new URL('./slack/', import.meta.url);
const ENDING = '.golden.json';

async function same(value: unknown, name: string): Promise<void> {
  await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(`./slack/${name}${ENDING}`);
}

const recorded = [...rendererOnly, ...exhibitsOf('slack')];

test.each(recorded)('$name renders for Slack as recorded, and Slack accepts it', async ({ name, shown }) => {
  if (shown.kind === 'card') {
    const { text, blocks, overflow } = renderCard(
      shown.card,
      slackId,
      CARD_DETAIL,
      imagesOf(shown.card, 'F0PICTURE0'),
    );
    expect(refuseMessage(text, blocks, PLAIN_PARSING, false)).toBeNull();
    // The first lines of a long overflow are enough.
    await same({ text, blocks, overflow: overflow?.split('\n').slice(0, 3) ?? null }, name);
    return;
  }
  const view =
    shown.kind === 'form'
      ? formView(shown.form, { ...memory, command: shown.form.command }, slackId)
      : pagesView(shown.pages, shown.page, memory, slackId);
  expect(refuseView(view, 'modal', false)).toBeNull();
  await same(view, name);
});

test('no golden file is duplicate or unused', () => {
  const names = recorded.map((one) => one.name).sort();
  expect(new Set(names).size).toBe(names.length);
  const files = readdirSync(FOLDER).map((file) => file.replace(ENDING, ''));
  expect(files.sort()).toEqual(names);
});
