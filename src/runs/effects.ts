/** Turns the effects of a transition into store changes, which are stored with it in one transaction. Pure. */
import { assertNever } from '../base/assert-never.ts';
import type { RunAlert } from '../model/alert.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Stack } from '../model/directory.ts';
import { type Actor, type Interrupted, M0, type Run, type Trigger } from '../model/run.ts';
import type { OutboxMessage } from '../ports/outbox.ts';
import type { Change, NewAlertMessage } from '../ports/store.ts';
import { capitalize, count } from '../text/words.ts';
import { auditEntryOf } from './audit-entry.ts';
import type { FollowedApply } from './followed-apply.ts';
import { describeState, transition } from './machine.ts';
import { newAlert } from './new-alert.ts';
import { type PlanAlerts, planChanges } from './plan-alerts.ts';
import { agrees, isOnTheWay, saysTheSame } from './routine.ts';
import type { Effect, RunEvent } from './run-event.ts';

/** The stack's alerts and the people to ask, read just before the transition is stored. */
export interface AlertContext extends PlanAlerts {
  /** The stack's open drift alert. */
  readonly drift: RunAlert | null;
  /** The stack's open alert about a failing check. */
  readonly failure: RunAlert | null;
  /** Alerts whose card shows this run, in any state. */
  readonly ofRun: readonly RunAlert[];
  /** The run that the open drift alert shows. */
  readonly openAlertRun: Run | null;
  /** The apply upstream that the run's drift only follows; null: it has a cause of its own. */
  readonly followed: FollowedApply | null;
  /** The stack's last line in the audit record. */
  readonly lastEntry: AuditEntry | null;
  /** People to ask by direct message, each with the reason. */
  readonly peopleToAsk: readonly { readonly person: string; readonly why: string }[];
}

/** A new run in state `queued`; the store gives it its id. `now` is in ms since epoch. */
export function newRun(
  stack: Pick<Stack, 'name' | 'environment' | 'worker'>,
  trigger: Trigger,
  requestedBy: Actor,
  forceHuman: string | null,
  now: number,
  interrupted: Interrupted | null = null,
): Omit<Run, 'id'> {
  return {
    stack: stack.name,
    environment: stack.environment,
    ...(stack.worker === undefined ? {} : { worker: stack.worker }),
    trigger,
    requestedBy,
    state: 'queued',
    version: 1,
    createdAt: now,
    updatedAt: now,
    forceHuman,
    interrupted,
    code: null,
    plan: null,
    findings: [],
    outputs: [],
    counts: null,
    fingerprint: null,
    decision: null,
    scope: [],
    approvals: [],
    applied: [],
    moved: null,
    failure: null,
    ending: null,
    relatedRun: null,
  };
}

/**
 * All store changes of one transition: the run, its audit entry (left out for routine, see routine.ts), alerts and outbox messages. The caller must commit
 * them in one transaction. Throws if the run of the open alert must be superseded and its state does not allow that.
 */
