/** What the local Teams holds. All of it is plain JSON, so that it can be dumped and restored. */

export type Json = Readonly<Record<string, unknown>>;

/** Somebody of the organisation. */
export interface TeamsPerson {
  /** Entra object id. */
  readonly aadObjectId: string;
  readonly name: string;
}

export interface TeamsMessage {
  readonly id: string;
  /** A channel, a group chat, or the chat between a person and the bot (`a:…`). */
  readonly conversation: string;
  /** The root message of the thread it stands in; null: it is one itself. */
  readonly thread: string | null;
  /** Entra object id of a person, or the bot's id. */
  readonly from: string;
  /** The one who sees it, as `29:…`; null: everybody. */
  readonly visibleTo: string | null;
  /** The Adaptive Card it shows; null where it is text. */
  card: Json | null;
  /** The file it offers or shows; left out where it does neither. */
  file?: TeamsFile | null;
  /** What was typed, or what a notification of the card says. */
  summary: string;
  /** Ms since epoch. */
  readonly sentAt: number;
  /** Null where it was never changed. */
  editedAt: number | null;
}

/** What a file consent card (`offered`) or a file info card (`stored`) is about. */
export type TeamsFile =
  | {
      readonly kind: 'offered';
      readonly name: string;
      readonly description: string;
      readonly bytes: number;
      /** What goes back to the bot with a yes and with a no. */
      readonly accept: Json;
      readonly decline: Json;
    }
  | { readonly kind: 'stored'; readonly name: string; readonly url: string };

/** A file in somebody's OneDrive; `text` is null until the bot has stored it. */
export interface DriveFile {
  readonly name: string;
  text: string | null;
}

/** A place to write in, as the people in it know it. */
export interface TeamsConversation {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'groupChat' | 'personal';
}

/** A team with its channels, of which the first is its General. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly channels: readonly { readonly id: string; readonly name: string }[];
}

/** What a click was answered with. */
export interface Clicked {
  readonly status: number;
  /** The bar under the card, seen by who clicked. */
  readonly bar: string | null;
  /** The card that took the clicked one's place, for who clicked. */
  readonly card: Json | null;
}

export interface TeamsState {
  readonly version: 1;
  readonly messages: TeamsMessage[];
  /** Entra object id -> the chat with the bot. */
  readonly personal: Record<string, string>;
  /** Id -> what is in people's OneDrives; left out by earlier versions. */
  files?: Record<string, DriveFile>;
}
