/** The commands `drift` (answers from the store, then checks again) and `status`. */

import { driftView } from '../alerts/drift-view.ts';
import { conditionsView, emptyStateView, troublesOf } from '../alerts/plan-alert-views.ts';
import { directoryWithSubscriptions, isReportedIn } from '../alerts/subscriptions.ts';
import type { CommandName } from '../commands/command.ts';
import type { Card } from '../messages/card.ts';
import { conditionsCard } from '../messages/conditions-card.ts';
import { driftCard } from '../messages/drift-card.ts';
import { emptyStateCard } from '../messages/empty-state-card.ts';
import { statusCard } from '../messages/status-card.ts';
import type { StackStatusView } from '../messages/view-status.ts';
import { isOfRun, type RunAlertKind } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import { exemptionOf } from '../model/exemption.ts';
import { openFindings } from '../model/open-findings.ts';
import { STATES_WITH_ANSWER, stackStateOf } from '../model/overview.ts';
import { isTerminal, type RunState } from '../model/run.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { skippedText } from '../runs/scheduled-check.ts';
import { type ActionParts, privately } from './parts.ts';
import { subscriptionBlocks } from './subscribing.ts';
import { targeted } from './targets.ts';

/** How long `drift` waits for its checks. A longer check is only reported by its own card. */
const FOLLOW_MS = 20 * 60_000;
const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

async function statusOf(parts: ActionParts, stack: Stack): Promise<StackStatusView> {
  const { store } = parts;
  const now = parts.clock();
  const [runs, [drift], [failing], exemptions, skipped, troubles] = await Promise.all([
    store.runs({ stack: stack.name, limit: 20 }),
    store.alerts({ subject: stack.name, state: 'open', kind: 'drift' }),
    store.alerts({ subject: stack.name, state: 'open', kind: 'failure' }),
    store.exemptions(stack.name),
    store.skippedCheck(stack.name),
    troublesOf(store, stack.name),
  ]);
  const openAlertRun = drift ? await store.run(drift.runId) : undefined;
  const good = runs.find((r) => STATES_WITH_ANSWER.includes(r.state) && r.decision !== null);
  const shown = openAlertRun ?? good;
  const open = openAlertRun ? openFindings(openAlertRun, exemptions, now) : [];
  const exempt = (shown?.findings ?? []).filter((f) => f.actionable && exemptionOf(f, exemptions, now));
  const failed = failing ? await store.run(failing.runId) : undefined;
  return {
    stack: stack.name,
    environment: stack.environment,
    state: stackStateOf({
      ...{ open: open.length, exempt: exempt.length },
      ...{ failing: failing !== undefined, known: shown !== undefined },
      emptied: troubles.some((t) => t.kind === 'empty-state'),
      unmet: troubles.some((t) => t.kind === 'conditions'),
    }),
    open: open.length,
    waiting:
      openAlertRun && !isTerminal(openAlertRun.state) ? open.filter((o) => o.verdict !== 'auto').length : 0,
    exempt: exempt.length,
    runId: open.length > 0 ? (openAlertRun?.id ?? null) : null,
    lastGoodAt: good?.updatedAt ?? null,
    failure: failed?.failure?.message ?? null,
    troubles,
    busy: runs.some((r) => BUSY.includes(r.state)),
    // Not shown if any check was made after the skipped one.
    skipped:
      skipped === undefined || runs.some((r) => r.createdAt > skipped.at)
        ? null
        : { why: skippedText(skipped), since: skipped.since, times: skipped.times },
  };
}

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

async function card(
  parts: ActionParts,
  target: string | null,
  stacks: readonly Stack[],
  checking: boolean,
): Promise<Card> {
  return statusCard({
    target,
    stacks: await Promise.all(stacks.map((s) => statusOf(parts, s))),
    checking,
    now: parts.clock(),
    zone: parts.directory.timezone,
  });
}

/** `drift [TARGET]`: answers at once with what is stored and its age, then checks and updates the message. */
export async function drift(parts: ActionParts, incoming: Incoming, target: string | null): Promise<Reply> {
  const stacks = await stacksMeant(parts, incoming, 'drift', target);
  if ('type' in stacks) return stacks;
  const first = await card(parts, target, stacks, true);
  const runs = await Promise.all(stacks.map((s) => parts.worker.check(s, 'command', incoming.actor)));

  async function* updates(): AsyncGenerator<Card> {
    const settled = await Promise.all(runs.map((run) => parts.worker.settled(run.id, FOLLOW_MS)));
    if (settled.some((run) => run === undefined)) return;
    yield await card(parts, target, stacks as readonly Stack[], false);
  }
  return { type: 'public', card: first, updates: updates() };
}

/** `status [TARGET]`: what is stored, without a new check. */
export async function status(parts: ActionParts, incoming: Incoming, target: string | null): Promise<Reply> {
  const stacks = await stacksMeant(parts, incoming, 'status', target);
  if ('type' in stacks) return stacks;
  const of = await card(parts, target, stacks, false);
  const here = target === null ? await subscriptionBlocks(parts, incoming.place) : [];
  const known = { ...of, blocks: [...of.blocks, ...here] };
  const open = await openAlert(parts, stacks);
  // For a single stack with an open alert the answer includes the whole card of it with its buttons.
  if (open === null) return privately(known);
  return privately({
    ...open,
    blocks: [...known.blocks.filter((b) => b.type === 'line'), ...open.blocks, ...here],
  });
}

/**
 * The card of the open alert if there is exactly one stack; null otherwise. While its state is empty that is the only
 * one: nothing of the stack's drift can be approved.
 */
async function openAlert(parts: ActionParts, stacks: readonly Stack[]): Promise<Card | null> {
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
  return driftCard(await driftView(parts, run, alert, await parts.store.messages(alert.id)));
}
