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

/** Newest messages of a channel, or replies of a thread, in which a lost post is looked for. */
const LOOK_BACK = 200;
const REPLY_PAGES = 5;
/** Outcomes remembered; beyond it the oldest are looked up again, which costs one call each. */
const REMEMBERED = 5_000;

export interface Posted {
  readonly channel: string;
  readonly messageId: string;
}

/** The thread of a message; `loud`: its replies also show in the channel. */
interface Thread {
  readonly ts: string;
  readonly loud: boolean;
}

function inThread(thread: Thread | null) {
  if (thread === null) return {};
  return thread.loud ? { thread_ts: thread.ts, reply_broadcast: true as const } : { thread_ts: thread.ts };
}

/** What is known of a key: where its message is, or that Slack refused it and so has none. */
type Outcome = Posted | 'refused';

/** Event type of the metadata on each message of m0's that must not be posted twice. */
const EVENT_TYPE = 'm0';

interface Found {
  readonly ts?: string;
  readonly user?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: object };
}

function carries(message: Found, key: string, botUserId: string): boolean {
  // Any app may write any metadata, so only m0's own messages count.
  if (message.user !== botUserId || message.metadata?.event_type !== EVENT_TYPE) return false;
  const payload = message.metadata.event_payload;
  return payload !== undefined && 'key' in payload && payload.key === key;
}

/** A plain line as blocks, so that nothing of it is parsed. */
function lineBlocks(text: string): types.KnownBlock[] {
  const shown = clip(visible(text), LIMITS.threadText);
  const element: types.RichTextText = { type: 'text', text: shown === '' ? '–' : shown };
  return [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [element] }] }];
}

/** Posts and updates messages, each key at most once even where an answer of Slack's got lost. */
export class Poster {
  readonly #api: SlackApi;
  readonly #people: SlackPeople;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #underWay = new Map<string, Promise<Posted>>();
  readonly #directMessages = new Map<string, string>();

  constructor(api: SlackApi, people: SlackPeople) {
    this.#api = api;
    this.#people = people;
  }

  async post(place: Place, card: Card, key: string): Promise<Posted> {
    const channel = await this.channelOf(place);
    const { text, blocks } = renderCard(card, this.#people.slackId);
    return this.#once(channel, null, key, text, blocks);
  }

  async reply(channel: string, messageId: string, text: string, key: string, loud = false): Promise<void> {
    const fallback = notification(text, LIMITS.fallbackText);
    await this.#once(channel, { ts: messageId, loud }, key, fallback, lineBlocks(text));
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const { text, blocks } = renderCard(card, this.#people.slackId);
    await this.#api.call(`updating a message in ${channel}`, channel, (client) =>
      client.chat.update({ channel, ts: messageId, text, blocks }),
    );
  }

  /** The channel of a place; a person's is their direct messages with m0, opened where needed. */
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

  #once(
    channel: string,
    thread: Thread | null,
    key: string,
    text: string,
    blocks: types.KnownBlock[],
  ): Promise<Posted> {
    const id = JSON.stringify([channel, thread?.ts ?? null, key]);
    const underWay = this.#underWay.get(id);
    if (underWay) return underWay;
    const work = this.#postOrFind(id, channel, thread, key, text, blocks).finally(() => {
      this.#underWay.delete(id);
    });
    this.#underWay.set(id, work);
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
      // It may have been posted before a restart, or by a call whose answer never came.
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
    if (this.#outcomes.size > REMEMBERED) {
      const [oldest] = this.#outcomes.keys();
      if (oldest !== undefined) this.#outcomes.delete(oldest);
    }
    return outcome;
  }

  /** Id of the message with this key, or null. Looks at the newest messages only. */
  async #find(channel: string, thread: string | null, key: string): Promise<string | null> {
    const { botUserId } = await this.#api.identity();
    const doing = `looking in ${channel} for a message posted before`;
    if (thread === null) {
      const page = await this.#api.call(doing, channel, (client) =>
        client.conversations.history({ channel, include_all_metadata: true, limit: LOOK_BACK }),
      );
      return page.messages?.find((m) => carries(m, key, botUserId))?.ts ?? null;
    }
    // Replies come oldest first, so the newest are on the last page.
    let cursor: string | undefined;
    for (let i = 0; i < REPLY_PAGES; i += 1) {
      const page = await this.#api.call(doing, channel, (client) =>
        client.conversations.replies({
          channel,
          ts: thread,
          include_all_metadata: true,
          limit: LOOK_BACK,
          ...(cursor === undefined ? {} : { cursor }),
        }),
      );
      const found = page.messages?.find((m) => carries(m, key, botUserId))?.ts;
      if (found !== undefined) return found;
      cursor = page.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) break;
    }
    return null;
  }
}
