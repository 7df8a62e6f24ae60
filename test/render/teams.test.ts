import { expect, test } from 'vitest';
import { renderCard, renderForm, renderPage } from '../../src/chat/teams/render.ts';
import { summaryOf } from '../../src/chat/teams/spans.ts';
import { cards, snoozeForm, threePages, waiting } from '../support/cards.ts';

const teamsId = (person: string): string | null =>
  person === 'dana' ? '00000000-0000-4000-8000-00000000da4a' : null;

async function same(value: unknown, name: string): Promise<void> {
  await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(`./teams/${name}.golden.json`);
}

for (const [name, card] of Object.entries(cards)) {
  test(`the card "${name}" looks in Teams as recorded`, async () => {
    await same({ summary: summaryOf(card.headline), card: renderCard(card, teamsId) }, name);
  });
}

test('a form looks in Teams as recorded', async () => {
  await same(renderForm(snoozeForm), 'form');
});

test('a form inside a card looks in Teams as recorded', async () => {
  const button = { label: 'Snooze…', command: 'snooze #42', form: snoozeForm };
  const card = { ...waiting, blocks: [{ b: 'buttons' as const, buttons: [button] }] };
  await same(renderCard(card, teamsId), 'form-in-card');
});

test('a page in the middle looks in Teams as recorded', async () => {
  const page = threePages.pages[1] ?? waiting;
  await same(renderPage(page, { index: 1, total: 3, command: 'show #42' }, teamsId), 'pages');
});
