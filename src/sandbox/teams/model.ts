/** The data of the local Teams: plain JSON, so that it can be saved and restored. */

export type Json = Readonly<Record<string, unknown>>;

/** A person of the organisation. */
export interface TeamsPerson {
  /** Entra object id. */
  readonly aadObjectId: string;
  readonly name: string;
}

export interface TeamsMessage {
  readonly id: string;
  /** A channel, a group chat, or the chat between a person and the bot (`a:…`). */
  readonly conversation: string;
  /** The root message of its thread; null where it is itself a root. */
  readonly thread: string | null;
  /** Entra object id of a person, or the bot's id. */
  readonly from: string;
  /** The only person who sees it, as `29:…`; null: everybody. */
  readonly visibleTo: string | null;
  /** Its Adaptive Card; null for a text message. */
  card: Json | null;
  /** The file it offers or shows, if any. */
  file?: TeamsFile | null;
  /** The typed text, or the notification text of the card. */
  summary: string;
  /** Ms since epoch. */
  readonly sentAt: number;
  /** Ms since epoch; null where it was never edited. */
  editedAt: number | null;
}

/** The content of a file consent card (`offered`) or a file info card (`stored`). */
export type TeamsFile =
  | {
      readonly kind: 'offered';
      readonly name: string;
      readonly description: string;
      readonly bytes: number;
      /** The data sent back to the bot with an acceptance or a refusal. */
      readonly accept: Json;
      readonly decline: Json;
    }
  | { readonly kind: 'stored'; readonly name: string; readonly url: string };

/** A file in a person's OneDrive; `text` is null until the bot has stored it. */
export interface DriveFile {
  readonly name: string;
  text: string | null;
}

/** A conversation as its members see it. */
export interface TeamsConversation {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'groupChat' | 'personal';
}

/** A team with its channels; the first is General. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly { readonly id: string; readonly name: string }[];
}

/** The bot's answer to a click. */
export interface Clicked {
  readonly status: number;
  /** The bar below the card, for the person who clicked. */
  readonly bar: string | null;
  /** The card that replaces the clicked one, for the person who clicked. */
  readonly card: Json | null;
}

export interface TeamsState {
  readonly version: 1;
  readonly messages: TeamsMessage[];
  /** The chat with the bot, by Entra object id. */
  readonly personal: Record<string, string>;
  /** Files in people's OneDrives by id; earlier versions have none. */
  files?: Record<string, DriveFile>;
}
