/** Private answers point to the open card of the stack: a click on an old card must lead to the one that counts. */
import { openCardOf, type Reader } from '../alerts/open-card.ts';
import { isDirect } from '../alerts/subscriptions.ts';
import type { Command } from '../commands/command.ts';
import { withPointer } from '../messages/newer-card.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { ActionParts } from './parts.ts';

/** Where the sender reads the answer. */
export function readerOfAnswer({ place, actor, from }: Incoming): Reader {
  const channel = from?.channel ?? ('channel' in place ? place.channel : null);
  return { platform: place.platform, channel, person: isDirect(place) ? actor.person : null };
}

/** The run that the command names; null if it names none. */
function runOf(command: Command): number | null {
  if ('run' in command) return command.run;
  return 'subject' in command && command.subject.by === 'run' ? command.subject.run : null;
}

/** True if the command was clicked on a copy of the alert's own card. */
async function isOnCardOf(
  { store }: ActionParts,
  { from, place }: Incoming,
  alertId: number,
): Promise<boolean> {
  const copy = from && (await store.messageAt(place.platform, from.channel, from.messageId));
  return copy?.alertId === alertId;
}

/**
 * The reply with a last line that names the stack's open card and links to it. Only private answers about a run get
 * it, and only where drift of its stack is open. An answer about the open run itself gets it only where there is a link
 * to a card that the sender has not just clicked.
 */
export async function pointed(
  parts: ActionParts,
  incoming: Incoming,
  command: Command,
  reply: Reply,
): Promise<Reply> {
  const named = runOf(command);
  if (reply.type !== 'private' || named === null) return reply;
  const run = await parts.store.run(named);
  const open = run && (await openCardOf(parts, run.stack, readerOfAnswer(incoming)));
  if (!open) return reply;
  const { runId, id } = open.alert;
  if (runId !== named) return { ...reply, card: withPointer(reply.card, { runId, url: open.url }, named) };
  if (open.url === null || (await isOnCardOf(parts, incoming, id))) return reply;
  return { ...reply, card: withPointer(reply.card, { runId, url: open.url }, null) };
}
