/** The data of the card about stacks that were never checked. */
export interface FirstChecksView {
  /** How many stacks the message is about; those that left m0.yaml meanwhile are not counted. */
  readonly total: number;
  /** How many of them have been checked. */
  readonly done: number;
  /** Of those: without drift or with drift that is all known, and with open drift. */
  readonly aligned: number;
  readonly drifted: number;
  /** Those that can't be checked, each with the first line of the reason. */
  readonly failing: readonly { readonly stack: string; readonly why: string }[];
  /** How long the others will take at the pace so far; null: nothing has been checked yet, or all are. */
  readonly minutesLeft: number | null;
  readonly over: boolean;
}
