/** Posts and updates Teams messages. */
import { z } from 'zod';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Card } from '../../messages/card.ts';
import { plainLine } from '../../messages/timed.ts';
import type { Clock, Place } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import type { TeamsStore } from '../../ports/chat-store.ts';
import { clip } from '../../text/words.ts';
import { type Call, type Connector, NotFoundError } from './connector.ts';
import type { Conversation, Conversations } from './conversations.ts';
import type { AdaptiveCard } from './elements.ts';
import type { FileCard } from './file-cards.ts';
import { CARD_DETAIL } from './limits.ts';
import { deepLink } from './links.ts';
import { Notes } from './notes.ts';
import type { TeamsPeople } from './people.ts';
import type { Pictures } from './pictures.ts';
import { renderCard, renderLine } from './render.ts';
import { summaryOf } from './spans.ts';

export interface Posted {
  readonly channel: string;
  readonly messageId: string;
}

/** What a message shows: one of m0's cards, or one that Teams draws. */
type Shown = AdaptiveCard | FileCard;

const CARD = 'application/vnd.microsoft.card.adaptive';

const resource = z.object({ id: z.string().min(1) });

/** A message from `botId` that shows a card. A notification shows `summary`. */
function message(botId: string, card: Shown, summary: string): object {
  return {
    type: 'message',
    from: { id: botId },
    summary: summaryOf(summary),
    attachments: ['contentType' in card ? card : { contentType: CARD, content: card }],
  };
}

/** What names the message of a key in a place. Ids of people come in any case. */
function postName(place: Place, key: string): readonly string[] {
  return ['channel' in place ? place.channel : place.user.toLowerCase(), key];
}

export interface PosterParts {
  readonly pictures: Pictures;
  readonly connector: Connector;
  readonly conversations: Conversations;
  readonly people: TeamsPeople;
  readonly store: TeamsStore;
  readonly clock: Clock;
}

/**
 * Posts and updates messages, each key once, also across restarts. Where Microsoft's answer was lost m0 posts
 * again, because a bot cannot read a channel: a message may appear twice, but is never missing.
 */
export class Poster {
  readonly #parts: PosterParts;
  readonly #posted: Notes;
  /** Messages that only one person sees. Updates of those need a flag in the call. */
  readonly #targeted: Notes;
  /** Messages that were sent and could not be stored yet, as while the database is locked. */
  readonly #notStored = new Map<string, Posted>();
  readonly #lock = createKeyedLock();

  constructor(parts: PosterParts) {
    this.#parts = parts;
    this.#posted = new Notes(parts.store, 'posted', parts.clock);
    this.#targeted = new Notes(parts.store, 'whisper', parts.clock);
  }