export function changesOf(
  was: Run,
  run: Run,
  event: RunEvent,
  effects: readonly Effect[],
  state: AlertContext,
  now: number,
): readonly Change[] {
  const changes: Change[] = [
    { type: 'run.update', run, was: { state: was.state, version: was.version } },
    ...recordOf(was, run, event, state.lastEntry, now),
  ];
  const stamp = `${run.id}.${run.version}`;
  const send = (key: string, delivery: OutboxMessage): void => {
    changes.push({ type: 'outbox.add', key, delivery, at: now });
  };
  const announces = effects.some((e) => e.type === 'announce');
  const shown = announces ? [] : state.ofRun;

  effects.forEach((effect, index) => {
    switch (effect.type) {
      case 'announce': {
        if (state.drift) {
          const outcome = successionText(state.openAlertRun, run);
          changes.push({ type: 'alert.update', alert: { ...state.drift, state: 'superseded', outcome } });
        }
        const asksPeople = effects.some((e) => e.type === 'ask');
        const deliveries: NewAlertMessage[] = [
          { type: 'card' },
          ...(asksPeople ? state.peopleToAsk.map((a) => ({ type: 'dm' as const, ...a })) : []),
        ];
        changes.push({
          type: 'alert.insert',
          alert: newAlert('drift', run, run.fingerprint ?? '', now),
          deliveries,
        });
        if (state.followed) {
          const { alertId } = state.followed;
          const text = followedText(run);
          send(`thread:${alertId}:followed:${run.id}`, { type: 'thread', alertId, text });
        }
        // After the new card, so that the old one can point to it.
        if (state.drift) send(`card:${state.drift.id}:${stamp}`, { type: 'card', alertId: state.drift.id });
        return;
      }
      case 'refresh':
        for (const alert of shown) send(`card:${alert.id}:${stamp}`, { type: 'card', alertId: alert.id });
        return;
      case 'history':
        for (const alert of shown) {
          send(`thread:${alert.id}:${stamp}:${index}`, {
            type: 'thread',
            alertId: alert.id,
            text: effect.text,
          });
        }
        return;
      case 'resolve':
        if (state.drift) {
          const { id } = state.drift;
          changes.push({
            type: 'alert.update',
            alert: { ...state.drift, state: 'resolved', outcome: effect.outcome, lastSeenAt: now },
          });
          send(`card:${id}:${stamp}`, { type: 'card', alertId: id });
          send(`thread:${id}:${stamp}:${index}`, {
            type: 'thread',
            alertId: id,
            text: effect.line ?? capitalize(effect.outcome),
          });
        }
        return;
      case 'seen':
        if (state.drift) {
          const { id } = state.drift;
          changes.push({
            type: 'alert.update',
            alert: { ...state.drift, seenCount: state.drift.seenCount + 1, lastSeenAt: now },
          });
          send(`card:${id}:${stamp}`, { type: 'card', alertId: id, found: true });
        }
        return;
      case 'ask':
        if (announces) return;
        for (const alert of shown) {
          for (const { person, why } of state.peopleToAsk) {
            send(`alert:${alert.id}:dm:${person}`, { type: 'dm', alertId: alert.id, person, why });
          }
        }
        return;
      case 'recall':
        for (const { id } of shown) {
          for (const person of effect.people) {
            const delivery = {
              type: 'nudge' as const,
              alertId: id,
              person,
              text: effect.text,
              orCopy: true as const,
            };
            send(`recall:${id}:${person}:${stamp}`, delivery);
          }
        }
        return;
      case 'check':
        changes.push({
          type: 'run.insert',
          run: newRun(stackOfRun(run), effect.trigger, M0, effect.forceHuman, now, effect.interrupted),
        });
        return;
      case 'check-failed':
        changes.push(...failureChanges(run, state, stamp, now));
        return;
      case 'check-worked':
        if (state.failure) {
          const { id } = state.failure;
          const outcome = `checked again by run #${run.id}`;
          changes.push({
            type: 'alert.update',
            alert: { ...state.failure, state: 'resolved', outcome, lastSeenAt: now },
          });
          send(`card:${id}:${stamp}`, { type: 'card', alertId: id });
        }
        return;
      case 'supersede': {
        if (state.openAlertRun === null) return;
        const event: RunEvent = { type: 'supersede', by: run.id };
        const step = transition(state.openAlertRun, event, now);
        if (!step.ok)
          throw new Error(`superseding run #${state.openAlertRun.id}: ${describeState(state.openAlertRun)}`);
        changes.push(
          {
            type: 'run.update',
            run: step.run,
            was: { state: state.openAlertRun.state, version: state.openAlertRun.version },
          },
          { type: 'audit', entry: auditEntryOf(state.openAlertRun, step.run, event, now) },
        );
        return;
      }
      default:
        assertNever(effect);
    }
  });
  changes.push(...planChanges(run, event, state, now));
  return changes;
}

/** The stack of the run, as a new run of it needs it. */
export function stackOfRun({
  stack,
  environment,
  worker,
}: Run): Pick<Stack, 'name' | 'environment' | 'worker'> {
  return { name: stack, environment, ...(worker === undefined ? {} : { worker }) };
}

/** The line of the audit record about the step; none for a step that says nothing. */
function recordOf(
  was: Run,
  run: Run,
  event: RunEvent,
  last: AuditEntry | null,
  now: number,
): readonly Change[] {
  const entry = auditEntryOf(was, run, event, now);
  if (isOnTheWay(run, event) || (agrees(run, event) && saysTheSame(last, entry))) return [];
  return [{ type: 'audit', entry }];
}

/** What the thread of the apply upstream says. */
function followedText({ stack, id, findings }: Run): string {
  const open = findings.filter((finding) => finding.actionable).length;
  return `${stack} follows: ${count(open, 'resource')} changed by what this applied, see run #${id}`;
}

/** The sentence on the card of `previous` which says that `run` replaced it. */
function successionText(previous: Run | null, run: Run): string {
  if (previous?.state === 'apply_unknown') {
    return `m0 stopped while applying run #${previous.id}, planned afresh as run #${run.id}`;
  }
  if (previous?.state === 'failed') return `run #${previous.id} failed, planned afresh as run #${run.id}`;
  if (previous?.state === 'expired')
    return `the approval of run #${previous.id} was too old, planned afresh as run #${run.id}`;
  return `superseded by run #${run.id}`;
}

/** The first failing check opens an alert; later failures count up on the same alert. */
function failureChanges(run: Run, state: AlertContext, stamp: string, now: number): readonly Change[] {
  if (state.failure) {
    const { id } = state.failure;
    return [
      {
        type: 'alert.update',
        alert: {
          ...state.failure,
          seenCount: state.failure.seenCount + 1,
          lastSeenAt: now,
          runId: run.id,
        },
      },
      {
        type: 'outbox.add',
        key: `card:${id}:${stamp}`,
        delivery: { type: 'card', alertId: id, found: true },
        at: now,
      },
    ];
  }
  return [
    {
      type: 'alert.insert',
      alert: newAlert('failure', run, 'failure', now),
      deliveries: [{ type: 'card' }],
    },
  ];
}
