/** Empties the outbox into the chats: at least once, de-duplicated by key, and each alert's history in its order. */
import { assertNever } from '../assert-never.ts';
import type { Logger } from '../log.ts';
import { type LogFields, outside, within } from '../log-context.ts';
import type { Card } from '../messages/card.ts';
import { driftCard } from '../messages/drift-card.ts';
import { failureCard } from '../messages/failure-card.ts';
import { policyAlertCard } from '../messages/policy-alert-card.ts';
import type { Alert, OutboxEntry, Place, PostedMessage } from './alert.ts';
import type { Meter } from './meter.ts';
import { placesOfPolicy, policyAlertView } from './policy-trouble.ts';
import { ChatError, type ChatPort, type Platform } from './ports.ts';
import { driftView, failureView, stackOrGone, type ViewParts } from './view.ts';

export interface DeliveryParts extends ViewParts {
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  readonly log: Logger;
  readonly meter?: Meter;
}

export interface Delivery {
  /** Looks at the outbox soon. */
  wake(): void;
  /** Delivers what is due, then stops looking. */
  drain(): Promise<void>;
}

const BATCH = 50;
const IDLE_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;
/** A chat that asks for longer is asked again anyway. */
const LONGEST_WAIT_MS = 30 * 60_000;

/** Doubles from 2 s to 5 min: a chat that is down for an hour is not hammered. */
function backoff(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempts, LAST_RETRY_MS);
}

function isPermanent(error: unknown): boolean {
  return error instanceof ChatError && error.permanent;
}

function aboutOf(alert: Alert): LogFields {
  return alert.kind === 'policy' ? { policy: alert.stack } : { run: alert.runId, stack: alert.stack };
}

/** Rejects with what trying again may mend, else, where `insist`, with what it can't. */
function throwWorst(problems: readonly unknown[], insist: boolean): void {
  const [passing] = problems.filter((p) => !isPermanent(p));
  if (passing !== undefined) throw passing;
  if (insist && problems.length > 0) throw problems[0];
}

