/** The messages between the page and its server. */
import type { CloudFact, ConsoleAction } from '../console.ts';
import type { Json, TeamsConversation, TeamsMessage } from '../teams/model.ts';
import type { Message, View } from '../workspace/model.ts';

/** The progress of the sandbox's start. */
export interface PageStatus {
  readonly phase: string;
  readonly text: string;
  readonly ready: boolean;
}

export interface PagePerson {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly title: string;
}

export interface PageFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly size: number;
  /** The first lines, shown as a preview. */
  readonly preview: string;
}

export interface PageChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'im';
  readonly messages: readonly Message[];
}

/** A command in Teams' menus, from the app's manifest. */
export interface TeamsCommand {
  readonly title: string;
  readonly description: string;
}

export interface PageTeamsConversation extends TeamsConversation {
  /** All messages that the person sees, oldest first. Replies have the id of their root as `thread`. */
  readonly messages: readonly TeamsMessage[];
}

/** What one person sees in Teams. */
export interface PageTeams {
  /** Entra object id of the current person. */
  readonly me: string;
  /** The app's id in `from` of its messages. */
  readonly bot: string;
  /** Names by `from`, including the app's. */
  readonly names: Readonly<Record<string, string>>;
  readonly team: string;
  readonly conversations: readonly PageTeamsConversation[];
  readonly commands: readonly TeamsCommand[];
  readonly botIsHere: boolean;
}

/** Everything that the page shows to one person. */
export interface Snapshot {
  readonly me: string;
  readonly bot: string;
  /** People the user can act as. */
  readonly people: readonly PagePerson[];
  readonly names: Readonly<Record<string, string>>;
  readonly channels: readonly PageChannel[];
  readonly files: Readonly<Record<string, PageFile>>;
  readonly views: readonly View[];
  /** The app's Home tab for this person; null before it was opened. */
  readonly home: View | null;
  readonly commands: readonly string[];
  readonly botIsHere: boolean;
  /** Null where only Slack is used. */
  readonly teams: PageTeams | null;
  readonly status: PageStatus;
  readonly actions: readonly ConsoleAction[];
  /** Null until the cloud could be read. */
  readonly facts: readonly CloudFact[] | null;
  /** Address of the Git host's pages; null where there is none. */
  readonly gitHost: string | null;
}

export type FormValue = string | string[] | number | null;
export type FormValues = Readonly<Record<string, FormValue>>;

/** An action of a person on the page. */
export type Act = { readonly as: string } & (
  | { readonly act: 'say'; readonly channel: string; readonly text: string; readonly thread: string | null }
  | {
      readonly act: 'click';
      readonly channel: string | null;
      /** ts of a message, or id of a view where `channel` is null. */
      readonly where: string;
      readonly blockId: string;
      readonly actionId: string;
      readonly value: FormValue;
      readonly values: FormValues;
    }
  | { readonly act: 'submit'; readonly view: string; readonly values: FormValues }
  | { readonly act: 'home' }
  | { readonly act: 'close'; readonly view: string }
  | { readonly act: 'dismiss'; readonly channel: string; readonly ts: string }
  /** A text that begins with `/` is a command that only its sender sees; `@m0` is a mention. */
  | {
      readonly act: 'teams-say';
      readonly conversation: string;
      readonly text: string;
      readonly thread: string | null;
    }
  /** Presses an Action.Execute; `data` is the button's own data with the inputs' values. */
  | {
      readonly act: 'teams-click';
      readonly message: string;
      readonly verb: string;
      readonly title: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** Accepts or declines the file that a message offers. */
  | { readonly act: 'teams-file'; readonly message: string; readonly take: boolean }
);

/**
 * The result: `errors` are shown at a form's inputs, by block_id. In Teams a click may return a `bar` below
 * the card or a `card` that replaces it, both only for the person who clicked.
 */
export type ActAnswer =
  | { readonly ok: true; readonly bar?: string | null; readonly card?: Json | null }
  | { readonly ok: false; readonly problem: string; readonly errors?: Readonly<Record<string, string>> };
