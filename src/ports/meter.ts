import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Run } from '../model/run.ts';

/**
 * How one attempt to bring something to a chat ended. `slowed`: the chat asked to come back later; `given-up`: it
 * can't be brought there, and is not tried again.
 */
export type Attempt = 'delivered' | 'slowed' | 'failed' | 'given-up';

/** Is told after the fact. Promises never to throw and never to keep anybody waiting. */
export interface Meter {
  /** A stored step of a run. `before.updatedAt` is when it came into the state it left. */
  moved(before: Run, after: Run): void;
  /** The policies of a run answered after `ms`. */
  answered(answers: readonly PolicyAnswer[], ms: number): void;
  attempted(attempt: Attempt): void;
}
