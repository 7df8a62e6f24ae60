/** What the core tells of its work to whoever counts it. */

import type { Clock } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Change } from '../ports/store.ts';

/** Tells of each run that was moved by the changes of one commit; `before` has the runs as they were. */
export function countTransitions(
  meter: MetricsPort | undefined,
  changes: readonly Change[],
  before: readonly (Run | null)[],
): void {
  if (!meter) return;
  for (const change of changes) {
    if (change.type !== 'run.update') continue;
    const was = before.find((run) => run?.id === change.run.id);
    if (was) meter.runStepped(was, change.run);
  }
}

/** The same policies, with every answer told. */
export function metered(policies: PolicyPort, meter: MetricsPort, clock: Clock): PolicyPort {
  return {
    async ask(question) {
      const began = clock();
      const answers = await policies.ask(question);
      meter.policiesAnswered(answers, clock() - began);
      return answers;
    },
    status: (sources) => policies.status(sources),
  };
}
