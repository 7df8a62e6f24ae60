/** What all commands share: their dependencies and the usual replies. */
import type { PolicyWatch } from '../alerts/policy-watch.ts';
import type { Logger } from '../base/log.ts';
import type { Button, Card } from '../messages/card.ts';
import { infoCard, refusalCard } from '../messages/short-cards.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { OnCall } from '../people/on-call.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Store } from '../ports/store.ts';
import type { Worker } from '../runs/worker-parts.ts';

/** The dependencies of the commands. */
export interface ActionParts {
  readonly store: Store;
  readonly worker: Worker;
  readonly policies: PolicyPort;
  readonly policyWatch: PolicyWatch;
  readonly directory: Directory;
  readonly onCall: OnCall;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A reply that only the sender sees. */
export function privately(card: Card): Reply {
  return { type: 'private', card };
}

/** A refusal that only the sender sees. */
export function refused(text: string, buttons: readonly Button[] = []): Reply {
  return privately(refusalCard(text, buttons));
}

/**
 * The answer to a successful command. A click on an alert's card gets no answer, because the card itself is updated.
 * A typed command, or a click on a private answer, gets a private answer.
 */
export async function confirmed({ store }: ActionParts, incoming: Incoming, text: string): Promise<Reply> {
  const { from, place } = incoming;
  const card = from && (await store.messageAt(place.platform, from.channel, from.messageId));
  return card ? { type: 'none' } : privately(infoCard(text));
}

/** The run and its stack, or a refusal if the run or its stack does not exist. */
export async function findRun(
  parts: ActionParts,
  id: number,
): Promise<
  | { readonly ok: true; readonly run: Run; readonly stack: Stack }
  | { readonly ok: false; readonly reply: Reply }
> {
  const run = await parts.store.run(id);
  if (!run) return { ok: false, reply: refused(`There is no run #${id}.`) };
  const stack = parts.directory.stacks.find((s) => s.name === run.stack);
  if (!stack) {
    return { ok: false, reply: refused(`Run #${id} was about ${run.stack}, which is no longer in m0.yaml.`) };
  }
  return { ok: true, run, stack };
}
