/** What the store keeps of causes. */

import type { Finding } from '../drift/finding.ts';
import type { Cause } from '../model/cause.ts';

/** Changes of causes in a commit. */
export type CauseChange =
  /** Asks for the cause, unless it is known or asked for already. One whose finding was gone is asked for anew. */
  | { readonly type: 'cause.add'; readonly cause: Cause }
  /** Holds only if the row is of the same `since` and was asked about once less; else nothing is written of it. */
  | { readonly type: 'cause.update'; readonly cause: Cause }
  /** A plan of the whole stack found only these findings. Who made the others is asked all the same, for the record. */
  | {
      readonly type: 'causes.gone';
      readonly stack: string;
      readonly present: readonly Pick<Finding, 'fingerprint'>[];
      readonly at: number;
    };

export interface CauseStore {
  /** Of the stack; also of findings that are gone. */
  causes(stack: string): Promise<readonly Cause[]>;
  /** Those that are to be asked about at `now` (ms since epoch), the longest due first. */
  dueCauses(now: number, limit: number): Promise<readonly Cause[]>;
}
