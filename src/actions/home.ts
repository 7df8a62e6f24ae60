/** The command `home`. */
import { homeView } from '../alerts/home.ts';
import { homeMessage } from '../messages/home-card.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { type ActionParts, privately } from './parts.ts';

/**
 * `home`: what waits for its sender, other open drift, the sender's exemptions, failing checks, and who is on call.
 */
export async function home(parts: ActionParts, incoming: Incoming): Promise<Reply> {
  return privately(homeMessage(await homeView(parts, incoming.actor)));
}
