import type { Decision, Reason } from '../decisions/decision.ts';
import type { Counts, Finding, OutputDrift } from '../drift/finding.ts';
import type { Place } from '../model/directory.ts';
import type { Keep } from '../model/exemption.ts';
import type {
  Actor,
  Approval,
  CodeVersion,
  Failure,
  HeldLock,
  Interrupted,
  Moved,
  Run,
  RunState,
  SavedPlan,
  Trigger,
} from '../model/run.ts';

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

/** A step of the table: the state to go to, what changes with it, and what has to follow. */
export interface Next {
  readonly to: RunState;
  readonly change?: Partial<Run>;
  readonly effects?: readonly Effect[];
}
