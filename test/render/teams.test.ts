import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AdaptiveCard } from '../../src/chat/teams/elements.ts';
import { CARD_DETAIL } from '../../src/chat/teams/limits.ts';
import { renderCard, renderForm, renderPage } from '../../src/chat/teams/render.ts';
import { summaryOf } from '../../src/chat/teams/spans.ts';
import type { Card, Form } from '../../src/messages/card.ts';
import { refuseCard } from '../../src/sandbox/teams/card.ts';
import { dataUri, imagesOf } from '../support/card-pictures.ts';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { exhibitsOf } from '../support/gallery/gallery.ts';
import { rendererOnly } from '../support/gallery/renderer-only.ts';

const teamsId = (person: string): string | null =>
  person === 'dana' ? '00000000-0000-4000-8000-00000000da4a' : null;
const FOLDER = new URL('./teams/', import.meta.url);
const ENDING = '.golden.json';

const recorded = [...rendererOnly, ...exhibitsOf('teams')];

/** A card with the button that opens the form inside the card, if it fits. */
const opening = (form: Form): Card => ({
  headline: form.title,
  tone: 'plain',
  blocks: [{ type: 'buttons', buttons: [{ label: `${form.submit}…`, command: form.command, form }] }],
});

/** The card with a placeholder in place of each picture. */
function render(card: Card): AdaptiveCard {
  return renderCard(card, teamsId, CARD_DETAIL, [], imagesOf(card, dataUri(30)));
}

/** Everything that m0 sends to Teams for an exhibit, by kind. */
function sentOf({ shown }: Exhibit): { readonly summary: string } & Readonly<Record<string, unknown>> {
  switch (shown.kind) {
    case 'card':
      return { summary: summaryOf(shown.card.headline), card: render(shown.card) };
    case 'form':
      return {
        summary: summaryOf(shown.form.title),
        card: renderForm(shown.form),
        inCard: renderCard(opening(shown.form), teamsId),
      };
    case 'pages': {
      const { pages, page: index } = shown;
      const [page] = pages.pages.slice(index);
      if (page === undefined) throw new Error(`there is no page ${index}`);
      const at = { index, total: pages.pages.length, command: 'show #42', file: pages.text !== '' };
      return { summary: summaryOf(pages.title), card: renderPage(page, at, teamsId) };
    }
  }
}

test.each(recorded)('$name renders for Teams as recorded, and Teams accepts it', async (one) => {
  const { summary, ...cards } = sentOf(one);
  for (const card of Object.values(cards)) expect(refuseCard(card)).toEqual([]);
  const golden = `${JSON.stringify({ summary, ...cards }, null, 2)}\n`;
  await expect(golden).toMatchFileSnapshot(`./teams/${one.name}${ENDING}`);
});

test('no golden file is duplicate or unused', () => {
  const names = recorded.map((one) => one.name).sort();
  expect(new Set(names).size).toBe(names.length);
  const files = readdirSync(FOLDER).map((file) => file.replace(ENDING, ''));
  expect(files.sort()).toEqual(names);
});
