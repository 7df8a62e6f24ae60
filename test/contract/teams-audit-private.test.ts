/** What only one person sees in a channel stays so, whatever they do with it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fullDiff, snoozeForm, threePages } from '../support/cards.ts';
import { soon } from '../support/chat-ends.ts';
import { DANA } from '../support/teams-bot.ts';
import { type TeamsMessage, textOfCard } from '../support/teams-connector.ts';
import { OPS, type Stage, startStage } from '../support/teams-stage.ts';

const filled = { 'f0.FOR': '3d', 'f0.REASON': 'x' };

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
  await stage.connector.addToTeam('sre');
});
afterEach(() => stage.close());

/** A card with a button that only Dana sees. */
async function whisper(): Promise<TeamsMessage> {
  stage.answer = () => ({
    type: 'private',
    card: { headline: 'Seen by you', tone: 'plain', blocks: [{ type: 'buttons', buttons: [fullDiff] }] },
  });
  await stage.connector.as(DANA).slash(OPS, 'status');
  return soon(() => stage.connector.whispers(DANA)[0]);
}

test('a form that was sent gives way to what came of it', async () => {
  stage.answer = () => ({ type: 'form', form: snoozeForm });
  await stage.connector.as(DANA).slash(OPS, 'snooze #42');
  const form = await soon(() => stage.connector.whispers(DANA)[0]);
  stage.answer = () => ({ type: 'none' });
  await stage.connector.as(DANA).click(form, 'Snooze', filled);
  expect(textOfCard(form.card)).toBe('Done.');
});

test('a form and pages that a click there opens are for its sender alone, also after a restart', async () => {
  const card = await whisper();
  await stage.start();
  stage.answer = () => ({ type: 'form', form: snoozeForm });
  await stage.connector.as(DANA).click(card, 'Full diff');
  stage.answer = () => ({ type: 'pages', pages: threePages });
  await stage.connector.as(DANA).click(card, 'Full diff');
  expect(stage.connector.whispers(DANA)).toHaveLength(3);
  expect(stage.connector.in(OPS)).toEqual([]);
  expect(stage.connector.replies(card.thread ?? card.id)).toEqual([]);
});
