/** Which runs or stacks a command is about: a stack, an environment or a glob over stack names. */
export type Target = string;

/** What somebody wants, typed or clicked. Whether they may is decided elsewhere. */
export type Command =
  | { readonly command: 'drift'; readonly target: Target | null }
  | { readonly command: 'home' }
  | { readonly command: 'status'; readonly target: Target | null }
  | { readonly command: 'show'; readonly run: number }
  /** `seen`: start of the fingerprint on the card that was clicked, so that an old card can't approve new drift. */
  | { readonly command: 'approve'; readonly run: number; readonly seen: string | null }
  | { readonly command: 'reject'; readonly run: number; readonly reason: string | null }
  | {
      readonly command: 'snooze';
      readonly subject: Subject;
      readonly address: string | null;
      /** null where it was not said, so a form asks. */
      readonly until: SnoozeEnd | null;
      readonly reason: string | null;
    }
  | { readonly command: 'unsnooze'; readonly subject: Subject; readonly address: string | null }
  | {
      readonly command: 'accept';
      readonly run: number;
      readonly address: string | null;
      /** null where it was not said, so a form asks. */
      readonly reason: string | null;
    }
  | { readonly command: 'unaccept'; readonly subject: Subject; readonly address: string | null }
  | { readonly command: 'baseline'; readonly target: Target }
  | { readonly command: 'cancel'; readonly run: number }
  | { readonly command: 'why'; readonly run: number }
  | { readonly command: 'ask'; readonly run: number }
  | { readonly command: 'history'; readonly target: Target | null }
  | { readonly command: 'oncall' }
  | { readonly command: 'digest'; readonly target: Target | null }
  | { readonly command: 'subscribe'; readonly target: Target }
  | { readonly command: 'unsubscribe'; readonly target: Target }
  | { readonly command: 'policy'; readonly target: Target }
  /** `trouble`: start of what names it on the card that was clicked; null where it was typed. */
  | { readonly command: 'seen'; readonly policy: string; readonly trouble: string | null }
  | { readonly command: 'help'; readonly topic: string | null };

/** When a snooze ends: ms since epoch, or as soon as one of the values moves. */
export type SnoozeEnd = number | 'changes';

/** A run by its number, or stacks by a target. */
export type Subject =
  | { readonly by: 'run'; readonly run: number }
  | { readonly by: 'target'; readonly target: Target };

export type CommandName = Command['command'];

/** `problem` is one plain sentence for the sender; `suggestion` the nearest text that would work. */
export type ParseResult =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly problem: string; readonly suggestion: string | null };
