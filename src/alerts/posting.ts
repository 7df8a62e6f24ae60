/** Delivers one outbox entry to the chats: cards and their copies, history lines and reminders. */
import { assertNever } from '../base/assert-never.ts';
import type { Logger } from '../base/log.ts';
import type { LogFields } from '../base/log-context.ts';
import type { Card } from '../messages/card.ts';
import { conditionsCard } from '../messages/conditions-card.ts';
import { driftCard } from '../messages/drift-card.ts';
import { emptyStateCard } from '../messages/empty-state-card.ts';
import { failureCard } from '../messages/failure-card.ts';
import { fleetCard } from '../messages/fleet-card.ts';
import { policyAlertCard } from '../messages/policy-alert-card.ts';
import { reachCard } from '../messages/reach-card.ts';
import { type Alert, isOfRun, type PostedMessage } from '../model/alert.ts';
import type { Place, Platform } from '../model/directory.ts';
import { ChatError, type ChatPort } from '../ports/chat.ts';
import type { OutboxEntry, OutboxMessage } from '../ports/outbox.ts';
import { driftView, failureView, stackOrRemoved, type ViewParts } from './drift-view.ts';
import { createFleets, type Recipient } from './fleet.ts';
import { fleetView } from './fleet-view.ts';
import { conditionsView, emptyStateView } from './plan-alert-views.ts';
import { placesOfPolicy, policyAlertView } from './policy-alerts.ts';
import { markRefused } from './refused-messages.ts';
import { directoryWithSubscriptions } from './subscriptions.ts';
import {
  addressOf,
  markChannelLost,
  markChannelWorking,
  placesOfPerson,
  placesOfUnreachable,
  unreachableView,
} from './unreachable.ts';

type DirectMessage = Extract<OutboxMessage, { readonly type: 'dm' }>;

export interface PostingParts extends ViewParts {
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly log: Logger;
}

export interface Posting {
  /**
   * Rejects with a ChatError if a chat refuses the message or can't be reached. A second call does not repeat what
   * the first one delivered. Adds the alert's run, stack or subject to the log fields `about`.
   */
  deliver(entry: OutboxEntry, about: LogFields): Promise<void>;
}

/** True if the chat refused the message for good, so another try is useless. */
export function isPermanent(error: unknown): boolean {
  return error instanceof ChatError && error.permanent;
}

/** Throws a temporary problem, because another try may help. Without one, throws a permanent one if `insist`. */
function throwProblems(problems: readonly unknown[], insist: boolean): void {
  const [temporary] = problems.filter((p) => !isPermanent(p));
  if (temporary !== undefined) throw temporary;
  if (insist && problems.length > 0) throw problems[0];
}

function isAt(message: PostedMessage, place: Place): boolean {
  return message.platform === place.platform && 'channel' in place && message.channel === place.channel;
}

function aboutOf(alert: Alert): LogFields {
  if (isOfRun(alert)) return { run: alert.runId, stack: alert.subject };
  return { [alert.kind]: alert.subject };
}

