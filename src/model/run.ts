import type { Decision, FindingDecision } from '../decisions/decision.ts';
import type { Counts, Finding, OutputDrift } from '../drift/finding.ts';

export const TRIGGERS = ['schedule', 'push', 'command', 'verify'] as const;
/** What caused a run. `verify`: m0 itself wants to know, e.g. after it stopped while applying. */
export type Trigger = (typeof TRIGGERS)[number];

/** Who did something: a person of m0.yaml, or m0 itself (`person: null`, `platform: 'm0'`). */
export interface Actor {
  /** Key under `people` in m0.yaml; null for a chat user who is nobody there, and for m0 itself. */
  readonly person: string | null;
  readonly platform: 'slack' | 'teams' | 'm0';
  /** The platform's id of the user, as the platform itself authenticated it. */
  readonly userId: string;
  /** Shown name; plain text, never markup. */
  readonly name: string;
}

export const M0: Actor = { person: null, platform: 'm0', userId: 'm0', name: 'm0' };

/** The code a plan was made from. Times in ms since epoch. */
export interface CodeVersion {
  readonly repository: string;
  readonly ref: string;
  readonly commit: string;
  readonly author: string;
  readonly authorEmail: string;
  readonly committedAt: number;
  readonly subject: string;
}

/** A saved plan file that may be applied as it is. `targets` null: the whole stack. */
export interface SavedPlan {
  readonly artifact: string;
  readonly madeAt: number;
  readonly targets: readonly string[] | null;
  /** Addresses that the plan document itself says an apply would touch. */
  readonly touches: readonly string[];
}

/** One finding as somebody (or a policy) decided on it: bound to its three values by the fingerprint. */
export interface ScopeEntry {
  readonly address: string;
  readonly fingerprint: string;
}

/** A person's yes, bound to what that person saw. */
export interface Approval {
  readonly by: Actor;
  readonly at: number;
  readonly scope: readonly ScopeEntry[];
  readonly commit: string;
  readonly bundles: Readonly<Record<string, string | null>>;
}

/** What this run has put back so far. `approvedBy` is empty where the policies did it. */
export interface AppliedPart {
  readonly scope: readonly ScopeEntry[];
  readonly findings: readonly Finding[];
  /** What was decided on them, so that the card can still name the policy. */
  readonly decisions: readonly FindingDecision[];
  readonly approvedBy: readonly Actor[];
  readonly at: number;
  /** When the verifying plan found nothing of it left; null until then, or where something was left. */
  readonly verifiedAt: number | null;
}

export interface Failure {
  /** `locking`: somebody else held the state's lock for too long, so no apply began. */
  readonly phase: 'planning' | 'deciding' | 'locking' | 'applying' | 'verifying';
  /** Scrubbed of secrets; may have several lines. */
  readonly message: string;
}

/** What had moved between an approval and the plan made for its apply. */
export interface Moved {
  readonly approvedBy: readonly Actor[];
  readonly approvedAt: number;
  readonly before: readonly Finding[];
  readonly after: readonly Finding[];
  /** Set where the code or a policy bundle moved, e.g. `code 9f8e7d6 → 1c2d3e4`. */
  readonly also: readonly string[];
}

/** The outcome of one person's act on a run that ended it (rejected, canceled). */
export interface Ending {
  readonly by: Actor;
  readonly at: number;
  readonly reason: string | null;
}

/** An apply that m0 stopped in the middle of: whose, and what it was to put back. */
export interface Interrupted {
  readonly run: number;
  readonly addresses: readonly string[];
}

/** Somebody else held the lock of the state when an apply was to begin, so none did. Times in ms since epoch. */
export interface LockWait {
  /** `user@host`, as the tool wrote it into the lock. */
  readonly who: string;
  readonly id: string;
  /** Null where the lock does not say. */
  readonly since: number | null;
  /** How often it was met, in a row. */
  readonly times: number;
  /** When m0 plans again and tries. */
  readonly retryAt: number;
}

/**
 * One pass through the states of `machine.ts`. Everything a card shows of a run is in here; nothing in here
 * is secret.
 */
export interface Run {
  readonly id: number;
  readonly stack: string;
  readonly environment: string;
  readonly trigger: Trigger;
  readonly requestedBy: Actor;
  readonly state: RunState;
  /** Grows by one with each stored change: the compare of the compare-and-set. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** A reason of m0's own for which this run must ask a person, whatever the policies say. */
  readonly forceHuman: string | null;
  /** Set where this run looks at what an interrupted apply left behind. */
  readonly interrupted?: Interrupted | null;
  /** Set while the approved apply waits for somebody else's lock. */
  readonly lock?: LockWait | null;
  readonly code: CodeVersion | null;
  readonly plan: SavedPlan | null;
  readonly findings: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly counts: Counts | null;
  /** Over all findings of the newest whole plan; null before the first plan. */
  readonly fingerprint: string | null;
  readonly decision: Decision | null;
  /** What the next apply of this run may touch. Empty unless approved. */
  readonly scope: readonly ScopeEntry[];
  readonly approvals: readonly Approval[];
  readonly applied: readonly AppliedPart[];
  readonly moved: Moved | null;
  readonly failure: Failure | null;
  readonly ending: Ending | null;
  /** The run that already waits on exactly this drift, or that took this one's place. */
  readonly relatedRun: number | null;
}

/**
 * The states and, for each, the states it may go to. Types and terminal states derive from this table;
 * every pair that is not in it is refused.
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
    'superseded',
    'expired',
    'failed',
    'canceled',
  ],
  applying: ['verifying', 'approved', 'failed', 'apply_unknown'],
  verifying: ['realigned', 'awaiting_approval', 'denied', 'failed'],
  clean: [],
  quiet: [],
  realigned: [],
  denied: [],
  rejected: [],
  canceled: [],
  superseded: [],
  expired: [],
  failed: [],
  apply_unknown: [],
} as const satisfies Record<string, readonly string[]>;

export type RunState = keyof typeof RUN_STATES;

/** True where no transition leaves the state. */
export function isTerminal(state: RunState): boolean {
  return RUN_STATES[state].length === 0;
}

/** Somebody else holds the lock of the stack's state. */
export interface HeldLock {
  /** `user@host`, as the tool wrote it into the lock. */
  readonly who: string;
  readonly id: string;
  /** What is being done under it, as in `apply`; null where the lock does not say. */
  readonly operation: string | null;
  /** ms since epoch; null where the lock does not say. */
  readonly since: number | null;
}
