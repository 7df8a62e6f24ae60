/** The commands `drift` (answers from the store, then checks again) and `status`. */

import { driftView } from '../alerts/drift-view.ts';
import { linkToAlert } from '../alerts/open-card.ts';
import { pauseViews } from '../alerts/pause-views.ts';
import { conditionsView, emptyStateView } from '../alerts/plan-alert-views.ts';
import { statusesOf } from '../alerts/stack-statuses.ts';
import { directoryWithSubscriptions, isReportedIn } from '../alerts/subscriptions.ts';
import type { CommandName } from '../commands/command.ts';
import type { Block, Card } from '../messages/card.ts';
import { conditionsCard } from '../messages/conditions-card.ts';
import { driftCard } from '../messages/drift-card.ts';
import { emptyStateCard } from '../messages/empty-state-card.ts';
import { withPointer } from '../messages/newer-card.ts';
import { statusCard, statusPages } from '../messages/status-card.ts';
import type { StatusView } from '../messages/view-status.ts';
import { isOfRun, type RunAlertKind } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import type { FollowedAnswer, FollowedState } from '../model/followed-answer.ts';
import { inRoundOrder } from '../model/order.ts';
import { countLeft } from '../model/watching.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { type ActionParts, privately } from './parts.ts';
import { readerOfAnswer } from './pointing.ts';
import { subscriptionBlocks } from './subscribing.ts';
import { targeted } from './targets.ts';

/**
 * The stacks that a target matches. Without a target: the stacks whose messages this channel gets, or all if it gets
 * none. `command` is used for the choices in a refusal.
 */
export async function stacksMeant(
  parts: ActionParts,
  incoming: Incoming,
  command: CommandName,
  target: string | null,
): Promise<readonly Stack[] | Reply> {
  if (target !== null) return targeted(parts, command, target);
  const { stacks } = await directoryWithSubscriptions(parts);
  const here = stacks.filter((s) => isReportedIn(s, incoming.place));
  return here.length > 0 ? here : stacks;
}

async function viewOf(
  parts: ActionParts,
  target: string | null,
  stacks: readonly Stack[],
  about: Partial<Pick<StatusView, 'checking' | 'asked' | 'givenUp'>> = {},
): Promise<StatusView> {
  const now = parts.clock();
  const pauses = await pauseViews(parts.store, stacks);
  const { watching } = parts.directory;
  return {
    ...{ target, checking: false, ...about, now, zone: parts.directory.timezone },
    stacks: await statusesOf(parts, stacks, now),
    ...(pauses.length === 0 ? {} : { pauses }),
    ...(target === null && watching !== undefined ? { left: countLeft(watching) } : {}),
  };
}

/** `drift [TARGET]`: answers at once with what is stored and its age, then checks and updates the message. */
export async function drift(parts: ActionParts, incoming: Incoming, target: string | null): Promise<Reply> {
  const stacks = await stacksMeant(parts, incoming, 'drift', target);
  if ('type' in stacks) return stacks;
  const since = parts.clock();
  // What is posted first says nothing that only an update could make true again: there may be none.
  const first = statusCard(await viewOf(parts, target, stacks, { asked: since }));
  const round = inRoundOrder(stacks, parts.worker.upstreamOf);
  const runs = await parts.worker.checkAll(round, 'command', incoming.actor);
  const checks = runs.map(({ stack, id }) => ({ stack, run: id }));
  const { platform } = incoming.place;
  return {
    type: 'public',
    card: first,
    async posted(at) {
      try {
        await parts.answers?.follow({ platform, ...at, target, checks, since });
      } catch (error) {
        parts.log.error({ err: error, channel: at.channel }, 'an answer can not be followed');
      }
    },
  };
}

/** The card of an answer of `drift` that is followed. */
export async function answerCard(
  parts: ActionParts,
  answer: FollowedAnswer,
  state: FollowedState,
): Promise<Card> {
  const names = new Set(answer.checks.map(({ stack }) => stack));
  const stacks = parts.directory.stacks.filter((s) => names.has(s.name));
  const about = { checking: state === 'checking', givenUp: state === 'given-up' };
  return statusCard(await viewOf(parts, answer.target, stacks, about));
}

/** `status [TARGET]`: what is stored, without a new check. */
export async function status(parts: ActionParts, incoming: Incoming, target: string | null): Promise<Reply> {
  const stacks = await stacksMeant(parts, incoming, 'status', target);
  if ('type' in stacks) return stacks;
  const view = await viewOf(parts, target, stacks);
  const here = target === null ? await subscriptionBlocks(parts, incoming.place) : [];
  const pages = statusPages(view);
  if (pages !== null) {
    const [first, ...rest] = pages.pages.map((page, i) =>
      i === 0 ? { ...page, blocks: [...page.blocks, ...here] } : page,
    );
    if (first !== undefined) return { type: 'pages', pages: { ...pages, pages: [first, ...rest] } };
  }
  const of = statusCard(view);
  const known = { ...of, blocks: [...of.blocks, ...here] };
  const open = await openAlert(parts, incoming, stacks);
  // For a single stack with an open alert the answer includes the whole card of it with its buttons.
  if (open === null) return privately(known);
  return privately({
    ...open,
    blocks: [...linesOf(known, open), ...open.blocks, ...here],
  });
}

/** The lines of the status card that the stack's own card does not have. */
function linesOf(known: Card, open: Card): readonly Block[] {
  const there = new Set(open.blocks.map((block) => JSON.stringify(block)));
  return known.blocks.filter((b) => b.type === 'line' && !there.has(JSON.stringify(b)));
}

/**
 * The card of the open alert if there is exactly one stack; null otherwise. While its state is empty that is the only
 * one: nothing of the stack's drift can be approved.
 */
async function openAlert(
  parts: ActionParts,
  incoming: Incoming,
  stacks: readonly Stack[],
): Promise<Card | null> {
  const [only, ...more] = stacks;
  if (only === undefined || more.length > 0) return null;
  const open = async (kind: RunAlertKind) => {
    const [alert] = await parts.store.alerts({ subject: only.name, state: 'open', kind });
    const run = alert && isOfRun(alert) ? await parts.store.run(alert.runId) : undefined;
    return alert && isOfRun(alert) && run ? { alert, run } : null;
  };
  const empty = await open('empty-state');
  if (empty) return emptyStateCard(emptyStateView(parts, empty.run, empty.alert));
  const found = await open('drift');
  if (!found) {
    const unmet = await open('conditions');
    return unmet && conditionsCard(conditionsView(parts, unmet.run, unmet.alert));
  }
  const { alert, run } = found;
  const copy = driftCard(await driftView(parts, run, alert, await parts.store.messages(alert.id)));
  const url = await linkToAlert(parts, alert.id, readerOfAnswer(incoming));
  return url === null ? copy : withPointer(copy, { runId: run.id, url }, null);
}
