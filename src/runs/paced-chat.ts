/** A chat that is left alone for as long as it asked to be. */
import type { Clock } from './ports.ts';
import { ChatError, type ChatPort } from './ports.ts';

/**
 * The chat, with its calls refused here for as long as it said to wait: posts and replies by their channel, since
 * platforms count those a channel; updates all together, since they count those as a whole. So one busy channel holds
 * up no other, and nobody is asked again before the time.
 */
export function pacedChat(chat: ChatPort, clock: Clock): ChatPort {
  const until = new Map<string, number>();

  async function paced<T>(key: string, call: () => Promise<T>): Promise<T> {
    const left = (until.get(key) ?? 0) - clock();
    if (left > 0) {
      throw new ChatError(`${chat.platform} asked to wait ${Math.ceil(left / 1000)} s more`, {
        retryAfterMs: left,
      });
    }
    until.delete(key);
    try {
      return await call();
    } catch (error) {
      if (error instanceof ChatError && error.retryAfterMs !== null)
        until.set(key, clock() + error.retryAfterMs);
      throw error;
    }
  }

  return {
    platform: chat.platform,
    post: (place, card, key) =>
      paced(`to ${'channel' in place ? place.channel : place.user}`, () => chat.post(place, card, key)),
    update: (channel, messageId, card) => paced('updates', () => chat.update(channel, messageId, card)),
    reply: (channel, messageId, text, key, loud) =>
      paced(`to ${channel}`, () => chat.reply(channel, messageId, text, key, loud)),
    usergroup: (id) => chat.usergroup(id),
  };
}