/** Creates the delivery of outbox entries; the dispatcher calls it. */
export function createPosting(parts: PostingParts): Posting {
  const { store, clock, log, directory } = parts;
  const fleets = createFleets({ store, clock });

  /** For one request: a process that is frozen between two of them may have been replaced when it goes on. */
  async function chatOf(platform: Platform): Promise<ChatPort> {
    await store.proveOwner();
    const chat = parts.chats.get(platform);
    if (!chat)
      throw new ChatError(`${platform} is not configured under "chat" in m0.yaml`, { permanent: true });
    return chat;
  }

  async function cardOf(alert: Alert, messages: readonly PostedMessage[], why: string | null): Promise<Card> {
    switch (alert.kind) {
      case 'policy':
        return policyAlertCard(policyAlertView(parts, alert));
      case 'fleet':
        return fleetCard(await fleetView(parts, alert));
      case 'reach':
        return reachCard(unreachableView(parts, alert));
      case 'drift':
      case 'failure':
      case 'empty-state':
      case 'conditions': {
        const run = await store.run(alert.runId);
        if (!run) throw new Error(`rendering alert ${alert.id}: run #${alert.runId} is not in the store`);
        if (alert.kind === 'failure') return failureCard(await failureView(parts, run, alert));
        if (alert.kind === 'empty-state') return emptyStateCard(emptyStateView(parts, run, alert));
        if (alert.kind === 'conditions') return conditionsCard(conditionsView(parts, run, alert));
        return driftCard(await driftView(parts, run, alert, messages), { why });
      }
      default:
        return assertNever(alert);
    }
  }

  async function post(alert: Alert, recipient: Recipient, messages: readonly PostedMessage[]): Promise<void> {
    const { place, person, why } = recipient;
    const where = 'channel' in place ? place.channel : place.user;
    const key = `alert:${alert.id}:${place.platform}:${where}`;
    const card = await cardOf(alert, messages, why);
    const posted = await (await chatOf(place.platform)).post(place, card, key);
    await store.addMessage({
      alertId: alert.id,
      platform: place.platform,
      ...posted,
      role: person === null ? 'root' : 'dm',
      person,
      why,
      postedAt: clock(),
    });
  }

  /** Posts the alert to the recipient, unless a fleet's message shows it there. */
  async function postOrJoin(
    alert: Alert,
    recipient: Recipient,
    messages: readonly PostedMessage[],
  ): Promise<void> {
    const joined = isOfRun(alert) && (await fleets.join(alert, recipient));
    if (!joined) await post(alert, recipient, messages);
  }

  async function recipientsOf(alert: Alert): Promise<readonly Recipient[]> {
    const known = await directoryWithSubscriptions({ store, directory });
    const inChannel = (place: Place): Recipient => ({ place, person: null, why: null });
    switch (alert.kind) {
      case 'policy':
        return placesOfPolicy(known, alert.subject).map(inChannel);
      case 'reach':
        return placesOfUnreachable(known, alert).map(inChannel);
      case 'fleet':
        return [alert.details];
      case 'drift':
      case 'failure':
      case 'empty-state':
      case 'conditions': {
        const run = await store.run(alert.runId);
        return run ? stackOrRemoved(known, run).channels.map(inChannel) : [];
      }
      default:
        return assertNever(alert);
    }
  }

  /** Stores that the recipient's chat refused the alert's message for good. */
  async function recordRefusal(alert: Alert, { place, person }: Recipient, error: unknown): Promise<void> {
    if (person === null) return markChannelLost(store, place, error);
    return markRefused(store, person, {
      alert: alert.id,
      to: addressOf(directory, person),
      error,
      now: clock(),
    });
  }

  async function syncCard(alert: Alert): Promise<void> {
    const messages = await store.messages(alert.id);
    // The errors are collected, so one place that can't be reached does not stop the delivery to the others.
    const problems: unknown[] = [];
    for (const message of messages) {
      const card = await cardOf(alert, messages, message.why);
      try {
        await (await chatOf(message.platform)).update(message.channel, message.messageId, card);
      } catch (error) {
        if (!isPermanent(error)) problems.push(error);
        else
          log.warn(
            { err: error, alert: alert.id, channel: message.channel },
            'a card can no longer be updated',
          );
      }
    }
    for (const recipient of await recipientsOf(alert)) {
      const there = messages.some((m) =>
        recipient.person === null
          ? m.role === 'root' && isAt(m, recipient.place)
          : m.person === recipient.person,
      );
      if (there) continue;
      try {
        // An alert that was superseded before it was posted needs no message: the newer one gets it.
        if (alert.state === 'superseded') continue;
        await postOrJoin(alert, recipient, messages);
        if (recipient.person === null) await markChannelWorking(store, recipient.place);
        else await store.removeRefusal(recipient.person, alert.id, clock());
      } catch (error) {
        if (isPermanent(error)) await recordRefusal(alert, recipient, error);
        problems.push(error);
      }
    }
    if (isOfRun(alert)) await fleets.refreshFleetsOf(alert.id);
    throwProblems(problems, alert.state === 'open');
  }

  async function addToThreads(alert: Alert, entry: OutboxEntry, text: string): Promise<void> {
    const roots = (await store.messages(alert.id)).filter((m) => m.role === 'root');
    if (roots.length === 0 && alert.state !== 'superseded' && !(await isShownByFleet(alert))) {
      throw new ChatError(`the message that "${entry.key}" belongs under is not posted yet`);
    }
    const problems: unknown[] = [];
    for (const m of roots) {
      try {
        await (await chatOf(m.platform)).reply(m.channel, m.messageId, text, `${entry.key}:${m.id}`);
      } catch (error) {
        problems.push(error);
      }
    }
    throwProblems(problems, true);
  }

  /** True if a fleet's message shows the alert. Such alerts get no history lines: people use `/m0 history`. */
  async function isShownByFleet(alert: Alert): Promise<boolean> {
    for (const recipient of await recipientsOf(alert))
      if (await fleets.shows(alert.id, recipient)) return true;
    return false;
  }

  /** Mentions the person in the Teams channel: a direct message needs the app installed for the person. */
  async function mentionInChannel(alert: Alert, entry: OutboxEntry, who: string, why: string): Promise<void> {
    const name = directory.people.find((p) => p.key === who)?.name ?? who;
    const text = `${name}: ${why}. I can’t write to you directly: add m0 for yourself in Teams.`;
    for (const m of await store.messages(alert.id)) {
      if (m.role !== 'root' || m.platform !== 'teams') continue;
      await (await chatOf(m.platform)).reply(
        m.channel,
        m.messageId,
        text,
        `${entry.key}:${m.id}`,
        false,
        who,
      );
    }
  }

  async function sendDirectMessage(
    alert: Alert,
    entry: OutboxEntry,
    { person: who, why, alone, again }: DirectMessage,
    messages: readonly PostedMessage[],
  ): Promise<void> {
    const channels = (await recipientsOf(alert)).map((recipient) => recipient.place);
    const places = placesOfPerson(directory, who, channels);
    const refusals: unknown[] = [];
    for (const place of places) {
      try {
        await (alone ? post : postOrJoin)(alert, { place, person: who, why }, messages);
        return;
      } catch (error) {
        // After a temporary error the same chat is tried again. Only a permanent one leads to the person's other
        // chat.
        if (!isPermanent(error)) throw error;
        refusals.push(error);
      }
    }
    const error = refusals[0] ?? new ChatError(`${who} has no chat id under "people"`, { permanent: true });
    const to = addressOf(directory, who);
    await markRefused(store, who, { alert: alert.id, to, error, now: clock() });
    // On later tries they have already been mentioned there.
    if (places.some((p) => p.platform === 'teams') && !again) await mentionInChannel(alert, entry, who, why);
    throw error;
  }

  async function ask(alert: Alert, entry: OutboxEntry, delivery: DirectMessage): Promise<void> {
    if (alert.state !== 'open') return;
    const { person } = delivery;
    const messages = await store.messages(alert.id);
    const copy = messages.find((m) => m.role === 'dm' && m.person === person);
    if (copy === undefined) await sendDirectMessage(alert, entry, delivery, messages);
    await store.removeRefusal(person, alert.id, copy?.postedAt ?? clock());
    // The card in the channel shows who was asked.
    return syncCard(alert);
  }

  async function nudge(
    alert: Alert,
    entry: OutboxEntry,
    { person: who, text, orCopy }: Extract<OutboxMessage, { type: 'nudge' }>,
  ): Promise<void> {
    if (alert.state !== 'open') return;
    const recipients = await recipientsOf(alert);
    const copies = (await store.messages(alert.id)).filter((m) =>
      // A channel that no longer gets the stack's alerts keeps the message, but gets no reminders.
      who === null ? m.role === 'root' && recipients.some(({ place }) => isAt(m, place)) : m.person === who,
    );
    if (who !== null && orCopy && copies.length === 0) {
      return ask(alert, entry, { type: 'dm', alertId: alert.id, person: who, why: text, alone: true });
    }
    const problems: unknown[] = [];
    for (const m of copies) {
      try {
        await (await chatOf(m.platform)).reply(m.channel, m.messageId, text, `${entry.key}:${m.id}`, true);
      } catch (error) {
        problems.push(error);
      }
    }
    throwProblems(problems, true);
  }

  return {
    async deliver(entry, about) {
      const { message: delivery } = entry;
      if (delivery.type === 'post') {
        await (await chatOf(delivery.place.platform)).post(delivery.place, delivery.card, entry.key);
        return;
      }
      const alert = await store.alert(delivery.alertId);
      if (!alert) throw new Error(`delivering ${entry.key}: alert ${delivery.alertId} is not in the store`);
      Object.assign(about, aboutOf(alert));
      switch (delivery.type) {
        case 'card':
          return syncCard(alert.kind === 'fleet' ? await fleets.closeIfDone(alert) : alert);
        case 'thread':
          return addToThreads(alert, entry, delivery.text);
        case 'dm':
          return ask(alert, entry, delivery);
        case 'nudge':
          return nudge(alert, entry, delivery);
        default:
          return assertNever(delivery);
      }
    },
  };
}
