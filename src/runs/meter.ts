/** What the core tells of its work to whoever counts it. */
import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Change, Clock, PolicyPort } from './ports.ts';
import type { Run } from './run.ts';

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

/** Tells of each run that was moved by the changes of one commit; `before` has the runs as they were. */
export function tellMoves(
  meter: Meter | undefined,
  changes: readonly Change[],
  before: readonly (Run | null)[],
): void {
  if (!meter) return;
  for (const change of changes) {
    if (change.c !== 'run.update') continue;
    const was = before.find((run) => run?.id === change.run.id);
    if (was) meter.moved(was, change.run);
  }
}

/** The same policies, with every answer told. */
export function metered(policies: PolicyPort, meter: Meter, clock: Clock): PolicyPort {
  return {
    async ask(question) {
      const began = clock();
      const answers = await policies.ask(question);
      meter.answered(answers, clock() - began);
      return answers;
    },
    status: (sources) => policies.status(sources),
  };
}
