/**
 * The neutral card: its content and order. Each platform has one renderer that turns a card into the platform's
 * format. Text is always plain: a renderer must escape it, so that it can't mention people, link, format or break
 * out.
 */

import type { HappenedMark } from '../drift/happened.ts';
import type { SeverityLevel } from '../drift/severity/level.ts';

/** A piece of a line. Only `person` may become a live mention, and only `link` a live link. */
export type Span =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'strong'; readonly text: string }
  | { readonly type: 'quiet'; readonly text: string }
  | { readonly type: 'code'; readonly text: string }
  /** A command of m0, shown with the prefix to type before it: `/m0` or `@m0`. */
  | { readonly type: 'command'; readonly text: string }
  /** A person of m0.yaml. `mention` asks for a live mention; otherwise only the name is shown. */
  | { readonly type: 'person'; readonly person: string; readonly name: string; readonly mention: boolean }
  /** A point in time (ms since epoch), shown in the reader's time zone if the platform can, else in `zone`. */
  | {
      readonly type: 'time';
      readonly at: number;
      readonly zone: string;
      readonly style: 'clock' | 'day' | 'ago';
      /** True if it was today when the card was made. A platform without relative times then shows the clock only. */
      readonly today?: boolean;
      /** In a line of strong text. */
      readonly strong?: true;
    }
  /**
   * A link. `url` is one that m0 built itself, from validated and percent-encoded parts (src/model/links), or a page of
   * the chat; never one that a cloud, a repository or a person wrote. `text` may be anybody's: renderers escape it.
   */
  | { readonly type: 'link'; readonly text: string; readonly url: string };

/** A plain text, or spans if it names times. */
export type Words = string | readonly Span[];

/** A line of a text: removed, added, unchanged; `@`: words about the lines below it or about those that are left out. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' ' | '@';
  readonly text: string;
}

/**
 * What happened, never what an apply would do. `add` / `del`: a whole value that was added or removed. `change`: before
 * and after in one row. `same`: context. `lines`: the changed lines of a long text, with a few words about it (may be
 * empty). `alarm`: it opened something, so no renderer shows it in a colour that means well.
 */
export type DiffRow =
  | { readonly kind: 'add' | 'del'; readonly label: string; readonly value: string; readonly alarm?: true }
  | { readonly kind: 'same'; readonly label: string; readonly value: string }
  | {
      readonly kind: 'change';
      readonly label: string;
      readonly before: string;
      readonly after: string;
      readonly alarm?: true;
    }
  | {
      readonly alarm?: true;
      readonly kind: 'lines';
      readonly label: string;
      readonly about: string;
      readonly lines: readonly DiffLine[];
    }
  | { readonly kind: 'note'; readonly label: string; readonly value: string };

/** A row that says something in words. */
export function noteRow(label: string, value: string): DiffRow {
  return { kind: 'note', label, value };
}

/** The state of a finding, which sets its symbol. `busy`: approved, being applied or not verified yet. */
export type FindingTone =
  | 'heals'
  | 'waits'
  | 'denied'
  | 'rejected'
  | 'snoozed'
  | 'accepted'
  | 'busy'
  | 'done'
  | 'failed'
  | 'info';

/** A confirmation dialog before a button acts. */
export interface ButtonConfirm {
  readonly title: string;
  readonly body: string;
  readonly confirm: string;
}

/**
 * A button carries the same command that a person can type; nothing in it is trusted. If the command is incomplete
 * (no duration, no reason), the handler replies with a Form.
 */
export interface Button {
  readonly label: string;
  readonly style?: 'primary' | 'danger';
  readonly command: string;
  readonly confirm?: ButtonConfirm;
  /** The form that the handler would reply with, for chats that show forms inside the card. */
  readonly form?: Form;
}

/** A number for each origin of drift. */
interface ByOrigin {
  readonly cloud: number;
  readonly code: number;
  readonly both: number;
}

/** What a picture shows: a trend over days. Each chat draws it in its own way, or shows `alt` of its block alone. */
export interface Picture {
  /**
   * Oldest first, the last one is today. `day`: as `2026-11-28`, in UTC. Open findings by origin at the end of the day,
   * and findings that were put back on it. Null: m0 was not there yet.
   */
  readonly days: readonly ({ readonly day: string } & {
    readonly [K in keyof ByOrigin | 'policy' | 'people']: number | null;
  })[];
  /** What is open now, by age. */
  readonly ages: readonly (ByOrigin & { readonly label: string })[];
}

/** A block of a card. */
export type Block =
  /** Consecutive lines form a group. A line without spans separates two groups. */
  | { readonly type: 'line'; readonly spans: readonly Span[] }
  | { readonly type: 'context'; readonly spans: readonly Span[] }
  | {
      readonly type: 'finding';
      /** What happened to the resource: `+` was added, `-` was removed, `~` was changed, `!` other. */
      readonly mark: HappenedMark;
      readonly address: string;
      readonly status: Words;
      readonly tone: FindingTone;
      readonly rows: readonly DiffRow[];
      /** Links after the status. A renderer without room leaves them out first. */
      readonly links?: readonly Span[];
    }
  | {
      readonly type: 'facts';
      readonly facts: readonly { readonly label: string; readonly spans: readonly Span[] }[];
    }
  | { readonly type: 'buttons'; readonly buttons: readonly Button[] }
  | { readonly type: 'outcome'; readonly spans: readonly Span[] }
  /** `alt`: its words, for people who do not see it. The card says them as well: not every chat shows pictures. */
  | { readonly type: 'picture'; readonly picture: Picture; readonly alt: string }
  | { readonly type: 'divider' };

/** A message, for every platform. */
export interface Card {
  /** One sentence that explains the event in a phone's notification. Plain text. */
  readonly headline: string;
  /** The headline with its times as spans, if it names any. Notifications show `headline`. */
  readonly title?: readonly Span[];
  readonly tone: 'drift' | 'waits' | 'good' | 'bad' | 'plain';
  /** How bad the worst open drift is. Left out if nothing is open, and on cards that are not about drift. */
  readonly severity?: SeverityLevel;
  readonly blocks: readonly Block[];
}

/** A form, opened by a button or by an incomplete command. Its answers come back together with `command`. */
export interface Form {
  readonly title: string;
  readonly submit: string;
  readonly intro: readonly Span[];
  /** The command that the answers complete, e.g. `snooze #42`. */
  readonly command: string;
  readonly fields: readonly FormField[];
}

/** `name`: the placeholder in the command's grammar that the answer fills. */
export type FormField =
  | {
      readonly kind: 'choice';
      readonly name: string;
      readonly label: string;
      readonly options: readonly { readonly label: string; readonly value: string }[];
      readonly initial?: string;
    }
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly label: string;
      readonly hint?: string;
      readonly required: boolean;
      readonly maxLength: number;
    };

/** A file that m0 hands to a person. `name`: letters, digits, `_`, `-` and its end. `about`: one line. */
export interface OutFile {
  readonly name: string;
  readonly about: string;
  readonly text: string;
}

/** A text of several pages (a full diff), shown as a dialog with next / previous, or as a file. */
export interface Pages {
  readonly title: string;
  readonly pages: readonly Card[];
  /** The whole content as plain text, for a file if the pages don't fit. */
  readonly text: string;
}
