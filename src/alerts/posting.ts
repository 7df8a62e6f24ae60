/** Delivers one outbox entry to the chats: cards and their copies, history lines and reminders. */
import { assertNever } from '../base/assert-never.ts';
import type { Logger } from '../base/log.ts';
import type { LogFields } from '../base/log-context.ts';
import type { Card } from '../messages/card.ts';
import { type Alert, isOfRun, type PostedMessage } from '../model/alert.ts';
import type { Place, Platform } from '../model/directory.ts';
import { isAlertOfBackup, messageKey } from '../model/memory.ts';
import { ChatError, type ChatPort } from '../ports/chat.ts';
import type { OutboxEntry, OutboxMessage } from '../ports/outbox.ts';
import { cardOfAlert } from './card-of-alert.ts';
import { againText, isAt, isCopyFor, isDeleted, isPermanent, postKey, recipientOfCopy } from './copies.ts';
import { stackOrRemoved, type ViewParts } from './drift-view.ts';
import { createFleets, type Recipient } from './fleet.ts';
import { hasPlace, isUrgentDrift } from './fleet-rules.ts';
import type { FollowedAnswers } from './followed-answers.ts';
import { readerOf } from './open-card.ts';
import { placesOfPause } from './pause-views.ts';
import { updatePointers, updatePointersToFleet } from './pointers.ts';
import { placesOfPolicy } from './policy-alerts.ts';
import { createPostedMessages } from './posted-messages.ts';
import { markRefused } from './refused-messages.ts';
import { directoryWithSubscriptions } from './subscriptions.ts';
import { Undeliverable } from './undeliverable.ts';
import {
  addressOf,
  markChannelLost,
  markChannelWorking,
  placesOfPerson,
  placesOfUnreachable,
} from './unreachable.ts';

type DirectMessage = Extract<OutboxMessage, { readonly type: 'dm' }>;

export interface PostingParts extends ViewParts {
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly log: Logger;
  /** Left out: no answers are followed. */
  readonly answers?: FollowedAnswers;
}

export interface Posting {
  /**
   * Rejects with a ChatError if a chat refuses the message or can't be reached. A second call does not repeat what
   * the first one delivered. Adds the alert's run, stack or subject to the log fields `about`.
   */
  deliver(entry: OutboxEntry, about: LogFields): Promise<void>;
  /** Ids of the alerts whose messages the last delivery has updated, or has tried to update. */
  readonly updating: ReadonlySet<number>;
}

/** Throws a temporary problem, because another try may help. Without one, throws a permanent one if `insist`. */
function throwProblems(problems: readonly unknown[], insist: boolean): void {
  const [temporary] = problems.filter((p) => !isPermanent(p));
  if (temporary !== undefined) throw temporary;
  if (insist && problems.length > 0) throw problems[0];
}

function aboutOf(alert: Alert): LogFields {
  if (isOfRun(alert)) return { run: alert.runId, stack: alert.subject };
  return { [alert.kind]: alert.subject };
}

