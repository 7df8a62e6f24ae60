/**
 * The commands that only read: show, why, history, baseline, oncall, policy. Everybody in the channel may use them.
 */

import { driftView } from '../alerts/drift-view.ts';
import { withNewer } from '../alerts/open-card.ts';
import { whyTellOnly } from '../alerts/stack-statuses.ts';
import { stacksOfSubscription } from '../alerts/subscriptions.ts';
import { fullDiff } from '../messages/full-diff.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../messages/list-cards.ts';
import { whyCard } from '../messages/why-card.ts';
import type { PolicySource, Stack } from '../model/directory.ts';
import { pauseCovers } from '../model/pause.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { acceptSeenProblems } from '../runs/seen-problems.ts';
import { type ActionParts, findRun, privately } from './parts.ts';
import { readerOfAnswer } from './pointing.ts';
import { choicesOf, targeted } from './targets.ts';

const HISTORY_LINES = 50;

/** Steps that `history` leaves out: people look there for decisions and applies, not for routine steps. */
const ROUTINE_STEPS = [
  { action: 'start' },
  { action: 'planned' },
  { action: 'requeue' },
  { action: 'decided', ending: '-> clean' },
  { action: 'decided', ending: '-> quiet' },
  // The entries `state-empty` and `state-back` say it once.
  { action: 'decided', ending: '-> state_empty' },
] as const;

/** The target, and the targets of subscriptions and pauses (as typed) that match one of the stacks. */
async function targetsOf(
  parts: ActionParts,
  stacks: readonly Stack[],
  target: string | null,
): Promise<readonly string[]> {
  const names = new Set(stacks.map((s) => s.name));
  const subscribed = (await parts.store.subscriptions())
    .filter((s) => stacksOfSubscription(s, parts.directory).some((name) => names.has(name)))
    .map((s) => s.target);
  const paused = (await parts.store.pauses({ ended: true }))
    .filter((p) => stacks.some((stack) => pauseCovers(p.target, stack)))
    .map((p) => p.target);
  return [...subscribed, ...paused, ...(target === null ? [] : [target])];
}

async function viewOf(
  parts: ActionParts,
  incoming: Incoming,
  id: number,
): Promise<Awaited<ReturnType<typeof driftView>> | Reply> {
  const found = await findRun(parts, id);
  if (!found.ok) return found.reply;
  const alert = (await parts.store.alerts({ runId: id, kind: 'drift' }))[0] ?? null;
  const messages = alert ? await parts.store.messages(alert.id) : [];
  const view = await driftView(parts, found.run, alert, messages);
  return withNewer(parts, view, alert, readerOfAnswer(incoming));
}

/** `show #RUN`: every attribute of every finding, in pages. */
export async function show(parts: ActionParts, incoming: Incoming, id: number): Promise<Reply> {
  const view = await viewOf(parts, incoming, id);
  return 'type' in view ? view : { type: 'pages', pages: fullDiff(view) };
}

/** `why #RUN`: which rule decided what, why the run waits, and who may approve. */
export async function why(parts: ActionParts, incoming: Incoming, id: number): Promise<Reply> {
  const view = await viewOf(parts, incoming, id);
  return 'type' in view ? view : privately(whyCard(view));
}

/** `history [TARGET]`: the newest audit entries. */
export async function history(parts: ActionParts, target: string | null): Promise<Reply> {
  const stacks = target === null ? parts.directory.stacks : targeted(parts, 'history', target);
  if ('type' in stacks) return stacks;
  // Audit entries about a whole environment or pattern, for example of a subscription, have that name as their stack.
  const names = new Set([...stacks.map((s) => s.name), ...(await targetsOf(parts, stacks, target))]);
  const lines = await Promise.all(
    [...names].map((stack) => parts.store.audit({ stack, without: ROUTINE_STEPS, limit: HISTORY_LINES + 1 })),
  );
  const found = lines.flat().sort((a, b) => b.at - a.at);
  const entries = found.slice(0, HISTORY_LINES);
  const more = found.length > entries.length;
  const of = await parts.store.foldedChecks(stacks.map((s) => s.name));
  const folded = {
    checks: of.reduce((sum, { checks }) => sum + checks, 0),
    since: Math.min(...of.map(({ firstAt }) => firstAt)),
    last: Math.max(...of.map(({ lastAt }) => lastAt)),
  };
  const about = { target, entries, more, ...(of.length === 0 ? {} : { folded }) };
  return privately(historyCard({ ...about, now: parts.clock(), zone: parts.directory.timezone }));
}

/** `baseline TARGET`: what is accepted or snoozed, by whom and why. */
export async function baseline(parts: ActionParts, target: string): Promise<Reply> {
  const stacks = targeted(parts, 'baseline', target);
  if ('type' in stacks) return stacks;
  const exemptions = (await Promise.all(stacks.map((s) => parts.store.exemptions(s.name)))).flat();
  return privately(baselineCard({ target, exemptions, now: parts.clock(), zone: parts.directory.timezone }));
}

/** `oncall`: who is on call in each rotation, until when, and the rotation's problem, if any. */
export async function onCall(parts: ActionParts): Promise<Reply> {
  const { directory } = parts;
  const now = parts.clock();
  const current = await parts.onCall.rotasNow();
  const rotas = Object.entries(current)
    .filter(([name]) => name in directory.oncall)
    .map(([rota, { people, until, problem }]) => ({
      rota,
      people: people.map((person) => ({
        person,
        name: directory.people.find((p) => p.key === person)?.name ?? person,
      })),
      until,
      problem,
    }));
  return privately(onCallCard({ rotas, now, zone: directory.timezone }));
}

/** `policy TARGET`: the policies of a stack, their rules and their commits. */
export async function policy(parts: ActionParts, target: string): Promise<Reply> {
  const stacks = targeted(parts, 'policy', target);
  if ('type' in stacks) return stacks;
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) {
    const names = stacks.map((s) => s.name);
    return choicesOf(`${target} is several stacks. Name one: ${names.join(', ')}.`, 'policy', names);
  }
  const statuses = await parts.policies.status(stack.policies);
  const counted = await acceptSeenProblems(parts.store, statuses);
  return privately(
    policyCard({
      stack: stack.name,
      realign: stack.realign,
      tellOnly: await whyTellOnly(parts.store, stack.name),
      policies: statuses.map((status, i) => ({
        status,
        source: sourceOf(stack.policies[i]),
        seen: status.stale !== null && !counted[i]?.stale,
      })),
      approvers: { need: stack.approvers.need, groups: stack.approvers.from },
      now: parts.clock(),
      zone: parts.directory.timezone,
    }),
  );
}

function sourceOf(source: PolicySource | undefined): string {
  return source ? `${source.git}@${source.ref}${source.path === '' ? '' : `/${source.path}`}` : '';
}
