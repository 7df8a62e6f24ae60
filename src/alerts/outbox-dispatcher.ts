/**
 * Delivers the messages of the outbox to the chats: at least once, de-duplicated by their keys, and the history of
 * each alert in order.
 */

import { errorText } from '../base/error-text.ts';
import { type LogFields, withLogFields, withoutLogFields } from '../base/log-context.ts';
import { ChatError } from '../ports/chat.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { OutboxEntry } from '../ports/outbox.ts';
import { LeaseLost } from '../ports/owner.ts';
import { storeUnavailable } from '../ports/store-error.ts';
import { isPermanent } from './copies.ts';
import { createPosting, type PostingParts } from './posting.ts';
import { showNewest } from './show-newest.ts';
import { Undeliverable } from './undeliverable.ts';

export interface OutboxDispatcherParts extends PostingParts {
  readonly meter?: MetricsPort;
}

export interface OutboxDispatcher {
  /** Starts the delivery. It repeats until `drain`. */
  start(): void;
  /** Delivers soon, if started. */
  wake(): void;
  /** Tries once to deliver each message that is due now. Never rejects. */
  deliver(): Promise<void>;
  /** Stops the repetition and tries once more to deliver what is due. Never rejects. */
  drain(): Promise<void>;
}

const BATCH = 50;
const IDLE_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Longest pause before the next try, also if the chat asks for a longer one. */
const MAX_PAUSE_MS = 30 * 60_000;

/** The pause in ms before the next try. It doubles from 2 s to 5 min, to spare a chat that is down for long. */
function backoff(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempts, LAST_RETRY_MS);
}

/** Creates the dispatcher. It delivers nothing before `start`, unless `deliver` is called. */
export function createOutboxDispatcher(parts: OutboxDispatcherParts): OutboxDispatcher {
  const { store, clock, log } = parts;
  const posting = createPosting(parts);
  let timer: NodeJS.Timeout | null = null;
  /** The running pass, or the last one. The next one waits for it: two at a time would deliver messages twice. */
  let pass = Promise.resolve();
  let isPassing = false;
  /** True if `wake` was called during a pass, which may have missed the new message. */
  let isWokenAgain = false;
  let isStarted = false;
  /** True once another process has taken over. This one delivers nothing after that. */
  let isReplaced = false;

  /** True if a newer update of the same card waits, as after an outage: a card always shows the newest state. */
  async function isOutdated({ id, message: delivery }: OutboxEntry): Promise<boolean> {
    if (delivery.type !== 'card') return false;
    // Only another find takes the place of a find: it decides whether a deleted message is posted again.
    const isFind = delivery.found === true && (await store.alert(delivery.alertId))?.state === 'open';
    if (!(await store.hasNewerCard(delivery.alertId, id, isFind))) return false;
    // The first one is sent all the same, because replies need the message that it posts.
    return (await store.messages(delivery.alertId)).length > 0;
  }

  /**
   * Corrects the cards that this process was updating when another one took over. It may have been frozen in between, and
   * then its late update has replaced the newer card of the other process.
   */
  async function leaveNewest(): Promise<void> {
    isReplaced = true;
    for (const alert of posting.updating) {
      try {
        await showNewest(parts, alert);
      } catch (error) {
        log.warn({ err: error, alert }, 'a card may show what is not true any more');
      }
    }
  }

  /** Delivers one entry, and stores what became of it. True: it failed, and has to wait. */
  async function deliverOne(entry: OutboxEntry): Promise<boolean> {
    const about: LogFields = 'alertId' in entry.message ? { alert: entry.message.alertId } : {};
    try {
      if (await isOutdated(entry)) {
        await store.outboxDone(entry.id, clock());
        return false;
      }
      await withLogFields(about, () => posting.deliver(entry, about));
      await store.outboxDone(entry.id, clock());
      parts.meter?.deliveryAttempted('delivered');
      return false;
    } catch (error) {
      // The message may have been sent. Its key keeps the next try from sending it again.
      if (storeUnavailable(error) !== null || error instanceof LeaseLost) throw error;
      const text = errorText(error);
      const isHopeless = error instanceof Undeliverable;
      if (isHopeless || (isPermanent(error) && entry.message.type !== 'card')) {
        log.error({ ...about, err: error, key: entry.key }, 'a message can not be delivered and is given up');
        if (entry.message.type === 'answer') await parts.answers?.forget(entry.message);
        await store.outboxDone(entry.id, clock());
        parts.meter?.deliveryAttempted('given-up');
        return false;
      }
      const wait = error instanceof ChatError ? error.retryAfterMs : null;
      parts.meter?.deliveryAttempted(wait === null ? 'failed' : 'slowed');
      const pause = Math.min(wait ?? backoff(entry.attempts), MAX_PAUSE_MS);
      await store.outboxFailed(entry.id, text, clock() + pause);
      // Rate limits are normal and not logged.
      if (wait === null)
        log.warn(
          { ...about, err: error, key: entry.key, attempts: entry.attempts + 1 },
          'a delivery has to wait',
        );
      return true;
    }
  }

  async function deliverDue(): Promise<void> {
    if (isReplaced) return;
    const due = await store.dueOutbox(clock(), BATCH);
    const blockedThreads = new Set<number>();
    for (const entry of due) {
      // To keep the history in order, later lines of an alert wait for a line that failed.
      if (entry.message.type === 'thread' && blockedThreads.has(entry.message.alertId)) continue;
      try {
        const waits = await deliverOne(entry);
        if (waits && entry.message.type === 'thread') blockedThreads.add(entry.message.alertId);
      } catch (error) {
        if (error instanceof LeaseLost) await leaveNewest();
        throw error;
      }
    }
  }

  function deliver(): Promise<void> {
    pass = pass.then(async () => {
      isPassing = true;
      isWokenAgain = false;
      try {
        await deliverDue();
      } catch (error) {
        const why = storeUnavailable(error);
        if (why === null) log.error({ err: error }, 'looking at the outbox broke');
        else log.warn({ err: error, why }, 'deliveries wait, because nothing can be stored');
      } finally {
        isPassing = false;
      }
    });
    return pass;
  }

  function schedulePass(ms: number): void {
    if (!isStarted) return;
    if (timer) clearTimeout(timer);
    timer = withoutLogFields(() =>
      setTimeout(() => {
        void deliver().then(() => schedulePass(isWokenAgain ? 0 : IDLE_MS));
      }, ms),
    );
  }

  return {
    start() {
      isStarted = true;
      schedulePass(0);
    },
    wake() {
      if (isPassing) isWokenAgain = true;
      else schedulePass(0);
    },
    deliver,
    async drain() {
      isStarted = false;
      if (timer) clearTimeout(timer);
      await pass;
      await deliverDue().catch((error: unknown) => log.error({ err: error }, 'the last delivery failed'));
    },
  };
}
