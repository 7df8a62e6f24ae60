/** The commands `subscribe` and `unsubscribe`, and the lines of `status` about a channel's subscriptions. */

import {
  directoryWithSubscriptions,
  isDirect,
  isReportedIn,
  stacksOfSubscription,
  subscriptionsAt,
} from '../alerts/subscriptions.ts';
import { subscribeText, unsubscribeText } from '../commands/text.ts';
import type { Block, Button } from '../messages/card.ts';
import { infoCard } from '../messages/short-cards.ts';
import { code, context, text } from '../messages/spans.ts';
import type { Subscription } from '../model/alert.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import type { Place, Stack } from '../model/directory.ts';
import { pauseCovers } from '../model/pause.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { count, listed } from '../text/words.ts';
import { type ActionParts, privately, refused } from './parts.ts';
import { targeted } from './targets.ts';

/** How many names a sentence lists before "and 12 more". */
const MAX_NAMES = 8;
/** The key of the lock under which subscriptions are changed. */
const LOCK = 'subscriptions';

function namesOf(stacks: readonly { readonly name: string }[]): string {
  const names = stacks.map((s) => s.name);
  if (names.length <= MAX_NAMES + 1) return listed(names);
  return `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;
}

/** Why the sender may not change the channel's subscriptions; null if they may. */
function refusal(parts: ActionParts, { actor, place }: Incoming): string | null {
  if (!parts.directory.people.some((p) => p.key === actor.person)) {
    return 'Only people of m0.yaml may change which messages a channel gets. m0 does not know you: you are not under "people" in m0.yaml.';
  }
  if (isDirect(place)) {
    return 'Direct messages can’t be subscribed: here m0 writes to you when something waits for you. Say it in a channel.';
  }
  return null;
}

function sameTarget(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function auditOf(
  { actor, place }: Incoming,
  at: number,
  action: AuditAction,
  target: string,
  detail: string,
): Change {
  return {
    type: 'audit',
    entry: {
      ...{ at, actor, place, action, stack: target, detail },
      ...{ runId: null, fingerprint: null, commit: null, bundles: null, scope: null },
    },
  };
}

/** Queues the open alerts of these stacks, of all kinds: the channels that don't have them yet get them. */
async function postOpenAlerts(
  parts: ActionParts,
  stacks: readonly Stack[],
  at: number,
): Promise<readonly Change[]> {
  const names = new Set(stacks.map((s) => s.name));
  const policies = new Set(stacks.flatMap((s) => s.policies.map((p) => p.name)));
  const open = (await parts.store.alerts({ state: 'open' })).filter((alert) => {
    if (alert.kind === 'policy') return policies.has(alert.subject);
    if (alert.kind === 'reach') return alert.details.stacks.some((name) => names.has(name));
    if (alert.kind === 'pause') return stacks.some((stack) => pauseCovers(alert.subject, stack));
    return alert.kind !== 'fleet' && alert.kind !== 'config' && names.has(alert.subject);
  });
  return open.toReversed().map(
    (alert): Change => ({
      type: 'outbox.add',
      key: `card:${alert.id}:subscribed:${at}`,
      delivery: { type: 'card', alertId: alert.id },
      at,
    }),
  );
}

/** `subscribe TARGET`: this channel gets the target's messages from now on, and its open alerts at once. */
export async function subscribe(parts: ActionParts, incoming: Incoming, target: string): Promise<Reply> {
  const { actor, place } = incoming;
  const refusalText = refusal(parts, incoming);
  if (refusalText !== null || !('channel' in place)) return refused(refusalText ?? 'That is no channel.');
  const stacks = targeted(parts, 'subscribe', target);
  if ('type' in stacks) return stacks;
  const isSameSubscription = (s: Subscription): boolean => sameTarget(s.target, target);
  if ((await subscriptionsAt(parts.store, place)).some(isSameSubscription)) {
    return privately(infoCard(`This channel is subscribed to ${target} already: ${namesOf(stacks)}.`));
  }
  const known = await directoryWithSubscriptions(parts);
  const fresh = stacks.filter((s) => !known.stacks.some((t) => t.name === s.name && isReportedIn(t, place)));
  const at = parts.clock();
  await parts.worker.write(LOCK, async () => {
    // Read again under the lock: somebody else may have subscribed at the same time.
    if ((await subscriptionsAt(parts.store, place)).some(isSameSubscription)) return [];
    const { platform, channel } = place;
    return [
      { type: 'subscription.add', subscription: { platform, channel, target, by: actor, at } },
      auditOf(incoming, at, 'subscribe', target, `this channel hears of ${namesOf(stacks)}`),
      ...(await postOpenAlerts(parts, fresh, at)),
    ];
  });
  const newStacks =
    fresh.length === stacks.length
      ? `${count(stacks.length, 'stack')} now: ${namesOf(stacks)}`
      : `${count(stacks.length, 'stack')} now, ${fresh.length === 0 ? 'all of which it hears of already' : `new here: ${namesOf(fresh)}`}`;
  return {
    type: 'public',
    card: infoCard(`${actor.name} subscribed this channel to ${target}: ${newStacks}.`, [endButton(target)]),
  };
}

function endButton(target: string): Button {
  return { label: `Unsubscribe ${target}`, command: unsubscribeText(target) };
}

/** `unsubscribe TARGET`: ends a subscription of this channel. Channels of m0.yaml can only be changed in m0.yaml. */
export async function unsubscribe(parts: ActionParts, incoming: Incoming, target: string): Promise<Reply> {
  const { actor, place } = incoming;
  const refusalText = refusal(parts, incoming);
  if (refusalText !== null || !('channel' in place)) return refused(refusalText ?? 'That is no channel.');
  const subscribedHere = await subscriptionsAt(parts.store, place);
  const ended = subscribedHere.filter((s) => sameTarget(s.target, target));
  // A subscription can be ended although its target matches nothing any more.
  if (ended.length === 0) return notSubscribed(parts, place, target, subscribedHere);
  const at = parts.clock();
  await parts.worker.write(LOCK, async () => {
    const stillSubscribed = (await subscriptionsAt(parts.store, place)).filter((s) =>
      sameTarget(s.target, target),
    );
    return stillSubscribed.flatMap(({ by: _by, at: _at, ...where }): Change[] => [
      { type: 'subscription.end', where },
      auditOf(incoming, at, 'unsubscribe', where.target, 'ended for this channel'),
    ]);
  });
  const names = new Set(ended.flatMap((s) => stacksOfSubscription(s, parts.directory)));
  const left = (await directoryWithSubscriptions(parts)).stacks.filter(
    (s) => names.has(s.name) && isReportedIn(s, place),
  );
  const stillSubscribed =
    left.length === 0 ? '' : ` It still hears of ${namesOf(left)}: ${whyStillReported(parts, place, left)}.`;
  return {
    type: 'public',
    card: infoCard(
      `${actor.name} ended this channel's subscription to ${target}.${stillSubscribed} What was posted here stays up to date.`,
    ),
  };
}

