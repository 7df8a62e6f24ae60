/** Takes in events of the chats also while the store can't be written. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import type { Platform } from '../model/directory.ts';
import type { ChatInbox, SeenEvents } from '../ports/chat-store.ts';
import { storeUnavailable } from '../ports/store-error.ts';

/** How long an event waits for the store, in ms. Slack wants an answer within three seconds. */
const PATIENCE_MS = 1_500;
/** How many events are remembered here. */
const MOST = 5_000;

/** Asks the store whether the event is new; without an answer in time it is, once. */
type Patience = (platform: Platform, key: string, ask: () => Promise<boolean>) => Promise<boolean>;

function createPatience(log: Logger): Patience {
  const unstored = new Set<string>();
  return async (platform, key, ask) => {
    const name = JSON.stringify([platform, key]);
    if (unstored.has(name)) return false;
    const answer = ask().catch((error: unknown) => {
      if (storeUnavailable(error) === null) throw error;
      log.warn({ err: error, platform }, 'an event of a chat could not be stored as seen');
      return null;
    });
    const isNew = await Promise.race([answer, sleep(PATIENCE_MS, null, { ref: false })]);
    if (isNew !== null) return isNew;
    unstored.add(name);
    const [oldest] = unstored;
    if (unstored.size > MOST && oldest !== undefined) unstored.delete(oldest);
    return true;
  };
}

/**
 * As `events`; but an event that can't be stored in time is taken in all the same, because its sender must get an
 * answer: the command says whether anything was stored. This process then remembers it, so that it has no second
 * effect if the chat sends it again.
 */
export function patientEvents(events: SeenEvents, log: Logger): SeenEvents {
  const patience = createPatience(log);
  return {
    isNewEvent: (platform, key, now) => patience(platform, key, () => events.isNewEvent(platform, key, now)),
  };
}

/**
 * As `inbox`, with the same patience: a command that can't be kept in time is carried out all the same, and is lost if
 * m0 ends before. What can't be marked as carried out is logged; the next start then carries it out once more.
 */
export function patientInbox(inbox: ChatInbox, log: Logger): ChatInbox {
  const patience = createPatience(log);
  /** What is being stored now, by platform and key: it must not be stored after it was carried out. */
  const storing = new Map<string, Promise<unknown>>();

  function tracked<T>(platform: Platform, key: string, work: Promise<T>): Promise<T> {
    const name = JSON.stringify([platform, key]);
    const settled = work.then(
      () => storing.delete(name),
      () => storing.delete(name),
    );
    storing.set(name, settled);
    return work;
  }

  return {
    isNewEvent: (platform, key, now) => patience(platform, key, () => inbox.isNewEvent(platform, key, now)),
    takeIn: (platform, key, payload, now) =>
      patience(platform, key, () => tracked(platform, key, inbox.takeIn(platform, key, payload, now))),
    async keepIn(platform, key, payload, now) {
      const kept = tracked(platform, key, inbox.keepIn(platform, key, payload, now)).catch(
        (error: unknown) => {
          log.warn({ err: error, platform }, 'a command that takes long could not be stored');
        },
      );
      await Promise.race([kept, sleep(PATIENCE_MS, null, { ref: false })]);
    },
    async carriedOut(platform, key) {
      await storing.get(JSON.stringify([platform, key]));
      await inbox.carriedOut(platform, key).catch((error: unknown) => {
        log.error({ err: error, platform }, 'a command may be carried out once more after a restart');
      });
    },
    leftIn: (platform) => inbox.leftIn(platform),
  };
}
