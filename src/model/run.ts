/** A run: one pass from plan to outcome, with its states and everything a card shows of it. */
import type { Decision, FindingDecision } from '../decisions/decision.ts';
import type { CheckResult, Counts, Finding, OutputDrift, PlannedChange } from '../drift/finding.ts';
import type { Brake } from './brake.ts';
import type { CodeVersion } from './code-version.ts';
import type { CodePlace } from './links/forge.ts';

export const TRIGGERS = ['schedule', 'push', 'command', 'verify'] as const;
/** What caused a run. `verify`: m0 itself, e.g. after it was stopped during an apply. */
export type Trigger = (typeof TRIGGERS)[number];

/** Who did something: a person in a chat, or m0 itself (`person: null`, `platform: 'm0'`). */
export interface Actor {
  /** Key under `people` in m0.yaml; null for m0 itself and for a chat user who is not in m0.yaml. */
  readonly person: string | null;
  readonly platform: 'slack' | 'teams' | 'm0';
  /** The user's id on the platform, as the platform authenticated it. */
  readonly userId: string;
  /** Display name; plain text, never markup. */
  readonly name: string;
}

/** The actor for everything that m0 does without a person. */
export const M0: Actor = { person: null, platform: 'm0', userId: 'm0', name: 'm0' };

/** A saved plan file that can be applied as it is. `targets` null: the whole stack. */
export interface SavedPlan {
  readonly artifact: string;
  readonly madeAt: number;
  readonly targets: readonly string[] | null;
  /** The addresses that an apply would touch, read from the plan document. */
  readonly touches: readonly string[];
  /** Why nothing of it may ever be applied; null or left out: it may. */
  readonly tellOnly?: string | null;
}

/**
 * One finding that a person or a policy decided on. The fingerprint binds it to its three values, the change hash to
 * what an apply does to its address.
 */
export interface ScopeEntry {
  readonly address: string;
  readonly fingerprint: string;
  /** Left out in decisions of versions that had no change hashes; they cover no apply. */
  readonly change?: string | undefined;
}

/** A person's approval, bound to what that person saw. */
export interface Approval {
  readonly by: Actor;
  readonly at: number;
  readonly scope: readonly ScopeEntry[];
  readonly commit: string;
  /** `StackInputs.digest` at that commit. Left out in approvals of older versions: they hold for that commit only. */
  readonly inputs?: string;
  readonly bundles: Readonly<Record<string, string | null>>;
  /**
   * True if it was not enough while nobody knew who changed the cloud: it is counted again once the cloud's log has told,
   * or is not asked any more. Left out: it is counted only with the next approval.
   */
  readonly waitsForCause?: true;
}

/** What this run has put back so far. `approvedBy` is empty if the policies decided it. */
export interface AppliedPart {
  readonly scope: readonly ScopeEntry[];
  readonly findings: readonly Finding[];
  /** The decisions on these findings, so that the card can still name the policy. */
  readonly decisions: readonly FindingDecision[];
  readonly approvedBy: readonly Actor[];
  readonly at: number;
  /** When the verifying plan found none of it left; null until then, or if some of it was left. */
  readonly verifiedAt: number | null;
  /** Addresses that came along because the tool needed them; their values were equal before and after. */
  readonly alongside?: readonly string[];
  /**
   * Set if it was applied from a later commit than the one that was decided on: both, with the same inputs of the
   * stack.
   */
  readonly commits?: { readonly decided: string; readonly applied: string };
}

/** Why a run failed. */
export interface Failure {
  /** `locking`: another process held the state's lock for too long, so no apply began. */
  readonly phase: 'planning' | 'deciding' | 'locking' | 'applying' | 'verifying';
  /** Without secrets; may have several lines. */
  readonly message: string;
}

/** What changed between an approval and the plan for its apply. Times in ms since epoch. */
export interface Moved {
  readonly approvedBy: readonly Actor[];
  readonly approvedAt: number;
  readonly before: readonly Finding[];
  readonly after: readonly Finding[];
  /** Set if the code or a policy bundle changed, e.g. `code 9f8e7d6 → 1c2d3e4`. */
  readonly also: readonly string[];
}

/** How a person ended the run (rejected, canceled). */
export interface Ending {
  readonly by: Actor;
  readonly at: number;
  readonly reason: string | null;
}

/** An apply during which m0 was stopped: the run, and the addresses it was to put back. */
export interface Interrupted {
  readonly run: number;
  readonly addresses: readonly string[];
}

/** Another process held the state's lock when an apply should have begun, so none began. Times in ms since epoch. */
export interface LockWait {
  /** `user@host`, as the tool wrote it into the lock. */
  readonly who: string;
  readonly id: string;
  /** Null if the lock does not say. */
  readonly since: number | null;
  /** How many times in a row m0 found the lock held. */
  readonly times: number;
  /** When m0 plans again and retries. */
  readonly retryAt: number;
}

/** What m0 knows of the size of a stack's state from a plan. */
export interface SeenState {
  /** How many managed objects the state recorded. */
  readonly resources: number;
  /** The run whose plan read it, or in which a person accepted that it is empty. */
  readonly run: number;
  /** When that was stored, in ms since epoch. */
  readonly at: number;
}

