/** What the page and its server say to each other. */
import type { CloudFact, ConsoleAction } from '../console.ts';
import type { Json, TeamsConversation, TeamsMessage } from '../teams/model.ts';
import type { Message, View } from '../workspace/model.ts';

/** How far the sandbox is. */
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
  /** The first lines, for a look without opening it. */
  readonly preview: string;
}

export interface PageChannel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'im';
  readonly messages: readonly Message[];
}

/** A command that Teams' menus offer, from the app's manifest. */
export interface TeamsCommand {
  readonly title: string;
  readonly description: string;
}

export interface PageTeamsConversation extends TeamsConversation {
  /** All the person sees, oldest first; replies among them carry their root as `thread`. */
  readonly messages: readonly TeamsMessage[];
}

/** What Teams shows to one person. */
export interface PageTeams {
  /** Entra object id of who the page is. */
  readonly me: string;
  /** Who the app is in `from` of its messages. */
  readonly bot: string;
  /** `from` -> name, the app's too. */
  readonly names: Readonly<Record<string, string>>;
  readonly team: string;
  readonly conversations: readonly PageTeamsConversation[];
  readonly commands: readonly TeamsCommand[];
  readonly botIsHere: boolean;
}

/** Everything the page shows to one person. */
export interface Snapshot {
  readonly me: string;
  readonly bot: string;
  /** People one can be. */
  readonly people: readonly PagePerson[];
  readonly names: Readonly<Record<string, string>>;
  readonly channels: readonly PageChannel[];
  readonly files: Readonly<Record<string, PageFile>>;
  readonly views: readonly View[];
  /** What the app shows on this person's Home tab; null before it was opened. */
  readonly home: View | null;
  readonly commands: readonly string[];
  readonly botIsHere: boolean;
  /** Null where there is only Slack. */
  readonly teams: PageTeams | null;
  readonly status: PageStatus;
  readonly actions: readonly ConsoleAction[];
  /** null until the cloud could be read. */
  readonly facts: readonly CloudFact[] | null;
}

export type FormValue = string | string[] | number | null;
export type FormValues = Readonly<Record<string, FormValue>>;

/** Something a person does on the page. */
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
  /** Text that begins with `/` is a command that only its sender sees; `@m0` in it is a mention. */
  | {
      readonly act: 'teams-say';
      readonly conversation: string;
      readonly text: string;
      readonly thread: string | null;
    }
  /** Presses an Action.Execute; `data` is the button's own with what was filled in. */
  | {
      readonly act: 'teams-click';
      readonly message: string;
      readonly verb: string;
      readonly title: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** Takes the file that a message offers, or says no to it. */
  | { readonly act: 'teams-file'; readonly message: string; readonly take: boolean }
);

/**
 * What came of it: `errors` stand beside a form's inputs, by block_id. In Teams a click may bring a `bar` under the
 * card or a `card` in its place, both for who clicked alone.
 */
export type ActAnswer =
  | { readonly ok: true; readonly bar?: string | null; readonly card?: Json | null }
  | { readonly ok: false; readonly problem: string; readonly errors?: Readonly<Record<string, string>> };
