/** What is left of stacks that m0.yaml no longer has: nobody will check, approve or heal them any more. */
import { isOfRun } from '../model/alert.ts';
import type { Clock, Directory } from '../model/directory.ts';
import { M0, type Run } from '../model/run.ts';
import { storeFresh } from '../ports/commit-fresh.ts';
import type { Store } from '../ports/store.ts';
import type { StepParts, Steps } from './steps.ts';

export interface GoneParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly step: StepParts['step'];
  readonly fail: Steps['fail'];
}

/** Ends the run of a stack that is gone. */
export async function leaveRun({ step, fail }: Pick<GoneParts, 'step' | 'fail'>, run: Run): Promise<void> {
  const reason = `stack ${run.stack} is no longer in m0.yaml`;
  if (run.state === 'verifying') return fail(run, 'verifying', reason);
  await step(run, { type: 'cancel', by: M0, reason });
}

/** Ends what waits of such stacks, so that no card goes on asking. */
export async function leaveWhatIsGone(parts: GoneParts): Promise<void> {
  const { store, directory, clock } = parts;
  const gone = (name: string): boolean => !directory.stacks.some((s) => s.name === name);
  for (const run of await store.runs({ states: ['queued', 'awaiting_approval', 'approved'] })) {
    if (gone(run.stack)) await leaveRun(parts, run);
  }
  const now = clock();
  for (const { id } of await store.alerts({ state: 'open' })) {
    await storeFresh(store, async () => {
      const alert = await store.alert(id);
      // A policy's alert ends when nothing is wrong with the policy, see policy-watch.ts.
      if (alert?.state !== 'open' || !isOfRun(alert) || !gone(alert.subject)) return [];
      const outcome = `${alert.subject} is no longer in m0.yaml`;
      return [
        { type: 'alert.update', alert: { ...alert, state: 'resolved', outcome } },
        { type: 'outbox.add', key: `card:${id}:gone`, delivery: { type: 'card', alertId: id }, at: now },
      ];
    });
  }
}
