/** Ports between m0 and a chat platform: what m0 sends there, and the commands that come in. */
import type { Card, Form, Pages } from '../messages/card.ts';
import type { Place, Platform } from '../model/directory.ts';
import type { Actor } from '../model/run.ts';

/** What m0 can do in one chat platform. Every method rejects with a ChatError. */
export interface ChatPort {
  readonly platform: Platform;
  /** Posts a card. A message with the same `key` is posted at most once. */
  post(
    place: Place,
    card: Card,
    key: string,
  ): Promise<{ readonly channel: string; readonly messageId: string }>;
  update(channel: string, messageId: string, card: Card): Promise<void>;
  /**
   * Posts a plain line in the thread of a message. `loud`: also in the channel, on platforms that can. `mention`:
   * the person (key in m0.yaml) to notify, for platforms that need a mention for it.
   */
  reply(
    channel: string,
    messageId: string,
    text: string,
    key: string,
    loud?: boolean,
    mention?: string,
  ): Promise<void>;
  /** Members of a user group, as user ids of the platform. */
  usergroup(id: string): Promise<readonly string[]>;
}

/**
 * A chat platform refused a request or could not be reached. `retryAfterMs`: when it asked to be called again, if
 * it did.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly retryAfterMs: number | null;
  /** True if a retry can't help (the channel is gone, the message was deleted). */
  readonly permanent: boolean;
  constructor(
    message: string,
    options: { retryAfterMs?: number; permanent?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.permanent = options.permanent ?? false;
  }
}

/** The reply to a command. Only the sender sees `private`. */
export type Reply =
  | { readonly type: 'private'; readonly card: Card }
  /** `updates` yields a new card each time it should replace the posted one, until it ends. */
  | { readonly type: 'public'; readonly card: Card; readonly updates?: AsyncIterable<Card> }
  | { readonly type: 'form'; readonly form: Form }
  | { readonly type: 'pages'; readonly pages: Pages }
  /** No reply: the cards already in the chat show the result. */
  | { readonly type: 'none' };

/** A command as it came in. `text` is without `/m0` or a mention at its start. */
export interface Incoming {
  readonly text: string;
  readonly actor: Actor;
  readonly place: Place;
  /** Answers of a submitted form by field name, which complete `text`; null if there was no form. */
  readonly answers: Readonly<Record<string, string>> | null;
  /** The card whose button sent the command; null if it was typed. */
  readonly from: { readonly channel: string; readonly messageId: string } | null;
}

/** What the chat adapters call for each command. Never rejects: an error becomes a private card. */
export type CommandHandler = (incoming: Incoming) => Promise<Reply>;
