/**
 * The way of a run: one pure function from a run and an event to the next run and its effects, or to a
 * refusal that people are shown. It knows no clock and no I/O; the table of legal steps is RUN_STATES.
 */
import { assertNever } from '../assert-never.ts';
import type { Decision, Reason } from '../decisions/decision.ts';
import type { Counts, Finding, OutputDrift } from '../drift/finding.ts';
import type { Place } from './alert.ts';
import type { Keep } from './keep.ts';
import {
  afterApproval,
  afterDecision,
  afterFailure,
  afterKept,
  afterLocked,
  afterMoved,
  afterObjection,
  afterTooLong,
  afterVerify,
  type Next,
} from './outcomes.ts';
import {
  type Actor,
  type Approval,
  type CodeVersion,
  type Failure,
  type Interrupted,
  type Moved,
  RUN_STATES,
  type Run,
  type RunState,
  type SavedPlan,
  type Trigger,
} from './run.ts';
import type { HeldLock } from './runner-error.ts';

/** What a plan told, without anything secret. */
export interface Planned {
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly findings: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly counts: Counts;
  readonly fingerprint: string;
}

export type RunEvent =
  | { readonly e: 'start' }
  | { readonly e: 'planned'; readonly planned: Planned }
  /** `told`: the run whose card stands open for this stack, if any. */
  | {
      readonly e: 'decided';
      readonly decision: Decision;
      readonly keeps: readonly Keep[];
      readonly told: Run | null;
    }
  | {
      readonly e: 'approve';
      readonly approval: Approval;
      readonly need: number;
      readonly keeps: readonly Keep[];
      /** Persons whose earlier yes no longer counts, because they may not approve any more. */
      readonly voids?: readonly string[];
      /** The chat it was said in, for the record. */
      readonly place?: Place;
    }
  | {
      readonly e: 'reject' | 'cancel';
      readonly by: Actor;
      readonly reason: string | null;
      readonly place?: Place;
    }
  | { readonly e: 'supersede'; readonly by: number }
  /** Somebody snoozed or accepted something of it. */
  | { readonly e: 'kept'; readonly keeps: readonly Keep[] }
  /** What people approved is not to be applied any more: too much time has gone by since. */
  | { readonly e: 'expire' }
  /** The plan made for the apply is what was approved. */
  | { readonly e: 'confirmed'; readonly plan: SavedPlan }
  /** The policies, asked again with those who approved, object: `decision` is about what was approved. */
  | {
      readonly e: 'objected';
      readonly decision: Decision;
      readonly said: readonly Reason[];
      readonly keeps: readonly Keep[];
    }
  /** It is not: `decision` is about the fresh whole plan. */
  | {
      readonly e: 'moved';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly keeps: readonly Keep[];
      readonly moved: Moved;
    }
  /** The tool found the state locked by somebody else and began nothing. */
  | { readonly e: 'locked'; readonly lock: HeldLock }
  | { readonly e: 'applied' }
  | {
      readonly e: 'verified';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly keeps: readonly Keep[];
    }
  /** The process that was applying is gone. */
  | { readonly e: 'lost' }
  | { readonly e: 'fail'; readonly failure: Failure }
  /** Retryable work goes back to the queue (a restart, a lock held by somebody else). */
  | { readonly e: 'requeue' };

export type RunEventName = RunEvent['e'];

/** What has to follow a transition; stored in the same transaction. */
export type Effect =
  /** The run's findings are news: a new alert, which takes the place of the stack's open one. */
  | { readonly f: 'announce' }
  /** The open alert's card must show the newest state. */
  | { readonly f: 'refresh' }
  | { readonly f: 'history'; readonly text: string }
  /** The stack's open drift alert ends with this sentence; `line`: what its history says instead. */
  | { readonly f: 'resolve'; readonly outcome: string; readonly line?: string }
  /** The drift already told was seen again. */
  | { readonly f: 'seen' }
  /** People who may decide are asked. */
  | { readonly f: 'ask' }
  /** What these people said yes to is not done: they are told so, loudly. */
  | { readonly f: 'recall'; readonly people: readonly string[]; readonly text: string }
  | {
      readonly f: 'check';
      readonly trigger: Trigger;
      readonly forceHuman: string | null;
      readonly interrupted?: Interrupted;
    }
  | { readonly f: 'check-failed' }
  | { readonly f: 'check-worked' }
  | { readonly f: 'supersede'; readonly run: number };

export type Transition =
  | { readonly ok: true; readonly run: Run; readonly effects: readonly Effect[] }
  | { readonly ok: false; readonly refusal: string };

