/** Corrects a card that a process updated after another process had taken its place. */
import { type CardParts, cardOfAlert } from './card-of-alert.ts';
import { readerOf } from './open-card.ts';

/** How often a card is updated that goes on changing meanwhile. The other process updates it as well. */
const MOST_UPDATES = 5;

/**
 * Updates each message of the alert until it shows what is stored. The caller has lost the lease, so this function stores
 * nothing and does not prove the lease. The new owner may update the card between the read and the update here, so the card is
 * made again after each update. If a message cannot be updated, the others still are; then rejects with the first error.
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
