/**
 * What follows from each new plan besides its drift: what m0 remembers of the stack's state, the alert of a state
 * that is empty, and the alert of conditions of the code that fail. Pure.
 */

import type { CheckResult } from '../drift/finding.ts';
import type { RunAlert } from '../model/alert.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import { M0, type Run } from '../model/run.ts';
import type { Change } from '../ports/store.ts';
import { count } from '../text/words.ts';
import { alignedChanges } from './aligned-code.ts';
import { checksFingerprint } from './conditions.ts';
import { newAlert } from './new-alert.ts';
import type { RunEvent } from './run-event.ts';

/** The stack's open alerts that these changes are about, read just before they are stored. */
export interface PlanAlerts {
  /** The open alert of a state that is empty. */
  readonly emptyState: RunAlert | null;
  /** The open alert of failing conditions of the code. */
  readonly conditions: RunAlert | null;
  /** The addresses of the conditions that this alert tells. */
  readonly failed: readonly string[];
}

/** The changes that follow from the plan of this step; none if the step stored no whole plan that was decided on. */
export function planChanges(run: Run, event: RunEvent, open: PlanAlerts, now: number): readonly Change[] {
  if (event.type !== 'decided' && event.type !== 'moved' && event.type !== 'verified') return [];
  if (run.state === 'state_empty') return emptyChanges(run, open.emptyState, now);
  return [
    ...alignedChanges(run, event),
    ...seenChanges(run, event, now),
    ...backChanges(run, open.emptyState, now),
    ...conditionChanges(run, open.conditions, open.failed, now),
  ];
}

/** An empty state is remembered only after m0's own apply emptied it: otherwise its loss would be forgotten. */
function seenChanges(run: Run, event: RunEvent, now: number): readonly Change[] {
  const resources = run.resourcesInState ?? null;
  if (resources === null || (resources === 0 && event.type !== 'verified')) return [];
  return [{ type: 'state.seen', stack: run.stack, seen: { resources, run: run.id, at: now } }];
}

/** The first run that finds the state empty opens an alert; later ones count up on the same alert. */
function emptyChanges(run: Run, open: RunAlert | null, now: number): readonly Change[] {
  if (open) return seenAgain(open, run, now);
  const seen = run.emptied ?? { resources: 0, run: run.id };
  return [
    inserted('empty-state', run, 'empty-state', now),
    recorded(run, 'state-empty', `m0 had seen ${count(seen.resources, 'resource')} in run #${seen.run}`, now),
  ];
}

function backChanges(run: Run, open: RunAlert | null, now: number): readonly Change[] {
  const resources = run.resourcesInState ?? 0;
  if (!open || resources === 0) return [];
  const outcome = `the state is back: ${count(resources, 'resource')} (run #${run.id})`;
  return [...resolved(open, run, outcome, now), recorded(run, 'state-back', outcome, now)];
}

/** The same conditions update the open alert; others supersede it with a new one. */
function conditionChanges(
  run: Run,
  open: RunAlert | null,
  failed: readonly string[],
  now: number,
): readonly Change[] {
  const { checks } = run;
  if (checks === undefined) return [];
  if (checks.length === 0) {
    // What was not evaluated has not passed.
    const unsettled = failed.some((address) => run.checksUnknown?.includes(address));
    if (!open || unsettled || run.unsure) return [];
    const outcome = `the checks of the code pass again (run #${run.id})`;
    return [...resolved(open, run, outcome, now), recorded(run, 'checks-pass', outcome, now)];
  }
  const fingerprint = checksFingerprint(checks);
  if (open?.fingerprint === fingerprint) return seenAgain(open, run, now);
  return [
    ...(open ? replaced(open, run, now) : []),
    inserted('conditions', run, fingerprint, now),
    recorded(run, 'checks-fail', checks.map(describeCheck).join('; '), now),
  ];
}

function describeCheck({ address, problems }: CheckResult): string {
  return problems.length === 0 ? address : `${address}: ${problems.join(', ')}`;
}

function inserted(kind: RunAlert['kind'], run: Run, fingerprint: string, now: number): Change {
  return {
    type: 'alert.insert',
    alert: newAlert(kind, run, fingerprint, now),
    deliveries: [{ type: 'card' }],
  };
}

function card({ id }: RunAlert, run: Run, now: number, found = false): Change {
  const key = `card:${id}:${run.id}.${run.version}`;
  const again = found ? { found: true as const } : {};
  return { type: 'outbox.add', key, delivery: { type: 'card', alertId: id, ...again }, at: now };
}

function seenAgain(open: RunAlert, run: Run, now: number): readonly Change[] {
  const seen = { seenCount: open.seenCount + 1, lastSeenAt: now, runId: run.id };
  return [{ type: 'alert.update', alert: { ...open, ...seen } }, card(open, run, now, true)];
}

function resolved(open: RunAlert, run: Run, outcome: string, now: number): readonly Change[] {
  return [
    { type: 'alert.update', alert: { ...open, state: 'resolved', outcome, lastSeenAt: now } },
    card(open, run, now),
  ];
}

function replaced(open: RunAlert, run: Run, now: number): readonly Change[] {
  const outcome = `superseded by run #${run.id}`;
  return [{ type: 'alert.update', alert: { ...open, state: 'superseded', outcome } }, card(open, run, now)];
}

function recorded(run: Run, action: AuditAction, detail: string, now: number): Change {
  const entry = {
    ...{ at: now, actor: M0, place: null, action, stack: run.stack, runId: run.id },
    ...{ fingerprint: run.fingerprint, commit: run.code?.commit ?? null, bundles: null, scope: null, detail },
  };
  return { type: 'audit', entry };
}
