import { expect, test } from 'vitest';
import { renderCard } from '../../src/chat/slack/render.ts';
import { formView, pagesView } from '../../src/chat/slack/views.ts';
import { cards, snoozeForm, threePages } from '../support/cards.ts';

const slackId = (person: string): string | null => (person === 'dana' ? 'U0DANA' : null);
const memory = { command: 'show #42', channel: 'C0OPS', thread: null, card: '1772456520.000100' };

function golden(name: string): string {
  return `./slack/${name}.golden.json`;
}

async function same(value: unknown, name: string): Promise<void> {
  await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(golden(name));
}

for (const [name, card] of Object.entries(cards)) {
  test(`the card "${name}" looks in Slack as recorded`, async () => {
    const { text, blocks, overflow } = renderCard(card, slackId);
    // Of a thousand folded findings the first lines show enough.
    await same({ text, blocks, overflow: overflow?.split('\n').slice(0, 3) ?? null }, name);
  });
}

test('a form looks in Slack as recorded', async () => {
  await same(formView(snoozeForm, { ...memory, command: snoozeForm.command }, slackId), 'form');
});

test('a page in the middle looks in Slack as recorded', async () => {
  await same(pagesView(threePages, 1, memory, slackId), 'pages');
});
