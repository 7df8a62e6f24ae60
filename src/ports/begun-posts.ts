import type { Place } from '../model/directory.ts';

/** The message of an alert that is on its way to a chat. */
export interface BegunPost {
  readonly alertId: number;
  /** The key under which the chat knows the message. */
  readonly key: string;
  readonly place: Place;
  /** The person whose copy it is, and why they are asked; null for a message in a channel. */
  readonly person: string | null;
  readonly why: string | null;
  /** The id of the stored message that it is posted in place of, because that one was deleted; null for a new one. */
  readonly replaces: number | null;
}

/**
 * The record of the messages that a chat was asked to post, until they are stored. Where m0 ends in between, the next m0
 * reads here that a message may be in the chat which it does not know yet.
 */
export interface BegunPosts {
  /** Call it before the chat is asked. A post that has begun before stays as it is. */
  beginPost(post: BegunPost): Promise<void>;
  /** Call it when the message is stored, or is not in the chat. A missing post is no error. */
  endPost(alertId: number, key: string): Promise<void>;
  begunPosts(alertId: number): Promise<readonly BegunPost[]>;
}
