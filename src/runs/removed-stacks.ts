/** Ends the runs and alerts of stacks that are not watched any more: m0 no longer works on them. */
import { isOfRun, removedOutcome } from '../model/alert.ts';
import type { Clock, Directory } from '../model/directory.ts';
import { M0, type Run } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import { storeFresh } from './commit-fresh.ts';
import type { StepParts, Steps } from './steps.ts';

export interface RemovedStackParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly step: StepParts['step'];
  readonly fail: Steps['fail'];
}

/** Cancels the run of a removed stack. A run that was being verified fails instead: it can't be canceled any more. */
export async function endRunOfRemovedStack(
  { directory, step, fail }: Pick<RemovedStackParts, 'directory' | 'step' | 'fail'>,
  run: Run,
): Promise<void> {
  const reason = `stack ${removedOutcome(run.stack, directory.gone?.[run.stack])}`;
  if (run.state === 'verifying') return fail(run, 'verifying', reason);
  await step(run, { type: 'cancel', by: M0, reason });
}

/** Ends the waiting runs and open alerts of removed stacks, because their cards would still ask for approval. */
export async function endWorkOfRemovedStacks(parts: RemovedStackParts): Promise<void> {
  const { store, directory, clock } = parts;
  const isRemoved = (name: string): boolean => !directory.stacks.some((s) => s.name === name);
  for (const run of await store.runs({ states: ['queued', 'awaiting_approval', 'approved'] })) {
    if (isRemoved(run.stack)) await endRunOfRemovedStack(parts, run);
  }
  const now = clock();
  for (const { id } of await store.alerts({ state: 'open' })) {
    await storeFresh(store, async () => {
      const alert = await store.alert(id);
      // Alerts about policies end elsewhere, see policy-watch.ts.
      if (alert?.state !== 'open' || !isOfRun(alert) || !isRemoved(alert.subject)) return [];
      const outcome = removedOutcome(alert.subject, directory.gone?.[alert.subject]);
      return [
        { type: 'alert.update', alert: { ...alert, state: 'resolved', outcome } },
        { type: 'outbox.add', key: `card:${id}:gone`, delivery: { type: 'card', alertId: id }, at: now },
      ];
    });
  }
}
