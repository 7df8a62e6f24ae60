/**
 * The neutral card: what is told, in which order. One renderer a platform turns it into that platform's
 * dress. Text is always plain: a renderer must escape it so that it can't mention, link, format or break out.
 */

/** A piece of a line. Only `person` may become a live mention, only `link` a live link. */
export type Span =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'strong'; readonly text: string }
  | { readonly type: 'quiet'; readonly text: string }
  | { readonly type: 'code'; readonly text: string }
  /** A command of m0's, shown with what one types before it: `/m0` or `@m0`. */
  | { readonly type: 'command'; readonly text: string }
  /** A person of m0.yaml; `mention` asks for a live mention, else the name alone. */
  | { readonly type: 'person'; readonly person: string; readonly name: string; readonly mention: boolean }
  /** An instant (ms since epoch), shown in the reader's zone where the platform can, else in `zone`. */
  | {
      readonly type: 'time';
      readonly at: number;
      readonly zone: string;
      readonly style: 'clock' | 'day' | 'ago';
      /** It was today when it was told: the clock says enough where a chat can't count how long ago it is. */
      readonly today?: boolean;
    }
  /** A link that m0 itself made; `url` is never taken from a cloud, a repository or a person. */
  | { readonly type: 'link'; readonly text: string; readonly url: string };

/** `add` / `del`: a whole value that came or went; `change`: before and after on one row; `same`: context. */
export type DiffRow =
  | { readonly kind: 'add' | 'del' | 'same'; readonly label: string; readonly value: string }
  | { readonly kind: 'change'; readonly label: string; readonly before: string; readonly after: string }
  | { readonly kind: 'note'; readonly label: string; readonly value: string };

/** How a finding stands, as the word at its right: heals itself, waits, snoozed … */
export type FindingTone = 'heals' | 'waits' | 'denied' | 'kept' | 'done' | 'info';

export interface ButtonConfirm {
  readonly title: string;
  readonly body: string;
  readonly confirm: string;
}

/**
 * A button carries the same command as the typed text; nothing in it is trusted. Where the command lacks
 * words (how long, why), the handler answers with a Form.
 */
export interface Button {
  readonly label: string;
  readonly style?: 'primary' | 'danger';
  readonly command: string;
  readonly confirm?: ButtonConfirm;
  /** The form the handler would answer with, for a chat that shows it in the card itself. */
  readonly form?: Form;
}

export type Block =
  /** Lines in a row stand together; one of nothing parts two groups of them. */
  | { readonly type: 'line'; readonly spans: readonly Span[] }
  | { readonly type: 'context'; readonly spans: readonly Span[] }
  | {
      readonly type: 'finding';
      /** `~` update, `+` create, `-` delete, `±` replace, `!` other. */
      readonly mark: '~' | '+' | '-' | '±' | '!';
      readonly address: string;
      readonly status: string;
      readonly tone: FindingTone;
      readonly rows: readonly DiffRow[];
    }
  | {
      readonly type: 'facts';
      readonly facts: readonly { readonly label: string; readonly spans: readonly Span[] }[];
    }
  | { readonly type: 'buttons'; readonly buttons: readonly Button[] }
  | { readonly type: 'outcome'; readonly spans: readonly Span[] }
  | { readonly type: 'divider' };

export interface Card {
  /** The one sentence that must tell the story in a phone's notification. Plain text. */
  readonly headline: string;
  readonly tone: 'drift' | 'waits' | 'good' | 'bad' | 'plain';
  readonly blocks: readonly Block[];
}

/** A form opened by a button or a typed command that lacks words. Its answers come back beside `command`. */
export interface Form {
  readonly title: string;
  readonly submit: string;
  readonly intro: readonly Span[];
  /** The command that is completed by the answers, e.g. `snooze #42`. */
  readonly command: string;
  readonly fields: readonly FormField[];
}

/** `name` is the placeholder in the command's grammar that the answer fills. */
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

/** A text of several pages (a full diff), shown as a dialog with next / previous or as a file. */
export interface Pages {
  readonly title: string;
  readonly pages: readonly Card[];
  /** The whole as plain text, for a file where pages don't fit. */
  readonly text: string;
}
