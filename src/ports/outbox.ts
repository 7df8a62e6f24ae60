import type { Card } from '../messages/card.ts';
import type { Place } from '../model/directory.ts';

/** What must still reach a chat. Delivered at least once, de-duplicated by `key`. */
export type OutboxMessage =
  /** Bring every copy of the alert's card to the newest state, posting those that are missing. */
  | { readonly type: 'card'; readonly alertId: number }
  /** One line of history in the thread of each root message. Plain text. */
  | { readonly type: 'thread'; readonly alertId: number; readonly text: string }
  /**
   * A copy of the card to a person, with a line why that person. `alone`: even where a fleet tells of it; `again`: an
   * earlier one was refused.
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
   * Says again that the alert waits, loudly: in the thread of a person's copy, or, `person` null, in those of the
   * root messages and in their channels. Plain text. `orCopy`: a person without a copy gets one, and the text on it.
   */
  | {
      readonly type: 'nudge';
      readonly alertId: number;
      readonly person: string | null;
      readonly text: string;
      readonly orCopy?: true;
    }
  /** A message of its own that is posted once and never updated, as a digest is. */
  | { readonly type: 'post'; readonly place: Place; readonly card: Card };

export interface OutboxEntry {
  readonly id: number;
  readonly key: string;
  readonly message: OutboxMessage;
  readonly createdAt: number;
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly lastError: string | null;
}
