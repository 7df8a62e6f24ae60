import type { Card, Form, Pages } from '../messages/card.ts';
import type { Place, Platform } from '../model/directory.ts';
import type { Actor } from '../model/run.ts';

export interface ChatPort {
  readonly platform: Platform;
  /** Posts a card. `key` de-duplicates: a message with that key is posted at most once. */
  post(
    place: Place,
    card: Card,
    key: string,
  ): Promise<{ readonly channel: string; readonly messageId: string }>;
  update(channel: string, messageId: string, card: Card): Promise<void>;
  /**
   * A plain line in the thread of a message; `loud`: in the channel as well, where the platform can. `mention`: a
   * person of m0.yaml whom it calls, where the platform needs that to reach them.
   */
  reply(
    channel: string,
    messageId: string,
    text: string,
    key: string,
    loud?: boolean,
    mention?: string,
  ): Promise<void>;
  /** Members of a user group, as platform ids. */
  usergroup(id: string): Promise<readonly string[]>;
}

/** A chat refused or could not be reached; `retryAfterMs` where it said when to come back. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly retryAfterMs: number | null;
  /** True where trying again can't help (channel gone, message deleted). */
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

/** What a command answers. `private` is seen by its sender only. */
export type Reply =
  | { readonly type: 'private'; readonly card: Card }
  /** `updates` yields the card anew each time it should replace the posted one, until it ends. */
  | { readonly type: 'public'; readonly card: Card; readonly updates?: AsyncIterable<Card> }
  | { readonly type: 'form'; readonly form: Form }
  | { readonly type: 'pages'; readonly pages: Pages }
  /** Nothing to say beyond the cards that change by themselves. */
  | { readonly type: 'none' };

/** Where a command came from. `text` has no `/m0` or mention in front. */
export interface Incoming {
  readonly text: string;
  readonly actor: Actor;
  readonly place: Place;
  /** Answers of a submitted form by field name, which complete `text`; null where no form was involved. */
  readonly answers: Readonly<Record<string, string>> | null;
  /** Set where a button of a posted card sent it. */
  readonly from: { readonly channel: string; readonly messageId: string } | null;
}

/** What the chat adapters call. Never rejects: what goes wrong is a private card. */
export type CommandHandler = (incoming: Incoming) => Promise<Reply>;