/** One pass through the states below. It contains everything that a card shows of a run, and no secrets. */
export interface Run {
  readonly id: number;
  readonly stack: string;
  readonly environment: string;
  /** The label of the workers that may work on it, as m0.yaml named it when the run was made; left out: no label. */
  readonly worker?: string;
  readonly trigger: Trigger;
  readonly requestedBy: Actor;
  readonly state: RunState;
  /** Grows by one with each stored change. Compare-and-set uses it. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** m0's own reason why this run must ask a person, whatever the policies say; null if there is none. */
  readonly forceHuman: string | null;
  /** The addresses that this reason is about; null or left out: all. */
  readonly forceHumanFor?: readonly string[] | null;
  /** Set if this run examines what an interrupted apply left behind. */
  readonly interrupted?: Interrupted | null;
  /** Set while the approved apply waits for a lock that another process holds. */
  readonly lock?: LockWait | null;
  readonly code: CodeVersion | null;
  readonly plan: SavedPlan | null;
  readonly findings: readonly Finding[];
  /**
   * Where the findings' resources are declared in `code`, by the address of the block, with files relative to the root of
   * the repository. For links only; left out in runs of older versions.
   */
  readonly places?: Readonly<Record<string, CodePlace>>;
  /** Unmerged branches that change the block of a resource that moved in the cloud, by the address of the block. */
  readonly branches?: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly OutputDrift[];
  /** Everything that an apply of the newest whole plan does. Left out in runs of older versions. */
  readonly changes?: readonly PlannedChange[];
  /**
   * Findings of the newest whole plan that can't be applied apart from each other, by address. Left out in runs of
   * older versions, which are approved as a whole.
   */
  readonly coupled?: readonly (readonly string[])[];
  /** Addresses that come along with the apply that begins; see `AppliedPart`. */
  readonly alongside?: readonly string[];
  /** The commits of the apply that begins, if it is a later one than was decided on; see `AppliedPart`. */
  readonly commits?: { readonly decided: string; readonly applied: string };
  readonly counts: Counts | null;
  /** Over all findings of the newest whole plan; null before the first plan. */
  readonly fingerprint: string | null;
  /** How many managed objects the state recorded; null or left out if that is not known. */
  readonly resourcesInState?: number | null;
  /** Set if the state is empty although it recorded resources before: what m0 had seen in it. */
  readonly emptied?: SeenState | null;
  /** The conditions of the code that failed in the newest whole plan. Left out in runs of older versions. */
  readonly checks?: readonly CheckResult[];
  /** The addresses of the conditions that only an apply can evaluate. */
  readonly checksUnknown?: readonly string[];
  /** True if the stack has no remote backend: an apply writes the state into m0's data folder, and nowhere else. */
  readonly stateOnlyHere?: boolean;
  /** The stacks that its stack followed at the newest check. */
  readonly follows?: readonly string[];
  /** Rings of stacks that read each other's states: what the code shows there does not count. */
  readonly ignoredRings?: readonly (readonly string[])[];
  /**
   * Why the findings don't tell all of the newest plan: it is partial, or not fully understood. Null or left out if
   * they do. Without findings, such a run says so and is never `clean`.
   */
  readonly unsure?: string | null;
  /** Why nothing of the newest plan may ever be applied, whoever approves it; null or left out: it may. */
  readonly tellOnly?: string | null;
  readonly decision: Decision | null;
  /** The findings that policies allow and that ask a person instead, because healing them fights somebody. */
  readonly brakes?: readonly Brake[];
  /** What the next apply of this run may touch. Empty unless the run is approved. */
  readonly scope: readonly ScopeEntry[];
  readonly approvals: readonly Approval[];
  /** Approvals of other parts of the run, while one part is applied. */
  readonly otherApprovals?: readonly Approval[];
  readonly applied: readonly AppliedPart[];
  readonly moved: Moved | null;
  readonly failure: Failure | null;
  readonly ending: Ending | null;
  /** The run that already waits on exactly this drift, or that replaced this one. */
  readonly relatedRun: number | null;
}

/**
 * Each state, and the states it may go to. Types and terminal states derive from this table; every other transition
 * is refused.
 */
export const RUN_STATES = {
  queued: ['planning', 'canceled', 'superseded', 'failed'],
  planning: ['deciding', 'queued', 'failed', 'canceled', 'superseded'],
  deciding: [
    'clean',
    'quiet',
    'awaiting_approval',
    'approved',
    'denied',
    'state_empty',
    'queued',
    'failed',
    'canceled',
    'superseded',
  ],
  awaiting_approval: ['approved', 'quiet', 'rejected', 'canceled', 'superseded', 'awaiting_approval'],
  approved: [
    'applying',
    'approved',
    'awaiting_approval',
    'clean',
    'quiet',
    'denied',
    'state_empty',
    'superseded',
    'expired',
    'failed',
    'canceled',
  ],
  applying: ['verifying', 'approved', 'failed', 'apply_unknown'],
  verifying: ['realigned', 'awaiting_approval', 'denied', 'state_empty', 'failed'],
  clean: [],
  quiet: [],
  realigned: [],
  denied: [],
  state_empty: [],
  rejected: [],
  canceled: [],
  superseded: [],
  expired: [],
  failed: [],
  apply_unknown: [],
} as const satisfies Record<string, readonly string[]>;

export type RunState = keyof typeof RUN_STATES;

/**
 * States in which a run takes a snooze or an accept of its stack along, in a step of its own. In earlier states its decision
 * reads them; in later ones its apply has begun.
 */
export const TAKES_EXEMPTIONS: readonly RunState[] = ['awaiting_approval', 'approved'];

/** True if no transition leaves the state. */
export function isTerminal(state: RunState): boolean {
  return RUN_STATES[state].length === 0;
}

/** A lock on a stack's state that another process holds. */
export interface HeldLock {
  /** `user@host`, as the tool wrote it into the lock. */
  readonly who: string;
  readonly id: string;
  /** The operation that holds it, e.g. `apply`; null if the lock does not say. */
  readonly operation: string | null;
  /** ms since epoch; null if the lock does not say. */
  readonly since: number | null;
}
