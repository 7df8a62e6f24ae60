/** Carries out what a chat was told is taken in and an earlier process did not get to. */
import type { Logger } from '../base/log.ts';
import type { Platform } from '../model/directory.ts';
import type { ChatInbox } from '../ports/chat-store.ts';

/** A command that ended this many starts is not tried again: it may be what ends them. */
const MOST_ATTEMPTS = 3;

/** What a person is told of a command that is given up. */
export const GIVEN_UP =
  'm0 was stopped again and again while it worked on your command, and gave it up. Please look whether it was carried out, and ask again.';

export interface LeftCommandParts {
  readonly inbox: ChatInbox;
  readonly platform: Platform;
  readonly log: Logger;
  /**
   * Carries the command out, and marks it as carried out after its answer. Resolves once it is carried out, which may be
   * before the answer, so that the next one comes after it. `isGivenUp`: only tells the person. False: nothing reads it.
   */
  readonly carryOut: (key: string, payload: string, isGivenUp: boolean) => Promise<boolean>;
}

/** Carries out the left commands one after another, in the order in which they came. Never rejects. */
export async function carryOutLeft({ inbox, platform, log, carryOut }: LeftCommandParts): Promise<void> {
  try {
    for (const { key, payload, attempts } of await inbox.leftIn(platform)) {
      const isGivenUp = attempts > MOST_ATTEMPTS;
      const about = { platform, attempts };
      if (isGivenUp) log.error(about, 'a command ended several starts and is given up');
      else log.warn(about, 'a command that was acknowledged before a stop is carried out now');
      if (await carryOut(key, payload, isGivenUp)) continue;
      log.error(about, 'a command that is kept can not be read and is given up');
      await inbox.carriedOut(platform, key);
    }
  } catch (error) {
    log.error({ err: error, platform }, 'commands that an earlier process left could not be carried out');
  }
}
