/** What a tool is doing for a stack now, so that cards can say it while it takes long. */
export interface Working {
  /** `preparing`, `planning`, `reading the plan` or `applying`. */
  readonly doing: string;
  /** When the tool began with it, in ms since epoch. */
  readonly since: number;
  /** m0 stops it this many ms after `since`. */
  readonly limitMs: number;
}

/** What is done for the stack with that name now; null if no tool works on it. */
export type WorkingNow = (stack: string) => Working | null;

/** How long a tool works before cards and lists say so, in ms: most plans take less. */
export const TELL_WORKING_AFTER_MS = 2 * 60_000;
