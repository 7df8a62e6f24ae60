import { homeMessage } from '../messages/home-card.ts';
import { homeView } from '../runs/home.ts';
import type { Incoming, Reply } from '../runs/ports.ts';
import { type ActionParts, privately } from './parts.ts';

/** `home`: what waits for its sender, what else is open, what they keep, what fails, who is on call. */
export async function home(parts: ActionParts, incoming: Incoming): Promise<Reply> {
  return privately(homeMessage(await homeView(parts, incoming.actor)));
}
