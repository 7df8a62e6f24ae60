import { z } from 'zod';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Card } from '../../messages/card.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import { clip } from '../../text/words.ts';
import { type Call, type Connector, NotThereError } from './connector.ts';
import type { Conversation, Conversations } from './conversations.ts';
import type { AdaptiveCard } from './elements.ts';
import type { FileCard } from './file-cards.ts';
import type { TeamsPeople } from './people.ts';
import { type Memory, Recent } from './recent.ts';
import { renderCard, renderLine } from './render.ts';
import { summaryOf } from './spans.ts';

export interface Posted {
  readonly channel: string;
  readonly messageId: string;
}

/** What a message shows: a card of m0's, or one of Teams' own. */
type Shown = AdaptiveCard | FileCard;

const CARD = 'application/vnd.microsoft.card.adaptive';

const resource = z.object({ id: z.string().min(1) });

/** A message of m0's, which is `botId` there, that shows a card; `summary` is what a notification says. */
function message(botId: string, card: Shown, summary: string): object {
  return {
    type: 'message',
    from: { id: botId },
    summary: summaryOf(summary),
    attachments: ['contentType' in card ? card : { contentType: CARD, content: card }],
  };
}

export interface PosterParts {
  readonly connector: Connector;
  readonly conversations: Conversations;
  readonly people: TeamsPeople;
  readonly memory: Memory;
}

/**
 * Posts and updates messages, each key once, also across restarts. Where Microsoft's answer got lost m0 posts
 * again, because a bot can't read what stands in a channel: there a message may come twice, but never not at all.
 */
export class Poster {
  readonly #parts: PosterParts;
  readonly #posted: Recent;
  /** Messages that only one person sees: Teams finds them only where it is told that they are. */
  readonly #whispers: Recent;
  readonly #alone = createKeyedLock();

  constructor(parts: PosterParts) {
    this.#parts = parts;
    this.#posted = new Recent(parts.memory, 'teams:posted');
    this.#whispers = new Recent(parts.memory, 'teams:whispers');
  }

  async post(place: Place, card: Card, key: string): Promise<Posted> {
    const rendered = renderCard(card, this.#parts.people.teamsId);
    const where = 'channel' in place ? place.channel : place.user.toLowerCase();
    return this.#once([where, key], () =>
      this.#to(place, (channel) => this.#send(channel, channel, rendered, card.headline, false)),
    );
  }

  /** Sends a card to a person's chat with m0; waits a little if asked to. */
  async sendTo(user: string, card: Shown, summary: string): Promise<Posted> {
    return this.#to({ platform: 'teams', user }, (channel) => this.send(channel, channel, card, summary));
  }

  /** A chat that its person deleted is no more for Teams, until m0 opens it anew. */
  async #to(place: Place, send: (channel: string) => Promise<string>): Promise<Posted> {
    const channel = await this.channelOf(place);
    try {
      return { channel, messageId: await send(channel) };
    } catch (error) {
      if ('channel' in place || !(error instanceof NotThereError)) throw error;
      this.#parts.connector.forget(channel);
      await this.#parts.conversations.forgetPersonal(place.user);
      const again = await this.channelOf(place);
      return { channel: again, messageId: await send(again) };
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
    const called = mention === undefined ? null : { person: mention, name: people.nameOf(mention) };
    const card = renderLine(text, called, people.teamsId);
    await this.#once([channel, messageId, key], async () => {
      const thread = await this.threadOf(channel, messageId);
      return { channel, messageId: await this.#send(channel, thread, card, text, false) };
    });
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const rendered = renderCard(card, this.#parts.people.teamsId);
    await this.replace(channel, messageId, rendered, card.headline);
  }

  /** Puts another card in the place of a message's. */
  async replace(channel: string, messageId: string, card: AdaptiveCard, summary: string): Promise<void> {
    const { serviceUrl, botId } = await this.#known(channel);
    await this.#parts.connector.call(`updating a message in ${channel}`, {
      serviceUrl,
      method: 'PUT',
      path: ['conversations', channel, 'activities', messageId],
      // Without its recipient, which Teams refuses here.
      body: { ...message(botId, card, summary), id: messageId },
      targeted: await this.isWhisper(channel, messageId),
      conversation: channel,
    });
  }

  /** Whether a message is one that only one person sees. */
  async isWhisper(channel: string, messageId: string): Promise<boolean> {
    return (await this.#whispers.get(JSON.stringify([channel, messageId]))) !== null;
  }

  /** The conversation in which replies to a message stand: only channels have threads. */
  async threadOf(channel: string, messageId: string): Promise<string> {
    const { kind } = await this.#known(channel);
    return kind === 'channel' ? `${channel};messageid=${messageId}` : channel;
  }

  /**
   * Sends a card to a conversation or a thread in it and answers the message's id; waits a little if asked to.
   * `only`: the Teams id of the one who sees it; rejects for good where Teams can't do that.
   */
  send(
    channel: string,
    thread: string,
    card: Shown,
    summary: string,
    only: string | null = null,
  ): Promise<string> {
    return this.#send(channel, thread, card, summary, true, only);
  }

  async #send(
    channel: string,
    thread: string,
    card: Shown,
    summary: string,
    patient: boolean,
    only: string | null = null,
  ): Promise<string> {
    const { connector, conversations } = this.#parts;
    const { serviceUrl, botId, gone } = await this.#known(channel);
    const doing = `posting to ${channel}`;
    const call: Call = {
      serviceUrl,
      method: 'POST',
      path: ['conversations', thread, 'activities'],
      body: { ...message(botId, card, summary), ...(only === null ? {} : { recipient: { id: only } }) },
      targeted: only !== null,
      conversation: channel,
    };
    const answer = resource.safeParse(
      await (patient ? connector.patiently(doing, call) : connector.call(doing, call)),
    );
    if (!answer.success) throw new ChatError(`${doing}: Teams gave the message no id`);
    const { id } = answer.data;
    if (gone) await conversations.arrived(channel);
    if (only !== null) await this.#whispers.set(JSON.stringify([channel, id]), '');
    return id;
  }

  /** The conversation of a place; a person's is their chat with m0, opened where needed. */
  async channelOf(place: Place): Promise<string> {
    if ('channel' in place) return place.channel;
    const { connector, conversations } = this.#parts;
    const known = await conversations.personal(place.user);
    if (known !== null) return known;
    const doing = `opening a chat with ${clip(place.user, 80)}`;
    const service = await conversations.service();
    if (service === null) {
      throw new ChatError(`${doing}: m0 was not met in Teams yet: add its app to a team or a chat`, {
        permanent: true,
      });
    }
    const { serviceUrl, botId, tenantId } = service;
    const answer = await connector.patiently(doing, {
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

  async #known(channel: string): Promise<Conversation> {
    const known = await this.#parts.conversations.find(channel);
    if (known !== null) return known;
    throw new ChatError(notMet(channel), { permanent: true });
  }

  #once(names: readonly string[], post: () => Promise<Posted>): Promise<Posted> {
    const id = JSON.stringify(names);
    return this.#alone(id, async () => {
      const known = await this.#posted.get(id);
      if (known !== null) return JSON.parse(known) as Posted;
      const posted = await post();
      await this.#posted.set(id, JSON.stringify(posted));
      return posted;
    });
  }
}

/** Why m0 can't write to a channel of m0.yaml, and what to do. */
export function notMet(channel: string): string {
  return `posting to ${channel}: m0 was not met there: add its app to that team (or say "@m0 help" in that chat)`;
}
