/** The messages of alerts that are in the chats, also those that m0 was killed before it stored. */
import type { Alert, PostedMessage } from '../model/alert.ts';
import type { Clock, Platform } from '../model/directory.ts';
import type { BegunPost } from '../ports/begun-posts.ts';
import type { ChatPort } from '../ports/chat.ts';
import type { Store } from '../ports/store.ts';
import { isPermanent } from './copies.ts';

export interface PostedMessagesParts {
  readonly store: Pick<Store, 'messages' | 'addMessage' | 'replaceMessage' | 'begunPosts' | 'endPost'>;
  readonly clock: Clock;
  /** For one request. */
  readonly chatOf: (platform: Platform) => Promise<ChatPort>;
  /** Lets older cards point to the message that is about to be stored. */
  readonly pointTo: (alert: Alert, event: string) => Promise<void>;
}

export interface PostedMessages {
  /** Stores a message that is in the chat. Each step can be repeated, until the last one ends the post. */
  storePosted(
    alert: Alert,
    begun: BegunPost,
    posted: Pick<PostedMessage, 'channel' | 'messageId'>,
  ): Promise<void>;
  /**
   * The alert's messages. First stores those that a chat has and that m0 was killed before it stored: otherwise m0 would
   * never update them. Rejects with a ChatError if a chat can't be reached.
   */
  messagesOf(alert: Alert): Promise<readonly PostedMessage[]>;
}

export function createPostedMessages({ store, clock, chatOf, pointTo }: PostedMessagesParts): PostedMessages {
  async function storePosted(
    alert: Alert,
    { key, place, person, why, replaces }: BegunPost,
    posted: Pick<PostedMessage, 'channel' | 'messageId'>,
  ): Promise<void> {
    const where = `posted:${place.platform}:${posted.channel}`;
    if (replaces === null) {
      await pointTo(alert, where);
      await store.addMessage({
        ...{ alertId: alert.id, platform: place.platform, ...posted, person, why },
        role: person === null ? 'root' : 'dm',
        postedAt: clock(),
      });
    } else {
      await pointTo(alert, `${where}:${posted.messageId}`);
      await store.replaceMessage(replaces, { ...posted, postedAt: clock() });
    }
    await store.endPost(alert.id, key);
  }

  /** Null if the message is not in the chat, or if the chat refuses to tell. */
  async function findPosted({ place, key }: BegunPost) {
    try {
      return await (await chatOf(place.platform)).find(place, key);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      return null;
    }
  }

  async function messagesOf(alert: Alert): Promise<readonly PostedMessage[]> {
    for (const begun of await store.begunPosts(alert.id)) {
      const posted = await findPosted(begun);
      if (posted === null) await store.endPost(alert.id, begun.key);
      else await storePosted(alert, begun, posted);
    }
    return store.messages(alert.id);
  }

  return { storePosted, messagesOf };
}