/** The states in which an event means anything; everywhere else it is refused. */
export const EVENT_STATES: Record<RunEventName, readonly RunState[]> = {
  start: ['queued'],
  planned: ['planning'],
  decided: ['deciding'],
  approve: ['awaiting_approval'],
  reject: ['awaiting_approval'],
  cancel: ['queued', 'planning', 'deciding', 'awaiting_approval', 'approved'],
  supersede: ['queued', 'planning', 'deciding', 'awaiting_approval', 'approved'],
  kept: ['awaiting_approval', 'approved'],
  expire: ['approved'],
  confirmed: ['approved'],
  objected: ['approved'],
  moved: ['approved'],
  locked: ['applying'],
  applied: ['applying'],
  verified: ['verifying'],
  lost: ['applying'],
  fail: ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'],
  requeue: ['planning', 'deciding'],
};

const STATE_WORDS: Record<RunState, string> = {
  queued: 'is still queued',
  planning: 'is still planning',
  deciding: 'is being decided',
  awaiting_approval: 'waits for approval',
  approved: 'is approved already',
  applying: 'is being applied',
  verifying: 'is being verified',
  clean: 'found nothing to do',
  quiet: 'has nothing that waits',
  realigned: 'is realigned',
  denied: 'was denied by policy',
  rejected: 'was rejected',
  canceled: 'was canceled',
  superseded: 'was superseded by a newer run',
  expired: 'has expired',
  failed: 'has failed',
  apply_unknown: 'stopped in the middle of its apply',
};

/** Says in a sentence where a run stands, for refusals: `run #42 was rejected`. */
export function describeState(run: Run): string {
  const by = run.relatedRun !== null && run.state === 'superseded' ? ` (#${run.relatedRun})` : '';
  return `run #${run.id} ${STATE_WORDS[run.state]}${by}`;
}

function refuse(refusal: string): Transition {
  return { ok: false, refusal };
}

function next(run: Run, event: RunEvent, now: number): Next | string {
  switch (event.e) {
    case 'start':
      return { to: 'planning' };
    case 'planned':
      return { to: 'deciding', change: { ...event.planned } };
    case 'decided':
      return afterDecision(run, event, now);
    case 'approve':
      return afterApproval(run, event, now);
    case 'reject':
      return {
        to: 'rejected',
        change: { ending: { by: event.by, at: now, reason: event.reason } },
        effects: [
          { f: 'refresh' },
          { f: 'history', text: `${event.by.name} rejected run #${run.id}${because(event.reason)}` },
        ],
      };
    case 'cancel':
      return {
        to: 'canceled',
        change: { ending: { by: event.by, at: now, reason: event.reason }, scope: [] },
        effects: [
          { f: 'refresh' },
          { f: 'history', text: `${event.by.name} canceled run #${run.id}${because(event.reason)}` },
        ],
      };
    case 'supersede':
      return { to: 'superseded', change: { relatedRun: event.by, scope: [] } };
    case 'kept':
      return afterKept(run, event, now);
    case 'expire':
      return afterTooLong(run, now);
    case 'confirmed':
      return { to: 'applying', change: { plan: event.plan }, effects: [{ f: 'refresh' }] };
    case 'objected':
      return afterObjection(run, event, now);
    case 'moved':
      return afterMoved(run, event, now);
    case 'locked':
      return afterLocked(run, event, now);
    case 'applied':
      return {
        to: 'verifying',
        change: {
          interrupted: null,
          lock: null,
          applied: [
            ...run.applied,
            {
              scope: run.scope,
              findings: run.findings.filter((f) => run.scope.some((s) => s.address === f.address)),
              decisions: (run.decision?.findings ?? []).filter((d) =>
                run.scope.some((s) => s.address === d.address),
              ),
              approvedBy: run.approvals.map((a) => a.by),
              at: now,
              verifiedAt: null,
            },
          ],
        },
        effects: [{ f: 'refresh' }],
      };
    case 'verified':
      return afterVerify(run, event, now);
    case 'lost':
      return {
        to: 'apply_unknown',
        effects: [
          { f: 'refresh' },
          { f: 'history', text: `m0 stopped while applying run #${run.id}. It will not try again by itself` },
          {
            f: 'check',
            trigger: 'verify',
            forceHuman: `m0 stopped while applying run #${run.id}, so a person decides what is left`,
            interrupted: { run: run.id, addresses: run.scope.map((s) => s.address) },
          },
        ],
      };
    case 'fail':
      return afterFailure(run, event.failure);
    case 'requeue':
      return { to: 'queued' };
    default:
      return assertNever(event);
  }
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`;
}

/**
 * The one step of a run. Promises: the state pair is in RUN_STATES, the version grows by one, and nothing
 * is in `scope` that was not decided `auto` or approved by as many people as needed.
 *
 * @param now ms since epoch
 */
export function transition(run: Run, event: RunEvent, now: number): Transition {
  if (!EVENT_STATES[event.e].includes(run.state)) return refuse(describeState(run));
  const step = next(run, event, now);
  if (typeof step === 'string') return refuse(step);
  const legal: readonly string[] = RUN_STATES[run.state];
  if (!legal.includes(step.to)) return refuse(`run #${run.id} can't go from ${run.state} to ${step.to}`);
  return {
    ok: true,
    run: { ...run, ...step.change, state: step.to, version: run.version + 1, updatedAt: now },
    effects: step.effects ?? [],
  };
}
