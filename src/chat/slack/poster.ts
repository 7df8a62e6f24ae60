/** Posts and updates Slack messages, each at most once. */
import type { types } from '@slack/bolt';
import type { Card } from '../../messages/card.ts';
import { plainLine, timedLine } from '../../messages/timed.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';
import { isUncertain } from './errors.ts';
import { notification } from './inert.ts';
import { CARD_DETAIL, LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import type { Pictures } from './pictures.ts';
import { renderCard } from './render.ts';
import { richElements } from './spans.ts';

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

/** What is known of a key: where its message is, that Slack refused it, or that Slack's answer was lost. */
type Outcome = Posted | 'refused' | 'uncertain';

/** Event type of the metadata that marks m0's messages, to avoid posting one twice. */
const EVENT_TYPE = 'm0';

/** Calls `send` with what a message shows; more than once where Slack refuses a part that can be left out. */
type Deliver = <T>(send: (text: string, blocks: types.KnownBlock[]) => Promise<T>) => Promise<T>;

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
  const words = richElements(timedLine(text), () => null, LIMITS.threadText);
  const elements: types.RichTextElement[] = words.length === 0 ? [{ type: 'text', text: '–' }] : words;
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }];
}

/** Posts and updates messages. Each key is posted at most once, even where Slack's answer was lost. */
export class Poster {
  readonly #api: SlackApi;
  readonly #people: SlackPeople;
  readonly #pictures: Pictures;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #inFlight = new Map<string, Promise<Posted>>();
  readonly #directMessages = new Map<string, string>();

  constructor(api: SlackApi, people: SlackPeople, pictures: Pictures) {
    this.#api = api;
    this.#people = people;
    this.#pictures = pictures;
  }

  async post(place: Place, card: Card, key: string): Promise<Posted> {
    const channel = await this.channelOf(place);
    return this.#postOnce(channel, null, key, (send) =>
      this.#pictures.send(
        card,
        (images) => renderCard(card, this.#people.slackId, CARD_DETAIL, images),
        ({ text, blocks }) => send(text, blocks),
      ),
    );
  }

  /** The message with that key, as far as Slack's search finds it. Rejects with a ChatError. */
  async find(place: Place, key: string): Promise<Posted | null> {
    const channel = await this.channelOf(place);
    const messageId = await this.#find(channel, null, key, true);
    return messageId === null ? null : { channel, messageId };
  }

  async reply(channel: string, messageId: string, text: string, key: string, loud = false): Promise<void> {
    const fallback = notification(plainLine(text), LIMITS.fallbackText);
    await this.#postOnce(channel, { ts: messageId, loud }, key, (send) => send(fallback, lineBlocks(text)));
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

  #postOnce(channel: string, thread: Thread | null, key: string, deliver: Deliver): Promise<Posted> {
    const id = JSON.stringify([channel, thread?.ts ?? null, key]);
    const inFlight = this.#inFlight.get(id);
    if (inFlight) return inFlight;
    const work = this.#postOrFind(id, channel, thread, key, deliver).finally(() => {
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
    deliver: Deliver,
  ): Promise<Posted> {
    const known = this.#outcomes.get(id);
    if (typeof known === 'object') return known;
    if (known !== 'refused') {
      // The message may exist already: posted before a restart, or by a call whose answer was lost.
      const found = await this.#find(channel, thread?.ts ?? null, key, known === 'uncertain');
      if (found !== null) return this.#remember(id, { channel, messageId: found });
    }
    try {
      const answer = await deliver((text, blocks) =>
        this.#api.call(`posting to ${channel}`, channel, (client) =>
          client.chat.postMessage({
            channel,
            text,
            blocks,
            ...inThread(thread),
            metadata: { event_type: EVENT_TYPE, event_payload: { key } },
            unfurl_links: false,
            unfurl_media: false,
          }),
        ),
      );
      if (!answer.ts) throw new ChatError(`posting to ${channel}: Slack gave the message no id`);
      return this.#remember(id, { channel: answer.channel ?? channel, messageId: answer.ts });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause === undefined || isUncertain(cause)) this.#remember(id, 'uncertain');
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

  /**
   * Id of the message with this key, or null. Searches only the newest messages. If Slack refuses the search, the answer
   * is null as well: an alert twice is better than none. Only where the message is likely to exist, and Slack asks to
   * wait, it rejects with a ChatError that says until when.
   */
  async #find(
    channel: string,
    thread: string | null,
    key: string,
    isLikely: boolean,
  ): Promise<string | null> {
    const { botUserId } = await this.#api.identity();
    // Replies come oldest first, so the newest are on the last page.
    let cursor: string | undefined;
    for (let i = 0; i < (thread === null ? 1 : REPLY_PAGES); i += 1) {
      const page = await this.#page(channel, thread, cursor, isLikely);
      const found = page?.messages?.find((m) => hasKey(m, key, botUserId))?.ts;
      if (found !== undefined) return found;
      cursor = page?.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) break;
    }
    return null;
  }

  /** A page of messages; null if Slack refuses it. */
  async #page(channel: string, thread: string | null, cursor: string | undefined, isLikely: boolean) {
    const doing = `looking in ${channel} for a message posted before`;
    const page = { channel, include_all_metadata: true, limit: PAGE_SIZE } as const;
    const answer = await this.#api.lookUp(doing, (client) =>
      thread === null
        ? client.conversations.history(page)
        : client.conversations.replies({ ...page, ts: thread, ...(cursor === undefined ? {} : { cursor }) }),
    );
    if ('found' in answer) return answer.found;
    if (isLikely && answer.retryAfterMs !== null) {
      throw new ChatError(`${doing}: Slack asks to wait`, { retryAfterMs: answer.retryAfterMs });
    }
    return null;
  }
}
