/** The data with which cards and answers point to the open card of a stack. */
/** The open card of a stack's drift, as another card or an answer points to it. */
export interface OpenCard {
  readonly runId: number;
  /** Opens its message; null where the chat has no link or the message is not posted yet. */
  readonly url: string | null;
}

/** The same, with what is open on it. */
export interface NewerCard extends OpenCard {
  /** Addresses of the findings that are open on it. */
  readonly open: readonly string[];
}

/** The newest plan of the stack that was decided on, and the addresses that it found open. */
export interface LastPlan {
  readonly runId: number;
  readonly open: readonly string[];
}
