/** Puts a card right that a process has updated too late, after another one had taken its place. */
import { type CardParts, cardOfAlert } from './card-of-alert.ts';
import { readerOf } from './open-card.ts';

/** How often a card is updated that goes on changing meanwhile. The other process updates it as well. */
const MOST_UPDATES = 5;

/**
 * Updates the alert's messages until they show what is stored. It stores nothing and proves no lease: whoever calls it has
 * lost that. The other process may update a card between the read and the update here, so each card is made again after its
 * update. A message that cannot be updated does not stop the others; rejects with the first error afterwards.
 */
export async function showNewest(parts: CardParts, alertId: number): Promise<void> {
  const { store } = parts;
  const problems: unknown[] = [];
  for (const { id } of await store.messages(alertId)) {
    await showOne(parts, alertId, id).catch((error: unknown) => problems.push(error));
  }
  if (problems.length > 0) throw problems[0];
}

async function showOne(parts: CardParts, alertId: number, id: number): Promise<void> {
  const { store, chats } = parts;
  let shown: string | null = null;
  for (let updates = 0; updates < MOST_UPDATES; updates += 1) {
    const alert = await store.alert(alertId);
    const messages = await store.messages(alertId);
    const message = messages.find((one) => one.id === id);
    if (alert === undefined || message === undefined) break;
    const card = await cardOfAlert(parts, alert, messages, { ...readerOf(message), why: message.why });
    const text = JSON.stringify(card);
    if (text === shown) break;
    await chats.get(message.platform)?.update(message.channel, message.messageId, card);
    shown = text;
  }
}
