/** Empties the outbox into the chats: at least once, de-duplicated by key, and each alert's history in its order. */

import { errorText } from '../base/error-text.ts';
import { type LogFields, withLogFields, withoutLogFields } from '../base/log-context.ts';
import { ChatError } from '../ports/chat.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { OutboxEntry } from '../ports/outbox.ts';
import { createPosting, isPermanent, type PostingParts } from './posting.ts';

export interface OutboxDispatcherParts extends PostingParts {
  readonly meter?: MetricsPort;
}

export interface OutboxDispatcher {
  /** Looks at the outbox now and from then on, until `drain`. */
  start(): void;
  /** Looks at the outbox soon, once started. */
  wake(): void;
  /** Delivers what is due now, each message once. Never rejects. */
  deliver(): Promise<void>;
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

export function createOutboxDispatcher(parts: OutboxDispatcherParts): OutboxDispatcher {
  const { store, clock, log } = parts;
  const posting = createPosting(parts);
  let timer: NodeJS.Timeout | null = null;
  /** The pass under way, or the last one: two passes would deliver a message twice. */
  let pass = Promise.resolve();
  let isPassing = false;
  /** Set where `wake` came during a pass, which may have missed what it was for. */
  let isWokenAgain = false;
  let isStarted = false;

  /** A card shows the newest state anyway: of several that wait, as after an outage, only the last is sent. */
  async function isOutdated({ id, message: delivery }: OutboxEntry): Promise<boolean> {
    if (delivery.type !== 'card' || !(await store.hasNewerCard(delivery.alertId, id))) return false;
    // The first one posts, so that what belongs under it has a place.
    return (await store.messages(delivery.alertId)).length > 0;
  }

  async function deliverDue(): Promise<void> {
    const due = await store.dueOutbox(clock(), BATCH);
    const held = new Set<number>();
    for (const entry of due) {
      // History is told in its order: behind a line that failed the later ones wait.
      if (entry.message.type === 'thread' && held.has(entry.message.alertId)) continue;
      const about: LogFields = entry.message.type === 'post' ? {} : { alert: entry.message.alertId };
      try {
        if (await isOutdated(entry)) {
          await store.outboxDone(entry.id, clock());
          continue;
        }
        // A process that was frozen may wake up after another one has delivered the rest.
        await store.proveOwner();
        await withLogFields(about, () => posting.deliver(entry, about));
        await store.outboxDone(entry.id, clock());
        parts.meter?.deliveryAttempted('delivered');
      } catch (error) {
        const text = errorText(error);
        if (isPermanent(error) && entry.message.type !== 'card') {
          log.error(
            { ...about, err: error, key: entry.key },
            'a message can not be delivered and is given up',
          );
          await store.outboxDone(entry.id, clock());
          parts.meter?.deliveryAttempted('given-up');
          continue;
        }
        if (entry.message.type === 'thread') held.add(entry.message.alertId);
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        parts.meter?.deliveryAttempted(wait === null ? 'failed' : 'slowed');
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

  function deliver(): Promise<void> {
    pass = pass.then(async () => {
      isPassing = true;
      isWokenAgain = false;
      try {
        await deliverDue();
      } catch (error) {
        log.error({ err: error }, 'looking at the outbox broke');
      } finally {
        isPassing = false;
      }
    });
    return pass;
  }

  function lookAfter(ms: number): void {
    if (!isStarted) return;
    if (timer) clearTimeout(timer);
    timer = withoutLogFields(() =>
      setTimeout(() => {
        void deliver().then(() => lookAfter(isWokenAgain ? 0 : IDLE_MS));
      }, ms),
    );
  }

  return {
    start() {
      isStarted = true;
      lookAfter(0);
    },
    wake() {
      if (isPassing) isWokenAgain = true;
      else lookAfter(0);
    },
    deliver,
    async drain() {
      isStarted = false;
      if (timer) clearTimeout(timer);
      await pass;
      await deliverDue().catch((error: unknown) => log.error({ err: error }, 'the last delivery broke'));
    },
  };
}
