/** The messages that m0 still has to send to chats, as the store keeps them. */
import type { Card } from '../messages/card.ts';
import type { Place, Platform } from '../model/directory.ts';

/** A message to deliver to a chat: at least once, de-duplicated by its `key`. */
export type OutboxMessage =
  /**
   * Update every copy of the alert's card to the newest state, and post the missing copies. `found`: a check found the
   * problem again, so a copy that was deleted in the chat is posted once more.
   */
  | { readonly type: 'card'; readonly alertId: number; readonly found?: true }
  /** One line of history in the thread of each root message. Plain text. */
  | { readonly type: 'thread'; readonly alertId: number; readonly text: string }
  /**
   * A copy of the card for a person, with one line that says why that person gets it. `alone`: send it even if a
   * fleet message covers this alert. `again`: an earlier copy was refused.
   */
  | {
      readonly type: 'dm';
      readonly alertId: number;
      readonly person: string;
      readonly why: string;
      readonly alone?: true;
      readonly again?: true;
    }
  /**
   * A reminder that the alert still waits. It goes to the thread of the person's copy or, if `person` is null, to
   * the threads of the root messages and to their channels. Plain text. `orCopy`: a person without a copy gets one,
   * with the text on it.
   */
  | {
      readonly type: 'nudge';
      readonly alertId: number;
      readonly person: string | null;
      readonly text: string;
      readonly orCopy?: true;
    }
  /** Bring an answer that is followed to its newest state. */
  | {
      readonly type: 'answer';
      readonly platform: Platform;
      readonly channel: string;
      readonly messageId: string;
    }
  /** A message that is posted once and never updated, for example a digest. */
  | { readonly type: 'post'; readonly place: Place; readonly card: Card };

/** A stored message with the state of its delivery. Times in ms since epoch. */
export interface OutboxEntry {
  readonly id: number;
  readonly key: string;
  readonly message: OutboxMessage;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly lastError: string | null;
}
