/** The command `digest`. */
import { digestView } from '../alerts/digest.ts';
import { digestCard } from '../messages/digest-card.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { type ActionParts, privately } from './parts.ts';
import { stacksMeant } from './stacks.ts';

/**
 * `digest [TARGET]`: open drift, changes applied in the last day and ending snoozes. Only its sender sees the answer.
 */
export async function digest(parts: ActionParts, incoming: Incoming, target: string | null): Promise<Reply> {
  const stacks = await stacksMeant(parts, incoming, 'digest', target);
  if ('type' in stacks) return stacks;
  const about = { stacks, targets: target === null ? [] : [target], zone: parts.directory.timezone };
  return privately(digestCard(await digestView(parts, about, null)));
}
