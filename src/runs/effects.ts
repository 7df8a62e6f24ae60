/** From the effects of a transition to the writes that are stored with it, in one transaction. */
import { assertNever } from '../base/assert-never.ts';
import type { NewAlert, RunAlert } from '../model/alert.ts';
import { type Actor, type Interrupted, M0, type Run, type Trigger } from '../model/run.ts';
import type { OutboxMessage } from '../ports/outbox.ts';
import type { Change, NewAlertMessage } from '../ports/store.ts';
import { capitalize } from '../text/words.ts';
import { describeState, transition } from './machine.ts';
import { lineOf } from './record.ts';
import type { Effect, RunEvent } from './run-event.ts';

/** What the effects need to know of the stack, read just before. */
export interface AlertContext {
  readonly drift: RunAlert | null;
  readonly failure: RunAlert | null;
  /** Alerts whose card shows this run, whatever their state. */
  readonly ofRun: readonly RunAlert[];
  /** The run told by the open drift alert. */
  readonly openAlertRun: Run | null;
  /** Persons to ask by DM, each with why. */
  readonly toAsk: readonly { readonly person: string; readonly why: string }[];
}

/** A fresh run in `queued`. */
export function newRun(
  stack: { readonly name: string; readonly environment: string },
  trigger: Trigger,
  requestedBy: Actor,
  forceHuman: string | null,
  now: number,
  interrupted: Interrupted | null = null,
): Omit<Run, 'id'> {
  return {
    stack: stack.name,
    environment: stack.environment,
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

/** All writes of one transition. The caller commits them at once, or not at all. */
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
    { type: 'audit', entry: lineOf(was, run, event, now) },
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
          const outcome = successionOf(state.openAlertRun, run);
          changes.push({ type: 'alert.update', alert: { ...state.drift, state: 'superseded', outcome } });
          send(`card:${state.drift.id}:${stamp}`, { type: 'card', alertId: state.drift.id });
        }
        const asks = effects.some((e) => e.type === 'ask');
        const deliveries: NewAlertMessage[] = [
          { type: 'card' },
          ...(asks ? state.toAsk.map((a) => ({ type: 'dm' as const, ...a })) : []),
        ];
        changes.push({
          type: 'alert.insert',
          alert: newAlert('drift', run, run.fingerprint ?? '', now),
          deliveries,
        });
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
          send(`card:${id}:${stamp}`, { type: 'card', alertId: id });
        }
        return;
      case 'ask':
        if (announces) return;
        for (const alert of shown) {
          for (const { person, why } of state.toAsk) {
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
          run: newRun(
            { name: run.stack, environment: run.environment },
            effect.trigger,
            M0,
            effect.forceHuman,
            now,
            effect.interrupted,
          ),
        });
        return;
      case 'check-failed':
        changes.push(...failed(run, state, stamp, now));
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
          { type: 'audit', entry: lineOf(state.openAlertRun, step.run, event, now) },
        );
        return;
      }
      default:
        assertNever(effect);
    }
  });
  return changes;
}

/** How the card of `previous` says that `run` took its place. */
function successionOf(previous: Run | null, run: Run): string {
  if (previous?.state === 'apply_unknown') {
    return `m0 stopped while applying run #${previous.id}, planned afresh as run #${run.id}`;
  }
  if (previous?.state === 'failed') return `run #${previous.id} failed, planned afresh as run #${run.id}`;
  if (previous?.state === 'expired')
    return `the approval of run #${previous.id} was too old, planned afresh as run #${run.id}`;
  return `superseded by run #${run.id}`;
}

function newAlert(kind: RunAlert['kind'], run: Run, fingerprint: string, now: number): NewAlert {
  return {
    kind,
    subject: run.stack,
    fingerprint,
    state: 'open',
    firstSeenAt: now,
    lastSeenAt: now,
    seenCount: 1,
    runId: run.id,
    outcome: null,
    details: null,
  };
}

/** A check that fails is told once; while it goes on failing, the same message counts. */
function failed(run: Run, state: AlertContext, stamp: string, now: number): readonly Change[] {
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
      { type: 'outbox.add', key: `card:${id}:${stamp}`, delivery: { type: 'card', alertId: id }, at: now },
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
