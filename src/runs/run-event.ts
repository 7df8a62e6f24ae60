/** The events and effects of the run state machine. */
import type { Decision, Reason } from '../decisions/decision.ts';
import type { CheckResult, Counts, Finding, OutputDrift, PlannedChange } from '../drift/finding.ts';
import type { Brake, HealHistory } from '../model/brake.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Place } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import type { CodePlace } from '../model/links/forge.ts';
import type { Pause } from '../model/pause.ts';
import type {
  Actor,
  Approval,
  Failure,
  HeldLock,
  Interrupted,
  Moved,
  Run,
  RunState,
  SavedPlan,
  ScopeEntry,
  SeenState,
  Trigger,
} from '../model/run.ts';

/** The result of a plan, without secrets. */
export interface Planned {
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly findings: readonly Finding[];
  readonly places?: Readonly<Record<string, CodePlace>>;
  readonly branches?: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly OutputDrift[];
  readonly changes: readonly PlannedChange[];
  readonly counts: Counts;
  readonly fingerprint: string;
  /** As in `Run`. */
  readonly coupled?: readonly (readonly string[])[];
  readonly resourcesInState?: number | null;
  readonly checks?: readonly CheckResult[];
  readonly checksUnknown?: readonly string[];
  readonly stateOnlyHere?: boolean;
  readonly follows?: readonly string[];
  readonly ignoredRings?: readonly (readonly string[])[];
  /** Why findings alone don't tell all of the plan; null or left out if they do. */
  readonly unsure?: string | null;
  /** As in `Run`. */
  readonly tellOnly?: string | null;
}

/** What can happen to a run; the input of `transition`. */
export type RunEvent =
  | { readonly type: 'start' }
  | { readonly type: 'planned'; readonly planned: Planned }
  /**
   * `openAlertRun`: the run of the stack's open drift alert, if any. `seenState`: what m0 last saw in the stack's
   * state; left out if it never did. `healing`: what the brake looks at, and the stack's `healLimit`; left out if the
   * brake is not asked. `whyPerson`: m0's own reason why a person decides on all of it.
   */
  | {
      readonly type: 'decided';
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
      readonly openAlertRun: Run | null;
      readonly seenState?: SeenState | undefined;
      readonly whyPerson?: string;
      readonly healing?: { readonly history: HealHistory; readonly limit: number };
    }
  | {
      readonly type: 'approve';
      readonly approval: Approval;
      readonly need: number;
      readonly exemptions: readonly Exemption[];
      /** True if one more is needed only as long as it is not known who changed the cloud. */
      readonly waitsForCause?: boolean;
      /** Persons whose earlier approvals no longer count, because they may not approve any more. */
      readonly voids?: readonly string[];
      /** The chat where the person approved, for the audit log. */
      readonly place?: Place;
    }
  /**
   * The cloud's log has told who changed the cloud, or is not asked any more. `dropped`: approvals that no longer count.
   * `enough`: the part that has enough approvals now; null if none has.
   */
  | {
      readonly type: 'recounted';
      readonly dropped: readonly Approval[];
      readonly enough: readonly ScopeEntry[] | null;
      readonly exemptions: readonly Exemption[];
    }
  | {
      readonly type: 'reject' | 'cancel';
      readonly by: Actor;
      readonly reason: string | null;
      readonly place?: Place;
    }
  | { readonly type: 'supersede'; readonly by: number }
  /** Somebody snoozed or accepted a finding of the run. */
  | { readonly type: 'kept'; readonly exemptions: readonly Exemption[] }
  /** The approval is too old for an apply. */
  | { readonly type: 'expire' }
  /** The run is from a back-up that was restored: its approvals no longer count. */
  | { readonly type: 'restored' }
  /**
   * The plan made for the apply matches the approval. `alongside`: see `AppliedPart`. `code`: what the plan was made
   * from; it may be a later commit than the one that was decided on, with the same inputs of the stack.
   */
  | {
      readonly type: 'confirmed';
      readonly plan: SavedPlan;
      readonly alongside: readonly string[];
      readonly code: CodeVersion;
    }
  /**
   * The policies, asked again with the approvers, forbid the apply, or the brake does (`brakes`). `decision` is about
   * what was approved.
   */
  | {
      readonly type: 'objected';
      readonly decision: Decision;
      readonly reasons: readonly Reason[];
      readonly exemptions: readonly Exemption[];
      readonly brakes?: readonly Brake[];
    }
  /** The stack is paused: the approved run waits, and plans again once somebody resumes it. */
  | { readonly type: 'held'; readonly pause: Pause }
  /** The plan made for the apply differs from the approval. `decision` is about a new plan of the whole stack. */
  | {
      readonly type: 'moved';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
      readonly moved: Moved;
      /** What the plan would have taken along, so that it can't be applied apart from the scope. */
      readonly pulls?: readonly string[];
    }
  /** The tool found the state locked by somebody else and changed nothing. */
  | { readonly type: 'locked'; readonly lock: HeldLock }
  /** The store could not record that the tool begins, so it did not, and nothing was changed. */
  | { readonly type: 'postponed' }
  | { readonly type: 'applied' }
  | {
      readonly type: 'verified';
      readonly planned: Planned;
      readonly decision: Decision;
      readonly exemptions: readonly Exemption[];
    }
  /** The process that applied the run ended before it stored the result. */
  | { readonly type: 'lost' }
  | { readonly type: 'fail'; readonly failure: Failure }
  /** Interrupted planning goes back to the queue, as after a restart. */
  | { readonly type: 'requeue' };

export type RunEventName = RunEvent['type'];

/** What must follow a transition; `changesOf` turns it into changes of the same transaction. */
export type Effect =
  /** Open a new alert for the run. It replaces the stack's open one. */
  | { readonly type: 'announce' }
  /** Update the cards that show the run. */
  | { readonly type: 'refresh' }
  /** Add this text to the history of these cards. */
  | { readonly type: 'history'; readonly text: string }
  /** Resolve the stack's open drift alert with this sentence. `line`: the text for its history, if it differs. */
  | { readonly type: 'resolve'; readonly outcome: string; readonly line?: string }
  /** Count on the open alert that its drift was found again. */
  | { readonly type: 'seen' }
  /** Ask the people who may decide, by direct message. */
  | { readonly type: 'ask' }
  /** Notify these people that the apply they approved does not happen. */
  | { readonly type: 'recall'; readonly people: readonly string[]; readonly text: string }
  /** Queue a new run of the stack. `forceHuman`: why a person must approve everything that it finds. */
  | {
      readonly type: 'check';
      readonly trigger: Trigger;
      readonly forceHuman: string | null;
      readonly interrupted?: Interrupted;
    }
  /** Open the stack's failure alert, or count on it. */
  | { readonly type: 'check-failed' }
  /** Resolve the stack's failure alert, if it is open. */
  | { readonly type: 'check-worked' }
  /** Supersede the run of the stack's open drift alert. */
  | { readonly type: 'supersede'; readonly run: number };

/** The result of `transition`. `refusal` is a sentence for people. */
export type Transition =
  | { readonly ok: true; readonly run: Run; readonly effects: readonly Effect[] }
  | { readonly ok: false; readonly refusal: string };

/** The next state of a run, the fields that change with it, and the effects that must follow. */
export interface Next {
  readonly to: RunState;
  readonly change?: Partial<Run>;
  readonly effects?: readonly Effect[];
}
