/** A chat in memory that implements the chat port, and helpers that read the text and buttons of a card. */

import type { Button, Card } from '../../src/messages/card.ts';
import { plainOf } from '../../src/messages/span-text.ts';
import type { Place, Platform } from '../../src/model/directory.ts';
import { ChatError, type ChatPort } from '../../src/ports/chat.ts';

export interface FakeMessage {
  readonly channel: string;
  readonly id: string;
  readonly key: string;
  card: Card;
  readonly replies: string[];
  /** True once somebody deleted it: the chat then refuses updates and replies. */
  deleted?: boolean;
}

/** How a call fails: it never arrived, or it arrived and the answer was lost. */
export type Failure = { readonly error: Error; readonly arrived: boolean };

/** A chat that stores its messages. A message, a channel or a place that it does not know is an error. */
const channelOf = (place: Place): string => ('channel' in place ? place.channel : `D${place.user}`);

export class FakeChat implements ChatPort {
  readonly platform: Platform;
  readonly messages: FakeMessage[] = [];
  /** While set, every call rejects with this error and has no effect. */
  outage: Error | null = null;
  /** The number of card updates that arrived. */
  updated = 0;
  /** Replies that were also shown in the channel. */
  readonly broadcasts: string[] = [];
  readonly #channels: Set<string>;
  readonly #failures: { readonly method: string; readonly where: string; readonly failure: Failure }[] = [];
  readonly #replyKeys = new Set<string>();
  /** The first message whose key is still known. */
  #known = 0;

  constructor(channels: readonly string[], platform: Platform = 'slack') {
    this.platform = platform;
    this.#channels = new Set(channels);
  }

  fail(method: 'post' | 'update' | 'reply', where: string, failure: Failure): void {
    this.#failures.push({ method, where, failure });
  }

  /** As Teams, where m0 itself remembers what it posted: all keys are unknown to another database. */
  forgetKeys(): void {
    this.#known = this.messages.length;
    this.#replyKeys.clear();
  }

  /** The channel exists from now on. */
  open(channel: string): void {
    this.#channels.add(channel);
  }

  #failing(method: string, where: string): Failure | null {
    if (this.outage) return { error: this.outage, arrived: false };
    const at = this.#failures.findIndex((f) => f.method === method && f.where === where);
    return at === -1 ? null : (this.#failures.splice(at, 1)[0]?.failure ?? null);
  }

  async post(place: Place, card: Card, key: string): Promise<{ channel: string; messageId: string }> {
    const channel = channelOf(place);
    const failure = this.#failing('post', channel);
    if (failure && !failure.arrived) throw failure.error;
    if ('channel' in place && !this.#channels.has(channel)) {
      throw new ChatError(`posting to ${channel}: there is no such channel`, { permanent: true });
    }
    let message = this.#posted(channel, key);
    if (!message) {
      message = { channel, id: `ts-${this.messages.length + 1}`, key, card, replies: [] };
      this.messages.push(message);
    }
    if (failure) throw failure.error;
    return { channel, messageId: message.id };
  }

  #posted(channel: string, key: string): FakeMessage | undefined {
    return this.messages.slice(this.#known).find((m) => m.key === key && m.channel === channel);
  }

  async find(place: Place, key: string): Promise<{ channel: string; messageId: string } | null> {
    const channel = channelOf(place);
    const message = this.#posted(channel, key);
    return message === undefined || message.deleted ? null : { channel, messageId: message.id };
  }

  #find(channel: string, id: string): FakeMessage {
    const message = this.messages.find((m) => m.channel === channel && m.id === id);
    if (!message) throw new Error(`there is no message ${id} in ${channel}`);
    if (message.deleted) throw new ChatError(`${id} in ${channel}: it was deleted`, { deleted: true });
    return message;
  }

  /** A person deletes the newest message of a channel, or the one at this index. */
  delete(channel: string, index = -1): void {
    const message = this.in(channel).at(index);
    if (!message) throw new Error(`there is no message ${index} in ${channel}`);
    message.deleted = true;
  }

  /** The link to a message, as `linkTo` gives it. */
  link({ channel, id }: Pick<FakeMessage, 'channel' | 'id'>): string {
    return `https://${this.platform}.test/${channel}/${id}`;
  }

  async linkTo(channel: string, messageId: string): Promise<string | null> {
    const message = this.messages.find((m) => m.channel === channel && m.id === messageId);
    return message === undefined || message.deleted ? null : this.link(message);
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const failure = this.#failing('update', channel);
    if (failure) throw failure.error;
    this.#find(channel, messageId).card = card;
    this.updated += 1;
  }

  async reply(channel: string, messageId: string, text: string, key: string, loud = false): Promise<void> {
    const failure = this.#failing('reply', channel);
    if (failure && !failure.arrived) throw failure.error;
    const message = this.#find(channel, messageId);
    if (!this.#replyKeys.has(key)) {
      message.replies.push(text);
      if (loud) this.broadcasts.push(text);
    }
    this.#replyKeys.add(key);
    if (failure) throw failure.error;
  }

  /** Members of the user groups, by group id. */
  readonly usergroups = new Map<string, readonly string[]>();

  async usergroup(id: string): Promise<readonly string[]> {
    const members = this.usergroups.get(id);
    if (members !== undefined) return members;
    throw new ChatError(`reading the members of ${id}: no answer`);
  }

  /** The message at this index of a channel, from 0. */
  at(channel: string, index: number): FakeMessage {
    const message = this.in(channel)[index];
    if (!message) throw new Error(`there is no message ${index} in ${channel}`);
    return message;
  }

  /** Root messages of a channel that nobody deleted, oldest first. */
  in(channel: string): readonly FakeMessage[] {
    return this.messages.filter((m) => m.channel === channel && !m.deleted);
  }
}

export function buttonsOf(card: Card): readonly Button[] {
  return card.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons : []));
}

/** The command of a card's first button. */
export function commandOf(card: Card): string {
  const [first] = buttonsOf(card);
  if (!first) throw new Error(`"${card.headline}" has no button`);
  return first.command;
}

/** The headline and the lines of a card as a person reads them. */
export function plainTextOf(card: Card): string {
  const lines = card.blocks.flatMap((block) => ('spans' in block ? [plainOf(block.spans)] : []));
  return [card.headline, ...lines].join('\n');
}

/** All text of a card, as one string. */
export function textOf(card: Card): string {
  return JSON.stringify(card);
}
