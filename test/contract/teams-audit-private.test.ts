/** Private messages in a channel stay private, also after clicks in them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { soon } from '../support/chat-drivers.ts';
import { fullDiff, snoozeForm, threePages } from '../support/sample-cards.ts';
import { DANA } from '../support/teams-bot.ts';
import { type TeamsMessage, textOfCard } from '../support/teams-connector.ts';
import { OPS, startTeamsFixture, type TeamsFixture } from '../support/teams-fixture.ts';

const filled = { 'f0.FOR': '3d', 'f0.REASON': 'x' };

let fixture: TeamsFixture;
beforeEach(async () => {
  fixture = await startTeamsFixture();
  await fixture.connector.addToTeam('sre');
});
afterEach(() => fixture.close());

/** A card with a button that only Dana sees. */
async function whisper(): Promise<TeamsMessage> {
  fixture.answer = () => ({
    type: 'private',
    card: { headline: 'Seen by you', tone: 'plain', blocks: [{ type: 'buttons', buttons: [fullDiff] }] },
  });
  await fixture.connector.as(DANA).slash(OPS, 'status');
  return soon(() => fixture.connector.whispers(DANA)[0]);
}

test('a submitted form is replaced by its result', async () => {
  fixture.answer = () => ({ type: 'form', form: snoozeForm });
  await fixture.connector.as(DANA).slash(OPS, 'snooze #42');
  const form = await soon(() => fixture.connector.whispers(DANA)[0]);
  fixture.answer = () => ({ type: 'none' });
  await fixture.connector.as(DANA).click(form, 'Snooze', filled);
  expect(textOfCard(form.card)).toBe('Done.');
});

test('a form and pages opened by a click there are private, also after a restart', async () => {
  const card = await whisper();
  await fixture.start();
  fixture.answer = () => ({ type: 'form', form: snoozeForm });
  await fixture.connector.as(DANA).click(card, 'Full diff');
  fixture.answer = () => ({ type: 'pages', pages: threePages });
  await fixture.connector.as(DANA).click(card, 'Full diff');
  expect(fixture.connector.whispers(DANA)).toHaveLength(3);
  expect(fixture.connector.in(OPS)).toEqual([]);
  expect(fixture.connector.replies(card.thread ?? card.id)).toEqual([]);
});
