/** Finds the open card of a stack's drift, so that older cards and answers can point to it. */
import type { DriftView } from '../messages/view.ts';
import type { NewerCard } from '../messages/view-newer.ts';
import type { Alert, PostedMessage, RunAlert } from '../model/alert.ts';
import type { Clock, Place, Platform } from '../model/directory.ts';
import { openFindings } from '../model/open-findings.ts';
import type { ChatPort } from '../ports/chat.ts';
import type { Store } from '../ports/store.ts';

/**
 * How many alerts of a stack before its newest one keep a pointer to the open card. Each costs an update of its
 * messages when a card opens and when it ends. Older cards name the command that shows what is open.
 */
export const POINTING = 3;
/** In how many of the stack's newest runs the last plan is looked for. */
const RUNS_LOOKED_AT = 20;

/** What is needed to find cards and their links. */
export interface LinkParts {
  readonly store: Store;
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly clock: Clock;
}

/** Who reads the pointer, and where: a person's direct messages, or a channel (`person` null). */
export interface Reader {
  readonly platform: Platform;
  readonly channel: string | null;
  readonly person: string | null;
}

/** The reader of a posted copy, or of a copy that is about to be posted. */
export function readerOf(
  copy: PostedMessage | { readonly place: Place; readonly person: string | null },
): Reader {
  if (!('place' in copy)) return { platform: copy.platform, channel: copy.channel, person: copy.person };
  const { place, person } = copy;
  return { platform: place.platform, channel: 'channel' in place ? place.channel : null, person };
}

/** The copy that the reader sees best: in the same place, their own, or any in a channel of the same chat. */
function bestCopy(messages: readonly PostedMessage[], reader: Reader): PostedMessage | undefined {
  const there = messages.filter((m) => m.platform === reader.platform);
  return (
    there.find((m) => m.channel === reader.channel) ??
    there.find((m) => m.role === 'dm' && reader.person !== null && m.person === reader.person) ??
    there.find((m) => m.role === 'root')
  );
}

/**
 * A link to the alert's own message, or to the fleet message that shows it, as the reader can open it. Null if neither
 * is posted in the reader's chat, or if the chat has no link.
 */
export async function linkToAlert(
  { store, chats }: Pick<LinkParts, 'store' | 'chats'>,
  alertId: number,
  reader: Reader,
): Promise<string | null> {
  const linkTo = async (id: number): Promise<string | null> => {
    const copy = bestCopy(await store.messages(id), reader);
    return (copy && (await chats.get(copy.platform)?.linkTo(copy.channel, copy.messageId))) ?? null;
  };
  const own = await linkTo(alertId);
  if (own !== null) return own;
  for (const fleet of await store.alerts({ kind: 'fleet', state: 'open' })) {
    const link = fleet.details.members.includes(alertId) ? await linkTo(fleet.id) : null;
    if (link !== null) return link;
  }
  return null;
}

/** The stack's open drift alert, with a link to its card; null if no drift of the stack is open. */
export async function openCardOf(
  parts: LinkParts,
  stack: string,
  reader: Reader,
): Promise<{ readonly alert: RunAlert; readonly url: string | null } | null> {
  const [alert] = await parts.store.alerts({ subject: stack, state: 'open', kind: 'drift' });
  return alert === undefined ? null : { alert, url: await linkToAlert(parts, alert.id, reader) };
}

async function openAddresses({ store, clock }: LinkParts, runId: number): Promise<readonly string[]> {
  const run = await store.run(runId);
  if (!run) return [];
  return openFindings(run, await store.exemptions(run.stack), clock()).map((each) => each.address);
}

async function newerCard(parts: LinkParts, alert: Alert, reader: Reader): Promise<NewerCard | null> {
  const open = await openCardOf(parts, alert.subject, reader);
  if (open === null || open.alert.id === alert.id) return null;
  const { runId } = open.alert;
  return { runId, url: open.url, open: await openAddresses(parts, runId) };
}

/**
 * The view of a card whose alert is no longer open, with the stack's open card and with what its newest plan found.
 * Any other view is returned as it is.
 */
export async function withNewer(
  parts: LinkParts,
  view: DriftView,
  alert: Alert | null,
  reader: Reader,
): Promise<DriftView> {
  if (alert === null || alert.state === 'open') return view;
  const alerts = await parts.store.alerts({ subject: alert.subject, kind: 'drift' });
  // No later card of the stack updates this one any more, so it must stay true whatever happens.
  if (alerts.filter((other) => other.id > alert.id).length > POINTING) return { ...view, outOfReach: true };
  const runs = await parts.store.runs({ stack: alert.subject, limit: RUNS_LOOKED_AT });
  const planned = runs.find((run) => run.decision !== null);
  return {
    ...view,
    newer: await newerCard(parts, alert, reader),
    lastPlan: planned ? { runId: planned.id, open: await openAddresses(parts, planned.id) } : null,
  };
}