export function createDelivery(parts: DeliveryParts): Delivery {
  const { store, clock, log, directory } = parts;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let stopped = false;

  function chatOf(platform: Platform): ChatPort {
    const chat = parts.chats.get(platform);
    if (!chat)
      throw new ChatError(`${platform} is not configured under "chat" in m0.yaml`, { permanent: true });
    return chat;
  }

  async function cardOf(alert: Alert, messages: readonly PostedMessage[], why: string | null): Promise<Card> {
    if (alert.kind === 'policy') return policyAlertCard(policyAlertView(parts, alert));
    const run = await store.run(alert.runId);
    if (!run) throw new Error(`rendering alert ${alert.id}: run #${alert.runId} is not in the store`);
    if (alert.kind === 'failure') return failureCard(await failureView(parts, run, alert));
    return driftCard(await driftView(parts, run, alert, messages), { why });
  }

  async function post(
    alert: Alert,
    place: Place,
    person: string | null,
    why: string | null,
    messages: readonly PostedMessage[],
  ): Promise<void> {
    const where = 'channel' in place ? place.channel : place.user;
    const key = `alert:${alert.id}:${place.platform}:${where}`;
    const card = await cardOf(alert, messages, why);
    const posted = await chatOf(place.platform).post(place, card, key);
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

  async function placesOf(alert: Alert): Promise<readonly Place[]> {
    if (alert.kind === 'policy') return placesOfPolicy(directory, alert.stack);
    const run = await store.run(alert.runId);
    return run ? stackOrGone(directory, run).channels : [];
  }

  async function syncCard(alert: Alert): Promise<void> {
    const messages = await store.messages(alert.id);
    // One place that can't be reached keeps no other from hearing of it.
    const problems: unknown[] = [];
    for (const message of messages) {
      const card = await cardOf(alert, messages, message.why);
      try {
        await chatOf(message.platform).update(message.channel, message.messageId, card);
      } catch (error) {
        if (!isPermanent(error)) problems.push(error);
        else
          log.warn(
            { err: error, alert: alert.id, channel: message.channel },
            'a card can no longer be updated',
          );
      }
    }
    // What was superseded before it was ever posted is no news: its successor tells the story.
    for (const place of alert.state === 'superseded' ? [] : await placesOf(alert)) {
      const there = messages.some(
        (m) =>
          m.role === 'root' &&
          m.platform === place.platform &&
          'channel' in place &&
          m.channel === place.channel,
      );
      if (there) continue;
      try {
        await post(alert, place, null, null, messages);
      } catch (error) {
        problems.push(error);
      }
    }
    throwWorst(problems, alert.state === 'open');
  }

  /** `about` is completed with what the entry turns out to be about. */
  async function deliver(entry: OutboxEntry, about: LogFields): Promise<void> {
    const { delivery } = entry;
    if (delivery.d === 'post') {
      await chatOf(delivery.place.platform).post(delivery.place, delivery.card, entry.key);
      return;
    }
    const alert = await store.alert(delivery.alertId);
    if (!alert) throw new Error(`delivering ${entry.key}: alert ${delivery.alertId} is not in the store`);
    Object.assign(about, aboutOf(alert));
    switch (delivery.d) {
      case 'card':
        return syncCard(alert);
      case 'thread': {
        const roots = (await store.messages(alert.id)).filter((m) => m.role === 'root');
        if (roots.length === 0 && alert.state !== 'superseded') {
          throw new ChatError(`the message that "${entry.key}" belongs under is not posted yet`);
        }
        const problems: unknown[] = [];
        for (const m of roots) {
          try {
            await chatOf(m.platform).reply(m.channel, m.messageId, delivery.text, `${entry.key}:${m.id}`);
          } catch (error) {
            problems.push(error);
          }
        }
        return throwWorst(problems, true);
      }
      case 'dm': {
        if (alert.state !== 'open') return;
        const messages = await store.messages(alert.id);
        if (messages.some((m) => m.role === 'dm' && m.person === delivery.person)) return;
        const person = directory.people.find((p) => p.key === delivery.person);
        const place: Place | null = person?.slack
          ? { platform: 'slack', user: person.slack }
          : person?.teams
            ? { platform: 'teams', user: person.teams }
            : null;
        if (!place)
          throw new ChatError(`${delivery.person} has no chat id under "people"`, { permanent: true });
        await post(alert, place, delivery.person, delivery.why, messages);
        // The root card tells who was asked.
        return syncCard(alert);
      }
      default:
        return assertNever(delivery);
    }
  }

  async function deliverDue(): Promise<void> {
    const due = await store.dueOutbox(clock(), BATCH);
    const held = new Set<number>();
    for (const [index, entry] of due.entries()) {
      const alertId = entry.delivery.d === 'post' ? null : entry.delivery.alertId;
      // History is told in its order: behind a line that failed the later ones wait.
      if (entry.delivery.d === 'thread' && held.has(entry.delivery.alertId)) continue;
      const newer = due
        .slice(index + 1)
        .some((e) => e.delivery.d === 'card' && e.delivery.alertId === alertId);
      const messages =
        entry.delivery.d === 'card' && newer ? await store.messages(entry.delivery.alertId) : [];
      // A card shows the newest state anyway: of several in a row only the last is sent.
      if (messages.length > 0) {
        await store.outboxDone(entry.id, clock());
        continue;
      }
      const about: LogFields = alertId === null ? {} : { alert: alertId };
      try {
        await within(about, () => deliver(entry, about));
        await store.outboxDone(entry.id, clock());
        parts.meter?.attempted('delivered');
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (isPermanent(error) && entry.delivery.d !== 'card') {
          log.error(
            { ...about, err: error, key: entry.key },
            'a message can not be delivered and is given up',
          );
          await store.outboxDone(entry.id, clock());
          parts.meter?.attempted('given-up');
          continue;
        }
        if (entry.delivery.d === 'thread') held.add(entry.delivery.alertId);
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        parts.meter?.attempted(wait === null ? 'failed' : 'slowed');
        const pause = Math.min(wait ?? backoff(entry.attempts), LONGEST_WAIT_MS);
        await store.outboxFailed(entry.id, text, clock() + pause);
        // Being asked to slow down is everyday; anything else is worth a line.
        if (wait === null)
          log.warn(
            { ...about, err: error, key: entry.key, attempts: entry.attempts + 1 },
            'a delivery has to wait',
          );
      }
    }
  }

  function look(): void {
    if (running) return;
    running = deliverDue()
      .catch((error: unknown) => log.error({ err: error }, 'looking at the outbox broke'))
      .finally(() => {
        running = null;
        if (!stopped) timer = setTimeout(look, IDLE_MS);
      });
  }

  function wake(): void {
    if (stopped || running) return;
    if (timer) clearTimeout(timer);
    timer = outside(() => setTimeout(look, 0));
  }

  timer = setTimeout(look, 0);
  return {
    wake,
    async drain() {
      stopped = true;
      if (timer) clearTimeout(timer);
      await running;
      await deliverDue().catch((error: unknown) => log.error({ err: error }, 'the last delivery broke'));
    },
  };
}
