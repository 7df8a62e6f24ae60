/** Ports between m0 and a chat platform: what m0 sends there, and the commands that come in. */
import type { Card, Form, OutFile, Pages } from '../messages/card.ts';
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
  /** Where the card with that key was posted; null if it was not, or if the platform can't tell. */
  find(place: Place, key: string): Promise<{ readonly channel: string; readonly messageId: string } | null>;
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
  /**
   * An https address that opens the message for those who can see it. Null where the platform has none (a Teams chat
   * with one person), where m0 does not know it, and where the message was deleted. Never rejects.
   */
  linkTo(channel: string, messageId: string): Promise<string | null>;
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
  /** True if the message that the request is about no longer exists. Such an error is permanent. */
  readonly deleted: boolean;
  constructor(
    message: string,
    options: { retryAfterMs?: number; permanent?: boolean; deleted?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.deleted = options.deleted ?? false;
    this.permanent = this.deleted || (options.permanent ?? false);
  }
}

/** The reply to a command. Only the sender sees `private`. */
export type Reply =
  | { readonly type: 'private'; readonly card: Card }
  /** `posted` is called once with where the card was posted, unless only the sender could get it. It never rejects. */
  | {
      readonly type: 'public';
      readonly card: Card;
      readonly posted?: (at: { readonly channel: string; readonly messageId: string }) => Promise<void>;
    }
  | { readonly type: 'form'; readonly form: Form }
  | { readonly type: 'pages'; readonly pages: Pages }
  /**
   * Files for the sender alone, with the card that tells of them. `command`: what the chat may ask again to get the same
   * files later.
   */
  | {
      readonly type: 'files';
      readonly card: Card;
      readonly files: readonly OutFile[];
      readonly command: string;
    }
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
