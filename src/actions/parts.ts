/** What all commands share: their dependencies and the usual replies. */
import type { AnswerFollower } from '../alerts/answer-follower.ts';
import type { PolicyWatch } from '../alerts/policy-watch.ts';
import type { Logger } from '../base/log.ts';
import type { Button, Card } from '../messages/card.ts';
import { infoCard, refusalCard } from '../messages/short-cards.ts';
import type { Moment } from '../messages/spans.ts';
import { type Alert, removedWords } from '../model/alert.ts';
import type { Clock, Directory, Platform, Stack } from '../model/directory.ts';
import { restoreSince } from '../model/memory.ts';
import type { LastTicks } from '../model/overview.ts';
import type { Run } from '../model/run.ts';
import type { WorkingNow } from '../model/working.ts';
import type { OnCall } from '../people/on-call.ts';
import type { ChatPort, Incoming, Reply } from '../ports/chat.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Store } from '../ports/store.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { dateText } from '../text/when.ts';

/** The dependencies of the commands. */
export interface ActionParts {
  readonly store: Store;
  readonly worker: Worker;
  readonly policies: PolicyPort;
  readonly policyWatch: PolicyWatch;
  readonly directory: Directory;
  /** Make the links to cards. */
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly onCall: OnCall;
  readonly clock: Clock;
  /** When schedules fired last, which tells what is checked recently enough. */
  readonly lastTicks: LastTicks;
  /** Left out: nothing is told of tools that are working. */
  readonly working?: WorkingNow;
  readonly log: Logger;
  /** True: m0 can put drift into the code. */
  readonly canCodify?: boolean;
  /** Follows the answers of `drift`; left out: they are not updated. */
  readonly answers?: AnswerFollower;
}

/** A reply that only the sender sees. */
export function privately(card: Card): Reply {
  return { type: 'private', card };
}

/** A refusal that only the sender sees. */
export function refused(text: string, buttons: readonly Button[] = [], moment?: Moment): Reply {
  return privately(refusalCard(text, buttons, moment));
}

/** True if the alert is an older one of a stack whose drift another card shows. */
async function isOlder(store: Store, { id, kind, subject }: Alert): Promise<boolean> {
  if (kind !== 'drift') return false;
  const [open] = await store.alerts({ subject, state: 'open', kind });
  return open !== undefined && open.id !== id;
}

/**
 * The answer to a successful command. A click on an alert's card gets no answer, because the card itself is updated.
 * A typed command, or a click on a private answer or on a card that is no longer the open one, gets a private answer.
 */
export async function confirmed(parts: ActionParts, incoming: Incoming, text: string): Promise<Reply> {
  const { store, directory, clock } = parts;
  const { from, place } = incoming;
  const card = from && (await store.messageAt(place.platform, from.channel, from.messageId));
  const alert = card && (await store.alert(card.alertId));
  if (alert && !(await isOlder(store, alert))) return { type: 'none' };
  return privately(infoCard(text, [], { now: clock(), zone: directory.timezone }));
}

/** Why the number is of no run: its details are folded, it was given out before a restore, or never. */
async function whyNoRun({ store, clock, directory }: ActionParts, id: number): Promise<string> {
  const folded = await store.foldedRun(id);
  if (folded !== null) {
    const { stack, checks, firstAt, lastAt } = folded;
    const dated = (at: number): string => dateText(at, clock(), directory.timezone);
    const which =
      checks === 1
        ? `a clean check of ${stack} on ${dated(firstAt)}`
        : `one of ${checks} clean checks of ${stack} from ${dated(firstAt)} to ${dated(lastAt)}`;
    return `Run #${id} was ${which}: it found nothing new, and its details are folded.`;
  }
  const restore = restoreSince(await store.memory(), id);
  if (restore === null) return `There is no run #${id}.`;
  const when = dateText(restore.at, clock(), directory.timezone);
  return `Run #${id} is from before the restore of ${when}; look at the newest card.`;
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
  if (!run) return { ok: false, reply: refused(await whyNoRun(parts, id)) };
  const stack = parts.directory.stacks.find((s) => s.name === run.stack);
  if (!stack) {
    return {
      ok: false,
      reply: refused(
        `Run #${id} was about ${run.stack}, which ${removedWords(parts.directory.gone?.[run.stack])}.`,
      ),
    };
  }
  return { ok: true, run, stack };
}
