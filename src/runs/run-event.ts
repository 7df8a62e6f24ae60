import type { Decision, Reason } from '../decisions/decision.ts';
import type { Counts, Finding, OutputDrift } from '../drift/finding.ts';
import type { Place } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
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
  | { readonly type: 'start' }
  | { readonly type: 'planned'; readonly planned: Planned }
  /** `told`: the run whose card stands open for this stack, if any. */
  | {
      readonly type: 'decided';
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
      readonly openAlertRun: Run | null;
    }
  | {
      readonly type: 'approve';
      readonly approval: Approval;
      readonly need: number;
      readonly exemptions: readonly Exemption[];
      /** Persons whose earlier yes no longer counts, because they may not approve any more. */
      readonly voids?: readonly string[];
      /** The chat it was said in, for the record. */
      readonly place?: Place;
    }
  | {
      readonly type: 'reject' | 'cancel';
      readonly by: Actor;
      readonly reason: string | null;
      readonly place?: Place;
    }
  | { readonly type: 'supersede'; readonly by: number }
  /** Somebody snoozed or accepted something of it. */
  | { readonly type: 'kept'; readonly exemptions: readonly Exemption[] }
  /** What people approved is not to be applied any more: too much time has gone by since. */
  | { readonly type: 'expire' }
  /** The plan made for the apply is what was approved. */
  | { readonly type: 'confirmed'; readonly plan: SavedPlan }
  /** The policies, asked again with those who approved, object: `decision` is about what was approved. */
  | {
      readonly type: 'objected';
      readonly decision: Decision;
      readonly said: readonly Reason[];
      readonly exemptions: readonly Exemption[];
    }
  /** It is not: `decision` is about the fresh whole plan. */
  | {
      readonly type: 'moved';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
      readonly moved: Moved;
    }
  /** The tool found the state locked by somebody else and began nothing. */
  | { readonly type: 'locked'; readonly lock: HeldLock }
  | { readonly type: 'applied' }
  | {
      readonly type: 'verified';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
    }
  /** The process that was applying is gone. */
  | { readonly type: 'lost' }
  | { readonly type: 'fail'; readonly failure: Failure }
  /** Retryable work goes back to the queue (a restart, a lock held by somebody else). */
  | { readonly type: 'requeue' };

export type RunEventName = RunEvent['type'];

/** What has to follow a transition; stored in the same transaction. */
export type Effect =
  /** The run's findings are news: a new alert, which takes the place of the stack's open one. */
  | { readonly type: 'announce' }
  /** The open alert's card must show the newest state. */
  | { readonly type: 'refresh' }
  | { readonly type: 'history'; readonly text: string }
  /** The stack's open drift alert ends with this sentence; `line`: what its history says instead. */
  | { readonly type: 'resolve'; readonly outcome: string; readonly line?: string }
  /** The drift already told was seen again. */
  | { readonly type: 'seen' }
  /** People who may decide are asked. */
  | { readonly type: 'ask' }
  /** What these people said yes to is not done: they are told so, loudly. */
  | { readonly type: 'recall'; readonly people: readonly string[]; readonly text: string }
  | {
      readonly type: 'check';
      readonly trigger: Trigger;
      readonly forceHuman: string | null;
      readonly interrupted?: Interrupted;
    }
  | { readonly type: 'check-failed' }
  | { readonly type: 'check-worked' }
  | { readonly type: 'supersede'; readonly run: number };

export type Transition =
  | { readonly ok: true; readonly run: Run; readonly effects: readonly Effect[] }
  | { readonly ok: false; readonly refusal: string };

/** A step of the table: the state to go to, what changes with it, and what has to follow. */
export interface Next {
  readonly to: RunState;
  readonly change?: Partial<Run>;
  readonly effects?: readonly Effect[];
}
