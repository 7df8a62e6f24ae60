/** The commands of m0, and the result of parsing one. */

/** The stacks that a command is about: a stack, an environment, or a glob over stack names. */
export type Target = string;

/** A command, typed or clicked. Permissions are checked elsewhere. */
export type Command =
  | { readonly command: 'drift'; readonly target: Target | null }
  | { readonly command: 'home' }
  | { readonly command: 'status'; readonly target: Target | null }
  | { readonly command: 'stacks'; readonly target: Target | null }
  | { readonly command: 'show'; readonly run: number }
  /** `seen`: the start of the fingerprint on the clicked card, so that an old card can't approve new drift. */
  | { readonly command: 'approve'; readonly run: number; readonly seen: string | null }
  | { readonly command: 'reject'; readonly run: number; readonly reason: string | null }
  | {
      readonly command: 'snooze';
      readonly subject: Subject;
      readonly address: string | null;
      /** null if it was not given: a form asks for it. */
      readonly until: SnoozeEnd | null;
      readonly reason: string | null;
    }
  | { readonly command: 'unsnooze'; readonly subject: Subject; readonly address: string | null }
  | {
      readonly command: 'accept';
      readonly run: number;
      readonly address: string | null;
      /** When the drift is told again (ms since epoch); null: when one of its values changes. */
      readonly until: number | null;
      /** null if it was not given: a form asks for it. */
      readonly reason: string | null;
    }
  | { readonly command: 'unaccept'; readonly subject: Subject; readonly address: string | null }
  /** `address` null: the only finding that can be, or a form asks. */
  | { readonly command: 'codify'; readonly run: number; readonly address: string | null }
  | { readonly command: 'baseline'; readonly target: Target }
  | { readonly command: 'cancel'; readonly run: number }
  | { readonly command: 'why'; readonly run: number }
  | { readonly command: 'ask'; readonly run: number }
  | { readonly command: 'history'; readonly target: Target | null }
  | { readonly command: 'oncall' }
  | { readonly command: 'digest'; readonly target: Target | null }
  /** `month`: as `2026-11`; null: this month. */
  | { readonly command: 'report'; readonly target: Target | null; readonly month: string | null }
  /** `target` and `reason` are null if they were not given: a form asks for them. */
  | { readonly command: 'pause'; readonly target: Target | null; readonly reason: string | null }
  /** `target` null: what is paused is listed, to choose from. */
  | { readonly command: 'resume'; readonly target: Target | null }
  | { readonly command: 'subscribe'; readonly target: Target }
  | { readonly command: 'unsubscribe'; readonly target: Target }
  | { readonly command: 'policy'; readonly target: Target }
  /** `trouble`: the start of the problem's id on the clicked card; null if the command was typed. */
  | { readonly command: 'seen'; readonly policy: string; readonly trouble: string | null }
  | { readonly command: 'help'; readonly topic: string | null };

/** When a snooze ends: at a time (ms since epoch), or when one of the values changes. */
export type SnoozeEnd = number | 'changes';

/** A run by its number, or stacks by a target. */
export type Subject =
  | { readonly by: 'run'; readonly run: number }
  | { readonly by: 'target'; readonly target: Target };

export type CommandName = Command['command'];

/** A command of which only the run is missing. `target`: the word that stands in its place; null if there is none. */
export interface WithoutRun {
  readonly command: CommandName;
  readonly target: Target | null;
}

/**
 * `problem` is one plain sentence for the sender. `suggestion` is the most similar text that parses; null if there
 * is none. `others`: more of them, if it may mean several.
 */
export type ParseResult =
  | { readonly ok: true; readonly command: Command }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly suggestion: string | null;
      readonly others?: readonly string[];
      readonly withoutRun?: WithoutRun;
    };
