/** Reports run transitions and policy answers to the metrics port. */

import type { Clock } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Change } from '../ports/store.ts';

/** Reports each run that one commit changed; `before` has the runs as they were before it. */
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

/** The policy port, with each answer and its duration (ms) reported to the metrics port. */
export function withPolicyMetrics(policies: PolicyPort, meter: MetricsPort, clock: Clock): PolicyPort {
  return {
    async ask(question) {
      const startedAt = clock();
      const answers = await policies.ask(question);
      meter.policiesAnswered(answers, clock() - startedAt);
      return answers;
    },
    status: (sources) => policies.status(sources),
  };
}