/** Why the channel still gets messages of these stacks: m0.yaml or another subscription. */
function whyStillReported(parts: ActionParts, place: Place, stacks: readonly Stack[]): string {
  const byConfig = parts.directory.stacks.filter(
    (s) => stacks.some((t) => t.name === s.name) && isReportedIn(s, place),
  );
  return byConfig.length > 0 ? 'that is what "channels" in m0.yaml says' : 'by another subscription';
}

/** The refusal if the target is not subscribed here. It says why the channel gets its messages, if it does. */
async function notSubscribed(
  parts: ActionParts,
  place: Place,
  target: string,
  subscribedHere: readonly Subscription[],
): Promise<Reply> {
  const stacks = targeted(parts, 'unsubscribe', target);
  if ('type' in stacks) return stacks;
  const byConfig = stacks.filter((s) => isReportedIn(s, place));
  if (byConfig.length > 0) {
    return refused(
      `That this channel hears of ${namesOf(byConfig)} is set in m0.yaml and can't be ended from chat: take the channel out of "channels" there, of the ${byConfig.length === 1 ? 'stack' : 'stacks'} or of "defaults".`,
    );
  }
  const names = new Set(stacks.map((s) => s.name));
  const wider = subscribedHere.filter((s) =>
    stacksOfSubscription(s, parts.directory).some((n) => names.has(n)),
  );
  if (wider.length > 0) {
    const targets = wider.map((s) => s.target);
    return refused(
      `This channel hears of it as it is subscribed to ${listed(targets)}.`,
      targets.map(endButton),
    );
  }
  const known = subscribedHere.length === 0 ? 'nothing' : listed(subscribedHere.map((s) => s.target));
  return refused(`This channel is not subscribed to ${target}. It is subscribed to ${known}.`);
}

/** The lines of `status` about the channel's subscriptions and how to subscribe. None in direct messages. */
export async function subscriptionBlocks(parts: ActionParts, place: Place): Promise<readonly Block[]> {
  if (isDirect(place)) return [];
  const subscribedHere = await subscriptionsAt(parts.store, place);
  const unmatched = subscribedHere.filter((s) => stacksOfSubscription(s, parts.directory).length === 0);
  const live = subscribedHere.filter((s) => !unmatched.includes(s));
  const [example] = parts.directory.stacks;
  const hears = live.length > 0 || parts.directory.stacks.some((s) => isReportedIn(s, place));
  return [
    ...(live.length === 0 ? [] : [context(text(`Subscribed to ${listed(live.map((s) => s.target))}`))]),
    ...unmatched.map((s) =>
      context(
        text(`Subscribed to ${s.target}, which names nothing in m0.yaml any more: `),
        code(unsubscribeText(s.target)),
      ),
    ),
    ...(hears
      ? []
      : [
          context(
            text('This channel hears of no stack, so these are all of them. To subscribe it: '),
            code(subscribeText(example?.environment ?? 'prod')),
          ),
        ]),
  ];
}