/** Creates the delivery of outbox entries; the dispatcher calls it. */
export function createPosting(parts: PostingParts): Posting {
  const { store, clock, log, directory } = parts;
  const updating = new Set<number>();
  const fleets = createFleets({ store, clock, isUrgent: (alert) => isUrgentDrift(parts, alert) });

  /** For one request: a process that is frozen between two of them may have been replaced when it goes on. */
  async function chatOf(platform: Platform): Promise<ChatPort> {
    await store.proveOwner();
    const chat = parts.chats.get(platform);
    if (!chat)
      throw new ChatError(`${platform} is not configured under "chat" in m0.yaml`, { permanent: true });
    return chat;
  }

  const { messagesOf, storePosted } = createPostedMessages({ store, clock, chatOf, pointTo });

  /** The key under which the chat knows the alert's message in the place, see `messageKey`. */
  async function keyOfPost(alert: Alert, place: Place, instead: string | null = null): Promise<string> {
    return messageKey(await store.memory(), { alert: alert.id }, postKey(alert, place, instead));
  }

  /** The key under which the chat knows what it gets of this delivery. `part` is the message that a line belongs to. */
  async function keyOfDelivery(entry: OutboxEntry, part: PostedMessage | null = null): Promise<string> {
    const key = part === null ? entry.key : `${entry.key}:${part.id}`;
    return messageKey(await store.memory(), { delivery: entry.id }, key);
  }

  /** Posts the card. What the former memory posted of an alert of a restored back-up may be there already. */
  async function postOrFind(
    alert: Alert,
    place: Place,
    card: Card,
    key: string,
  ): Promise<Pick<PostedMessage, 'channel' | 'messageId'>> {
    const posted = await (await chatOf(place.platform)).post(place, card, key);
    if (isAlertOfBackup(await store.memory(), alert.id)) {
      await (await chatOf(place.platform)).update(posted.channel, posted.messageId, card);
    }
    return posted;
  }

  async function post(alert: Alert, recipient: Recipient, messages: readonly PostedMessage[]): Promise<void> {
    const { place, person, why } = recipient;
    const card = await cardOfAlert(parts, alert, messages, { ...readerOf(recipient), why });
    const key = await keyOfPost(alert, place);
    const begun = { alertId: alert.id, key, place, person, why, replaces: null };
    await store.beginPost(begun);
    await storePosted(alert, begun, await postOrFind(alert, place, card, key));
  }

  /**
   * Posts the card anew in place of a copy that was deleted. Each step can be repeated: until the new one is stored, the
   * stored copy is the deleted one, whose next update leads here again.
   */
  async function postAgain(
    alert: Alert,
    lost: PostedMessage,
    recipient: Recipient,
    messages: readonly PostedMessage[],
  ): Promise<void> {
    const { place, why } = recipient;
    const key = await keyOfPost(alert, place, lost.messageId);
    const card = await cardOfAlert(parts, alert, messages, { ...readerOf(lost), why });
    const begun = { alertId: alert.id, key, place, person: lost.person, why, replaces: lost.id };
    await store.beginPost(begun);
    const posted = await postOrFind(alert, place, card, key);
    try {
      const chat = await chatOf(place.platform);
      await chat.reply(posted.channel, posted.messageId, againText(alert), `${key}:note`);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      log.warn({ err: error, alert: alert.id }, 'a message was posted again, without the line that says so');
    }
    await storePosted(alert, begun, posted);
    log.info({ alert: alert.id, channel: posted.channel }, 'a deleted message was posted again');
  }

  /** Older cards must point to a message from the moment that it is stored, so this is queued just before that. */
  async function pointTo(alert: Alert, event: string): Promise<void> {
    if (alert.kind === 'fleet') await updatePointersToFleet(parts, alert, event);
    else await updatePointers(parts, alert, event);
  }

  /** Posts the alert to the recipient, unless a fleet's message shows it there. */
  async function postOrJoin(
    alert: Alert,
    recipient: Recipient,
    messages: readonly PostedMessage[],
  ): Promise<void> {
    const joined = isOfRun(alert) && (await fleets.join(alert, recipient));
    if (!joined) await post(alert, recipient, messages);
    else await updatePointers(parts, alert, `joined:${recipient.place.platform}`);
  }

  async function recipientsOf(alert: Alert): Promise<readonly Recipient[]> {
    const known = await directoryWithSubscriptions({ store, directory });
    const inChannel = (place: Place): Recipient => ({ place, person: null, why: null });
    switch (alert.kind) {
      case 'policy':
        return placesOfPolicy(known, alert.subject).map(inChannel);
      case 'reach':
        return placesOfUnreachable(known, alert).map(inChannel);
      case 'pause':
        return placesOfPause(known, alert.subject).map(inChannel);
      case 'config':
        return alert.details.places.map(inChannel);
      case 'first-checks':
        return [inChannel(alert.details.place)];
      case 'fleet':
        return (await hasPlace(store, known, parts.chats, alert)) ? [alert.details] : [];
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

  /** `found`: a check found the problem again, so a copy that was deleted is posted once more. */
  async function syncCard(alert: Alert, found = false): Promise<void> {
    const messages = await messagesOf(alert);
    const recipients = await recipientsOf(alert);
    // The errors are collected, so one place that can't be reached does not stop the delivery to the others.
    const problems: unknown[] = [];
    for (const message of messages) {
      const card = await cardOfAlert(parts, alert, messages, { ...readerOf(message), why: message.why });
      try {
        const chat = await chatOf(message.platform);
        updating.add(alert.id);
        await chat.update(message.channel, message.messageId, card);
      } catch (error) {
        const again = found && alert.state === 'open' && isDeleted(error);
        const recipient = again ? recipientOfCopy(message, recipients, directory) : null;
        if (recipient !== null)
          await attempt(alert, recipient, problems, (r) => postAgain(alert, message, r, messages));
        else if (!isPermanent(error)) problems.push(error);
        else
          log.warn(
            { err: error, alert: alert.id, channel: message.channel },
            'a card can no longer be updated',
          );
      }
    }
    for (const recipient of recipients) {
      if (messages.some((message) => isCopyFor(message, recipient))) continue;
      // An alert that was superseded before it was posted needs no message: the newer one gets it.
      if (alert.state === 'superseded') continue;
      // What a restored back-up still had to post about an alert that is over is no news any more.
      if (alert.state !== 'open' && isAlertOfBackup(await store.memory(), alert.id)) continue;
      await attempt(alert, recipient, problems, (r) => postOrJoin(alert, r, messages));
    }
    if (isOfRun(alert)) await fleets.refreshFleetsOf(alert.id, found);
    if (alert.state !== 'open') await updatePointers(parts, alert, alert.state);
    throwProblems(problems, alert.state === 'open');
  }

  /** Posts to the recipient, and stores whether the chat took it. An error is added to `problems`. */
  async function attempt(
    alert: Alert,
    recipient: Recipient,
    problems: unknown[],
    posting: (recipient: Recipient) => Promise<void>,
  ): Promise<void> {
    try {
      await posting(recipient);
      if (recipient.person === null) await markChannelWorking(store, recipient.place);
      else await store.removeRefusal(recipient.person, alert.id, clock());
    } catch (error) {
      if (isPermanent(error)) await recordRefusal(alert, recipient, error);
      problems.push(error);
    }
  }

  async function addToThreads(alert: Alert, entry: OutboxEntry, text: string): Promise<void> {
    const roots = (await store.messages(alert.id)).filter((m) => m.role === 'root');
    if (roots.length === 0) {
      // A fleet's message gets no history lines: people use `/m0 history`.
      if (alert.state === 'superseded' || (await fleets.covers(alert.id))) return;
      if (await store.hasNewerCard(alert.id, 0))
        throw new ChatError(`the message that "${entry.key}" belongs under is not posted yet`);
      // No place gets the alert any more: its stack left m0.yaml, or its only channel refused it until it ended.
      log.warn({ alert: alert.id, key: entry.key }, 'a line of history has no message that it belongs to');
      return;
    }
    const problems: unknown[] = [];
    for (const m of roots) {
      try {
        const key = await keyOfDelivery(entry, m);
        await (await chatOf(m.platform)).reply(m.channel, m.messageId, text, key);
      } catch (error) {
        // A person deleted the message, so nobody misses the line there. The next check that finds the drift posts it.
        if (isDeleted(error))
          log.info({ alert: alert.id, channel: m.channel }, 'a line for a deleted message is left out');
        else problems.push(error);
      }
    }
    throwProblems(problems, true);
  }

  /** Mentions the person in the Teams channel: a direct message needs the app installed for the person. */
  async function mentionInChannel(alert: Alert, entry: OutboxEntry, who: string, why: string): Promise<void> {
    const name = directory.people.find((p) => p.key === who)?.name ?? who;
    const text = `${name}: ${why}. I can’t write to you directly: add m0 for yourself in Teams.`;
    for (const m of await store.messages(alert.id)) {
      if (m.role !== 'root' || m.platform !== 'teams') continue;
      const key = await keyOfDelivery(entry, m);
      await (await chatOf(m.platform)).reply(m.channel, m.messageId, text, key, false, who);
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
    const messages = await messagesOf(alert);
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
        const key = await keyOfDelivery(entry, m);
        await (await chatOf(m.platform)).reply(m.channel, m.messageId, text, key, true);
      } catch (error) {
        problems.push(error);
      }
    }
    throwProblems(problems, true);
  }

  return {
    updating,

    async deliver(entry, about) {
      updating.clear();
      const { message: delivery } = entry;
      if (delivery.type === 'post') {
        const { place, card } = delivery;
        await (await chatOf(place.platform)).post(place, card, await keyOfDelivery(entry));
        return;
      }
      if (delivery.type === 'answer') {
        await parts.answers?.deliver(delivery, await chatOf(delivery.platform));
        return;
      }
      const alert = await store.alert(delivery.alertId);
      if (!alert)
        throw new Undeliverable(`delivering ${entry.key}: alert ${delivery.alertId} is not in the store`);
      Object.assign(about, aboutOf(alert));
      switch (delivery.type) {
        case 'card':
          return syncCard(
            alert.kind === 'fleet' ? await fleets.closeIfDone(alert) : alert,
            delivery.found === true,
          );
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
