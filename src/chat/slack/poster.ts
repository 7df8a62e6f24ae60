/** Posts and updates Slack messages, each at most once. */
import type { types } from '@slack/bolt';
import type { Card } from '../../messages/card.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { SlackApi } from './api.ts';
import { isUncertain } from './errors.ts';
import { notification } from './inert.ts';
import { LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import { renderCard } from './render.ts';

/** Messages per page when looking for one that may have been posted before. */
const PAGE_SIZE = 200;
const REPLY_PAGES = 5;
/** Largest number of remembered outcomes. A forgotten one costs one more call to Slack. */
const MAX_OUTCOMES = 5_000;

export interface Posted {
  readonly channel: string;
  readonly messageId: string;
}

/** The thread of a message. `loud`: the reply also shows in the channel. */
interface Thread {
  readonly ts: string;
  readonly loud: boolean;
}

function inThread(thread: Thread | null) {
  if (thread === null) return {};
  return thread.loud ? { thread_ts: thread.ts, reply_broadcast: true as const } : { thread_ts: thread.ts };
}

/** What is known of a key: where its message is, or that Slack refused it. */
type Outcome = Posted | 'refused';

/** Event type of the metadata that marks m0's messages, to avoid posting one twice. */
const EVENT_TYPE = 'm0';

interface Found {
  readonly ts?: string;
  readonly user?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: object };
}

function hasKey(message: Found, key: string, botUserId: string): boolean {
  // Any app may write any metadata, so only messages of m0 count.
  if (message.user !== botUserId || message.metadata?.event_type !== EVENT_TYPE) return false;
  const payload = message.metadata.event_payload;
  return payload !== undefined && 'key' in payload && payload.key === key;
}

/** A plain line as blocks, in which Slack parses nothing. */
function lineBlocks(text: string): types.KnownBlock[] {
  const shown = clip(visible(text), LIMITS.threadText);
  const element: types.RichTextText = { type: 'text', text: shown === '' ? '–' : shown };
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] }];
}

/** Posts and updates messages. Each key is posted at most once, even where Slack's answer was lost. */
export class Poster {
  readonly #api: SlackApi;
  readonly #people: SlackPeople;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #inFlight = new Map<string, Promise<Posted>>();
  readonly #directMessages = new Map<string, string>();

  constructor(api: SlackApi, people: SlackPeople) {
    this.#api = api;
    this.#people = people;
  }

  async post(place: Place, card: Card, key: string): Promise<Posted> {
    const channel = await this.channelOf(place);
    const { text, blocks } = renderCard(card, this.#people.slackId);
    return this.#postOnce(channel, null, key, text, blocks);
  }

  async reply(channel: string, messageId: string, text: string, key: string, loud = false): Promise<void> {
    const fallback = notification(text, LIMITS.fallbackText);
    await this.#postOnce(channel, { ts: messageId, loud }, key, fallback, lineBlocks(text));
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const { text, blocks } = renderCard(card, this.#people.slackId);
    await this.#api.call(`updating a message in ${channel}`, channel, (client) =>
      client.chat.update({ channel, ts: messageId, text, blocks }),
    );
  }

  /**
   * The channel of a place. For a person that is their direct messages with m0, opened if needed. Rejects
   * with a ChatError.
   */
  async channelOf(place: Place): Promise<string> {
    if ('channel' in place) return place.channel;
    const known = this.#directMessages.get(place.user);
    if (known !== undefined) return known;
    const doing = `opening direct messages with ${place.user}`;
    const answer = await this.#api.call(doing, null, (client) =>
      client.conversations.open({ users: place.user }),
    );
    const channel = answer.channel?.id;
    if (!channel) throw new ChatError(`${doing}: Slack named no channel`);
    this.#directMessages.set(place.user, channel);
    return channel;
  }

  #postOnce(
    channel: string,
    thread: Thread | null,
    key: string,
    text: string,
    blocks: types.KnownBlock[],
  ): Promise<Posted> {
    const id = JSON.stringify([channel, thread?.ts ?? null, key]);
    const inFlight = this.#inFlight.get(id);
    if (inFlight) return inFlight;
    const work = this.#postOrFind(id, channel, thread, key, text, blocks).finally(() => {
      this.#inFlight.delete(id);
    });
    this.#inFlight.set(id, work);
    return work;
  }

  async #postOrFind(
    id: string,
    channel: string,
    thread: Thread | null,
    key: string,
    text: string,
    blocks: types.KnownBlock[],
  ): Promise<Posted> {
    const known = this.#outcomes.get(id);
    if (known !== undefined && known !== 'refused') return known;
    if (known === undefined) {
      // The message may exist already: posted before a restart, or by a call whose answer was lost.
      const found = await this.#find(channel, thread?.ts ?? null, key);
      if (found !== null) return this.#remember(id, { channel, messageId: found });
    }
    try {
      const answer = await this.#api.call(`posting to ${channel}`, channel, (client) =>
        client.chat.postMessage({
          channel,
          text,
          blocks,
          ...inThread(thread),
          metadata: { event_type: EVENT_TYPE, event_payload: { key } },
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      if (!answer.ts) throw new ChatError(`posting to ${channel}: Slack gave the message no id`);
      return this.#remember(id, { channel: answer.channel ?? channel, messageId: answer.ts });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause === undefined || isUncertain(cause)) this.#outcomes.delete(id);
      else this.#remember(id, 'refused');
      throw error;
    }
  }

  #remember<T extends Outcome>(id: string, outcome: T): T {
    this.#outcomes.delete(id);
    this.#outcomes.set(id, outcome);
    if (this.#outcomes.size > MAX_OUTCOMES) {
      const [oldest] = this.#outcomes.keys();
      if (oldest !== undefined) this.#outcomes.delete(oldest);
    }
    return outcome;
  }

  /** Id of the message with this key, or null. Searches only the newest messages. */
  async #find(channel: string, thread: string | null, key: string): Promise<string | null> {
    const { botUserId } = await this.#api.identity();
    const doing = `looking in ${channel} for a message posted before`;
    if (thread === null) {
      const page = await this.#api.call(doing, channel, (client) =>
        client.conversations.history({ channel, include_all_metadata: true, limit: PAGE_SIZE }),
      );
      return page.messages?.find((m) => hasKey(m, key, botUserId))?.ts ?? null;
    }
    // Replies come oldest first, so the newest are on the last page.
    let cursor: string | undefined;
    for (let i = 0; i < REPLY_PAGES; i += 1) {
      const page = await this.#api.call(doing, channel, (client) =>
        client.conversations.replies({
          channel,
          ts: thread,
          include_all_metadata: true,
          limit: PAGE_SIZE,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const found = page.messages?.find((m) => hasKey(m, key, botUserId))?.ts;
      if (found !== undefined) return found;
      cursor = page.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) break;
    }
    return null;
  }
}
