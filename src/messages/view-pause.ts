/** The data of what cards show of pauses. Times in ms since epoch. */

/** A pause that holds. */
export interface PauseView {
  /** As it was typed. */
  readonly target: string;
  readonly by: { readonly person: string | null; readonly name: string };
  readonly at: number;
  readonly reason: string;
  /** Those of the card's stacks that it covers, sorted. */
  readonly stacks: readonly string[];
}

/** The message about a pause. */
export interface PauseCardView extends PauseView {
  /** How it ended, in one sentence; null while it holds. */
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
}

/** What a person can choose to pause. */
export interface PauseChoices {
  readonly environments: readonly string[];
  readonly stacks: readonly string[];
}
