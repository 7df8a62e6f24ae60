/** What the cards are made from: plain facts, gathered by runs/, with no clock and no store behind them. */
import type { Reason } from '../decisions/decision.ts';
import type { Finding, OutputDrift } from '../drift/finding.ts';
import type { Actor, CodeVersion, Failure, LockWait, Moved, RunState } from '../model/run.ts';

/** A person as a card names them; `person` is the key in m0.yaml, null for somebody who is not in it. */
export interface Named {
  readonly person: string | null;
  readonly name: string;
}

/** How one finding stands now. Times in ms since epoch. */
export type Standing =
  /** The policies apply it; nobody needs to act. */
  | { readonly type: 'heals' }
  /** A person must say so. */
  | { readonly type: 'waits' }
  /** The policies forbid an apply. */
  | { readonly type: 'denied' }
  | { readonly type: 'approved'; readonly by: readonly Named[] }
  | { readonly type: 'applying' }
  /** Put back; `verifiedAt` once the plan after it found nothing of it left. `by` empty: by policy. */
  | {
      readonly type: 'realigned';
      readonly by: readonly Named[];
      readonly at: number;
      readonly verifiedAt: number | null;
    }
  | { readonly type: 'snoozed'; readonly by: Named; readonly until: number | null; readonly reason: string }
  | { readonly type: 'accepted'; readonly by: Named; readonly at: number; readonly reason: string }
  | { readonly type: 'rejected'; readonly by: Named; readonly reason: string | null }
  /** m0 stopped while applying it. */
  | { readonly type: 'unknown' };

export interface FindingView {
  readonly finding: Finding;
  readonly standing: Standing;
  /** Why it was decided so. */
  readonly reasons: readonly Reason[];
  /** Set where somebody had snoozed or accepted it: the time is over, or a value moved since. */
  readonly lapsed?: {
    readonly kind: 'snooze' | 'accept';
    readonly by: Named;
    readonly why: 'over' | 'moved';
  };
}

/** Everything the card of one stack's drift shows. */
export interface DriftView {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly state: RunState;
  /** Digest of what waits; its first 8 characters go into the approve button, so an old card can't approve new drift. */
  readonly waitingFingerprint: string | null;
  readonly alert: 'open' | 'resolved' | 'superseded';
  /** One sentence how the alert ended, null while open. */
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
  readonly firstSeenAt: number;
  readonly seenCount: number;
  readonly code: CodeVersion | null;
  /** Actionable findings, sorted by address; those realigned earlier in this run are included. */
  readonly findings: readonly FindingView[];
  /** Findings an apply would not change, and those that a rule ignores: told in one folded line each. */
  readonly unaffected: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly warnings: readonly Reason[];
  readonly approvals: readonly { readonly by: Named; readonly at: number }[];
  /** How many people must approve, and who may (groups and people as they are named in m0.yaml). */
  readonly approvers: {
    readonly need: number;
    readonly groups: readonly string[];
    readonly onCall: readonly Named[];
  };
  /** Who was asked by DM, and when. */
  readonly asked: readonly { readonly who: Named; readonly at: number }[];
  readonly moved: Moved | null;
  readonly failure: Failure | null;
  /** Set while the approved apply waits for somebody else's lock. */
  readonly lock: LockWait | null;
  /** The run whose apply m0 stopped in the middle of, where this one looks at what it left. */
  readonly interrupted: number | null;
  readonly rejectedBy: Actor | null;
  /** True where the stack's environment is one whose buttons ask for confirmation. */
  readonly confirm: boolean;
}

/** A policy whose newest state can't be used. Times in ms since epoch. */
export interface PolicyAlertView {
  readonly policy: string;
  /** Repository, ref and path, without anything secret. */
  readonly source: string;
  /** The compiler's message with file and line, or git's own words. */
  readonly error: string;
  /** The refused commit; null where the repository can't be reached. */
  readonly refused: string | null;
  /** The last good commit; null: none. */
  readonly inUse: string | null;
  readonly seen: { readonly by: Named; readonly at: number } | null;
  /** Names of the stacks it decides for. */
  readonly stacks: readonly string[];
  readonly since: number;
  readonly now: number;
  readonly zone: string;
  readonly resolvedAt: number | null;
  /** What the button says again, so that an old card can't speak for a newer trouble. */
  readonly troubleId: string;
}

/** Nobody of the rotas that should be asked can be, or a channel takes nothing. Times in ms since epoch. */
export interface ReachView {
  /** `oncall:primary`, or `slack:C0OPS`. */
  readonly what: string;
  readonly channel: boolean;
  /** One sentence each. */
  readonly problems: readonly string[];
  /** Names of the stacks that wait, or that are told in the channel. */
  readonly stacks: readonly string[];
  /** Groups and people who may decide besides. */
  readonly others: readonly string[];
  readonly since: number;
  readonly resolvedAt: number | null;
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
}

/** A check that fails: its own message, updated in place. */
export interface FailureView {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly failure: Failure;
  readonly since: number;
  readonly times: number;
  readonly lastGoodAt: number | null;
  readonly now: number;
  readonly zone: string;
  /** Set once a check succeeded again, or none is made any more. */
  readonly resolvedAt: number | null;
  /** True where the stack is no longer in m0.yaml. */
  readonly gone?: boolean;
}
