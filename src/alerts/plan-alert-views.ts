/** Collects the data of the alerts about an empty state and about failing conditions of the code. */
import type { ConditionsView, EmptyStateView, StackTrouble } from '../messages/view-plan-alerts.ts';
import type { RunAlert } from '../model/alert.ts';
import { touchedCommit } from '../model/code-version.ts';
import type { Run } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import { stackOrRemoved, type ViewParts } from './drift-view.ts';

function commonFacts(parts: ViewParts, run: Run, alert: RunAlert) {
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    alert: alert.state,
    outcome: alert.outcome,
    since: alert.firstSeenAt,
    now: parts.clock(),
    zone: stackOrRemoved(parts.directory, run).timezone,
  };
}

/** What the card of an empty state shows now. */
export function emptyStateView(parts: ViewParts, run: Run, alert: RunAlert): EmptyStateView {
  const stack = stackOrRemoved(parts.directory, run);
  return {
    ...commonFacts(parts, run, alert),
    seen: run.emptied ?? { resources: 0, run: run.id, at: run.updatedAt },
    code: run.code === null ? null : { ...run.code, ...touchedCommit(run.code) },
    path: stack.source.path,
    workspace: stack.workspace,
  };
}

/** What the card of failing conditions shows now. */
export function conditionsView(parts: ViewParts, run: Run, alert: RunAlert): ConditionsView {
  return { ...commonFacts(parts, run, alert), checks: run.checks ?? [], seenCount: alert.seenCount };
}

/** The open alerts of these kinds, oldest first: of one stack, or of all if it is left out. */
export async function troublesOf(store: Store, stack?: string): Promise<readonly StackTrouble[]> {
  const of = { state: 'open', ...(stack === undefined ? {} : { subject: stack }) } as const;
  const alerts = [
    ...(await store.alerts({ ...of, kind: 'empty-state' })),
    ...(await store.alerts({ ...of, kind: 'conditions' })),
  ];
  const troubles = await Promise.all(
    alerts.map(async ({ kind, subject, runId, firstSeenAt }): Promise<readonly StackTrouble[]> => {
      if (kind !== 'empty-state' && kind !== 'conditions') return [];
      const run = await store.run(runId);
      const number = kind === 'empty-state' ? run?.emptied?.resources : run?.checks?.length;
      return [{ stack: subject, kind, runId, since: firstSeenAt, number: number ?? 0 }];
    }),
  );
  return troubles.flat().sort((a, b) => a.since - b.since || (a.stack < b.stack ? -1 : 1));
}
