/** A chat in memory that implements the chat port, and helpers that read the text and buttons of a card. */
import type { Button, Card } from '../../src/messages/card.ts';
import type { Place, Platform } from '../../src/model/directory.ts';
import { ChatError, type ChatPort } from '../../src/ports/chat.ts';

export interface FakeMessage {
  readonly channel: string;
  readonly id: string;
  readonly key: string;
  card: Card;
  readonly replies: string[];
}

/** How a call fails: it never arrived, or it arrived and the answer was lost. */
export type Failure = { readonly error: Error; readonly arrived: boolean };

/** A chat that stores its messages. A message, a channel or a place that it does not know is an error. */
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

  constructor(channels: readonly string[], platform: Platform = 'slack') {
    this.platform = platform;
    this.#channels = new Set(channels);
  }

  fail(method: 'post' | 'update' | 'reply', where: string, failure: Failure): void {
    this.#failures.push({ method, where, failure });
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
    const channel = 'channel' in place ? place.channel : `D${place.user}`;
    const failure = this.#failing('post', channel);
    if (failure && !failure.arrived) throw failure.error;
    if ('channel' in place && !this.#channels.has(channel)) {
      throw new ChatError(`posting to ${channel}: there is no such channel`, { permanent: true });
    }
    let message = this.messages.find((m) => m.key === key && m.channel === channel);
    if (!message) {
      message = { channel, id: `ts-${this.messages.length + 1}`, key, card, replies: [] };
      this.messages.push(message);
    }
    if (failure) throw failure.error;
    return { channel, messageId: message.id };
  }

  #find(channel: string, id: string): FakeMessage {
    const message = this.messages.find((m) => m.channel === channel && m.id === id);
    if (!message) throw new Error(`there is no message ${id} in ${channel}`);
    return message;
  }

  async update(channel: string, messageId: string, card: Card): Promise<void> {
    const failure = this.#failing('update', channel);
    if (failure) throw failure.error;
    this.updated += 1;
    this.#find(channel, messageId).card = card;
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

  /** Root messages of a channel, oldest first. */
  in(channel: string): readonly FakeMessage[] {
    return this.messages.filter((m) => m.channel === channel);
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

/** All text of a card, as one string. */
export function textOf(card: Card): string {
  return JSON.stringify(card);
}
