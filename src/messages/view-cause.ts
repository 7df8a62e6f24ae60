/** The data of the lines about who changed the cloud. Times in ms since epoch. */
import type { CauseEvent, Grade } from '../model/cause.ts';

/** What is known of who made one finding. */
export interface CauseView {
  readonly status: 'pending' | 'found' | 'none';
  readonly grade: Grade;
  /** The likeliest event; null: none was found. */
  readonly event: CauseEvent | null;
  /** The person of m0.yaml that the log means, or the name in the log. */
  readonly who: { readonly person: string | null; readonly name: string } | null;
  /** How many other events of the same grade there are. */
  readonly others: number;
  /** Until when it is asked for. */
  readonly until: number;
  /** Why the log could not be asked; null: it could. */
  readonly problem: string | null;
}