  async post(place: Place, card: Card, key: string): Promise<Posted> {
    const rendered = await this.render(card);
    return this.#postOnce(postName(place, key), () =>
      this.#sendToPlace(place, (channel) => this.#send(channel, channel, rendered, card.headline, false)),
    );
  }

  /** The message with that key; null where it was posted and Microsoft's answer was lost, too. */
  async find(place: Place, key: string): Promise<Posted | null> {
    const id = JSON.stringify(postName(place, key));
    const known = await this.#posted.get(id);
    return known === null ? (this.#notStored.get(id) ?? null) : (JSON.parse(known) as Posted);
  }

  /** The card with its pictures; without them where they can't be drawn. */
  async render(card: Card): Promise<AdaptiveCard> {
    const { people, pictures } = this.#parts;
    return renderCard(card, people.teamsId, CARD_DETAIL, [], await pictures.of(card));
  }

  /** Sends a card to a person's chat with m0. Waits for a short time where Teams asks to. */
  async sendTo(user: string, card: Shown, summary: string): Promise<Posted> {
    return this.#sendToPlace({ platform: 'teams', user }, (channel) =>
      this.send(channel, channel, card, summary),
    );
  }

  /**
   * Sends to a place. A chat that the person deleted no longer exists for Teams, so m0 opens a new one then.
   */
  async #sendToPlace(place: Place, send: (channel: string) => Promise<string>): Promise<Posted> {
    const channel = await this.channelOf(place);
    try {
      return { channel, messageId: await send(channel) };
    } catch (error) {
      if ('channel' in place || !(error instanceof NotFoundError)) throw error;
      this.#parts.connector.forget(channel);
      await this.#parts.conversations.forgetPersonal(place.user);
      const reopened = await this.channelOf(place);
      return { channel: reopened, messageId: await send(reopened) };
    }
  }

  async reply(
    channel: string,
    messageId: string,
    text: string,
    key: string,
    mention?: string,
  ): Promise<void> {
    const { people } = this.#parts;
    const mentioned = mention === undefined ? null : { person: mention, name: people.nameOf(mention) };
    const card = renderLine(text, mentioned, people.teamsId);
    await this.#postOnce([channel, messageId, key], async () => {
      const thread = await this.threadOf(channel, messageId);
      return { channel, messageId: await this.#send(channel, thread, card, plainLine(text), false) };
    });
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const rendered = renderCard(card, this.#parts.people.teamsId);
    await this.replace(channel, messageId, rendered, card.headline);
  }

  /** Replaces the card of a message. */
  async replace(channel: string, messageId: string, card: AdaptiveCard, summary: string): Promise<void> {
    const { serviceUrl, botId } = await this.#conversation(channel);
    await this.#parts.connector.call(`updating a message in ${channel}`, {
      serviceUrl,
      method: 'PUT',
      path: ['conversations', channel, 'activities', messageId],
      // Teams refuses an update that names a recipient.
      body: { ...message(botId, card, summary), id: messageId },
      targeted: await this.isTargeted(channel, messageId),
      conversation: channel,
    });
  }

  /** The message's deep link; null where there is none. Never rejects. */
  async linkTo(channel: string, messageId: string): Promise<string | null> {
    const known = await this.#parts.conversations.find(channel).catch(() => null);
    return known === null ? null : deepLink(channel, messageId, known);
  }

  /** True where only one person sees the message. */
  async isTargeted(channel: string, messageId: string): Promise<boolean> {
    return (await this.#targeted.get(JSON.stringify([channel, messageId]))) !== null;
  }

  /** The conversation that holds replies to a message. Only channels have threads. */
  async threadOf(channel: string, messageId: string): Promise<string> {
    const { kind } = await this.#conversation(channel);
    return kind === 'channel' ? `${channel};messageid=${messageId}` : channel;
  }

  /**
   * Sends a card to a conversation, or a thread in it, and returns the message's id. Waits for a short time
   * where Teams asks to. `onlyFor` is the Teams id of the only person who sees it; rejects with a permanent
   * ChatError where Teams cannot do that.
   */
  send(
    channel: string,
    thread: string,
    card: Shown,
    summary: string,
    onlyFor: string | null = null,
  ): Promise<string> {
    return this.#send(channel, thread, card, summary, true, onlyFor);
  }

  async #send(
    channel: string,
    thread: string,
    card: Shown,
    summary: string,
    mayWait: boolean,
    onlyFor: string | null = null,
  ): Promise<string> {
    const { connector, conversations } = this.#parts;
    const { serviceUrl, botId, gone } = await this.#conversation(channel);
    const doing = `posting to ${channel}`;
    const call: Call = {
      serviceUrl,
      method: 'POST',
      path: ['conversations', thread, 'activities'],
      body: { ...message(botId, card, summary), ...(onlyFor === null ? {} : { recipient: { id: onlyFor } }) },
      targeted: onlyFor !== null,
      conversation: channel,
    };
    const answer = resource.safeParse(
      await (mayWait ? connector.callWithWait(doing, call) : connector.call(doing, call)),
    );
    if (!answer.success) throw new ChatError(`${doing}: Teams gave the message no id`);
    const { id } = answer.data;
    if (gone) await conversations.arrived(channel);
    if (onlyFor !== null) await this.#targeted.set(JSON.stringify([channel, id]), '');
    return id;
  }

  /**
   * The conversation of a place. For a person that is their chat with m0, opened if needed. Rejects with a
   * ChatError.
   */
  async channelOf(place: Place): Promise<string> {
    if ('channel' in place) return place.channel;
    const { connector, conversations } = this.#parts;
    const known = await conversations.personal(place.user);
    if (known !== null) return known;
    const doing = `opening a chat with ${clip(place.user, 80)}`;
    const service = await conversations.service();
    if (service === null) {
      throw new ChatError(`${doing}: m0 is not in Teams yet: add its app to a team or a chat`, {
        permanent: true,
      });
    }
    const { serviceUrl, botId, tenantId } = service;
    const answer = await connector.callWithWait(doing, {
      serviceUrl,
      method: 'POST',
      path: ['conversations'],
      body: {
        isGroup: false,
        bot: { id: botId },
        members: [{ id: place.user }],
        ...(tenantId === null ? {} : { tenantId, channelData: { tenant: { id: tenantId } } }),
      },
      conversation: place.user,
    });
    const opened = resource.safeParse(answer);
    if (!opened.success) throw new ChatError(`${doing}: Teams named no conversation`);
    await conversations.setPersonal(place.user, opened.data.id, service);
    return opened.data.id;
  }

  async #conversation(channel: string): Promise<Conversation> {
    const known = await this.#parts.conversations.find(channel);
    if (known !== null) return known;
    throw new ChatError(notAMember(channel), { permanent: true });
  }

  #postOnce(names: readonly string[], post: () => Promise<Posted>): Promise<Posted> {
    const id = JSON.stringify(names);
    return this.#lock(id, async () => {
      const known = await this.#posted.get(id);
      if (known !== null) return JSON.parse(known) as Posted;
      const posted = this.#notStored.get(id) ?? (await post());
      this.#notStored.set(id, posted);
      await this.#posted.set(id, JSON.stringify(posted));
      this.#notStored.delete(id);
      return posted;
    });
  }
}

/** Why m0 cannot write to a channel of m0.yaml, and what to do. */
export function notAMember(channel: string): string {
  return `posting to ${channel}: m0 is not there yet: add its app to that team (or say "@m0 help" in that chat)`;
}
