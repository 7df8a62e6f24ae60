/** The data of the cards about drift, failures and problems: plain facts, collected by src/alerts and src/runs. */
import type { Reason } from '../decisions/decision.ts';
import type { BesideLine } from '../drift/beside.ts';
import type { CheckResult, Finding, OutputDrift } from '../drift/finding.ts';
import type { Brake } from '../model/brake.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Codification } from '../model/codification.ts';
import type { Actor, Failure, LockWait, Moved, RunState, SeenState } from '../model/run.ts';
import type { Working } from '../model/working.ts';
import type { CauseView } from './view-cause.ts';
import type { LinkFacts } from './view-links.ts';
import type { LastPlan, NewerCard } from './view-newer.ts';
import type { PauseView } from './view-pause.ts';

/** A person's name on a card. `person` is the key in m0.yaml; null for somebody who is not in it. */
export interface PersonName {
  readonly person: string | null;
  readonly name: string;
}

/** The current status of one finding. Times in ms since epoch. */
export type FindingStatus =
  /** The policies apply it without a person. */
  | { readonly type: 'heals' }
  /** A person must approve it. */
  | { readonly type: 'waits' }
  /** Nobody may apply it: the policies forbid it or, with `tellOnly`, m0 can't do it as it promises. */
  | { readonly type: 'denied'; readonly tellOnly?: true }
  | { readonly type: 'approved'; readonly by: readonly PersonName[] }
  | { readonly type: 'applying' }
  /**
   * Put back. `verifiedAt`: when the plan after the apply found none of it left; null until then. `by` empty: the
   * policies decided.
   */
  | {
      readonly type: 'realigned';
      readonly by: readonly PersonName[];
      readonly at: number;
      readonly verifiedAt: number | null;
    }
  | {
      readonly type: 'snoozed';
      readonly by: PersonName;
      readonly until: number | null;
      readonly reason: string;
    }
  | {
      readonly type: 'accepted';
      readonly by: PersonName;
      readonly at: number;
      /** When it is told again; null or left out: when a value changes. */
      readonly until?: number | null;
      readonly reason: string;
    }
  /** Left as it is while a pull request puts it into the code. */
  | { readonly type: 'codified'; readonly by: PersonName }
  | { readonly type: 'rejected'; readonly by: PersonName; readonly reason: string | null }
  /** m0 stopped while applying it. */
  | { readonly type: 'unknown' };

/** A finding with its status. */
export interface FindingView {
  readonly finding: Finding;
  readonly status: FindingStatus;
  /** Why it was decided this way. */
  readonly reasons: readonly Reason[];
  /** Set if a snooze or accept of it lapsed: the time is over, or a value has changed. */
  readonly lapsed?: {
    readonly kind: 'snooze' | 'accept' | 'codify';
    readonly by: PersonName;
    readonly why: 'over' | 'moved';
  };
  /** Set if policies allow it and it asks a person all the same, because healing it fights somebody. */
  readonly brake?: Brake;
  /** Who made it in the cloud. Left out: nobody was asked, or the code made it. */
  readonly cause?: CauseView;
}

/** A part of a run that is approved on its own. */
export interface PartView {
  /** At least one; what is deleted or replaced comes first. */
  readonly findings: readonly FindingView[];
  /**
   * Digest of the part. Its first 8 characters go into the approve button, so that an old card can't approve new
   * drift.
   */
  readonly fingerprint: string;
  /** How many people must approve it, and who has so far. */
  readonly need: number;
  readonly approvedBy: readonly PersonName[];
}

/** Everything the card of one stack's drift shows. */
export interface DriftView {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly state: RunState;
  /** What people can approve, in the order of the buttons. Empty if nothing waits. */
  readonly parts: readonly PartView[];
  readonly alert: 'open' | 'resolved' | 'superseded';
  /** How the alert ended, in one sentence; null while open. */
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
  readonly firstSeenAt: number;
  readonly seenCount: number;
  readonly code: CodeVersion | null;
  /** Of a person's working copy: whether all of the code is committed. Left out: the code is what the stack's branch has. */
  readonly workingCopy?: 'committed' | 'changed';
  /** Actionable findings, sorted by address, including those that this run realigned earlier. */
  readonly findings: readonly FindingView[];
  /** Findings that an apply would not change, and those that a rule ignores; each kind is one line on the card. */
  readonly unaffected: readonly Finding[];
  /** Unmerged branches that change what moved in the cloud, by the address of the block. Left out: none. */
  readonly branches?: Readonly<Record<string, readonly string[]>>;
  readonly outputs: readonly OutputDrift[];
  /** What an apply does besides the findings, in counted lines. */
  readonly beside: readonly BesideLine[];
  /** Addresses that came along with an apply of this run, with equal values before and after. */
  readonly alongside: readonly string[];
  readonly warnings: readonly Reason[];
  readonly approvals: readonly { readonly by: PersonName; readonly at: number }[];
  /** How many people must approve, and who may: groups of m0.yaml, single people, and those on call. */
  readonly approvers: {
    readonly need: number;
    readonly groups: readonly string[];
    readonly people?: readonly PersonName[];
    readonly onCall: readonly PersonName[];
    /** Who wrote some of the code and is nobody of m0.yaml, so that one approval more is needed. */
    readonly strangers?: readonly string[];
    /** Until when the cloud's log is asked who changed it, so that one approval more is needed. Left out: it is not. */
    readonly causeUntil?: number;
    /** Who could approve but for having written some of the code; not in `people` and `onCall`. */
    readonly authors?: readonly PersonName[];
    /** Who could approve but for having changed the cloud; not in `people` and `onCall`. */
    readonly causers?: readonly PersonName[];
  };
  /** Who was asked by DM, and when. */
  readonly asked: readonly { readonly who: PersonName; readonly at: number }[];
  readonly moved: Moved | null;
  readonly failure: Failure | null;
  /** Set if the run found the state empty: what m0 had seen in it. Nothing of the run is applied. */
  readonly emptied?: SeenState | null;
  /** The conditions of the code that fail. Left out if none does. */
  readonly checks?: readonly CheckResult[];
  /** The stacks that this one follows. Left out if it follows none. */
  readonly follows?: readonly string[];
  /** Rings of stacks that read each other's states, whose order is ignored. Left out if there are none. */
  readonly ignoredRings?: readonly (readonly string[])[];
  /** True if an apply writes the state into m0's data folder alone, because the stack has no remote backend. */
  readonly stateOnlyHere?: boolean;
  /** Findings on their way into the code, or that were, oldest first. Left out if there are none. */
  readonly codifications?: readonly Codification[];
  /** The label of the workers that plan the stack; left out: it has none. */
  readonly worker?: string;
  /** The pauses that cover the stack, oldest first. Left out if it is not paused. */
  readonly pauses?: readonly PauseView[];
  /** Set while the approved apply waits for a lock that another process holds. */
  readonly lock: LockWait | null;
  /** The run whose apply was interrupted, if this run examines what it left behind; else null. */
  readonly interrupted: number | null;
  readonly rejectedBy: Actor | null;
  /** What a tool does for the stack now; null or left out if none works on it. */
  readonly working?: Working | null;
  /** True if the buttons of the stack's environment ask for confirmation. */
  readonly confirm: boolean;
  /** What the links are built from. Left out: the card has none. */
  readonly links?: LinkFacts;
  /** The stack's open card, if this card is no longer the open one. */
  readonly newer?: NewerCard | null;
  /** What the stack's newest plan found, if this card is no longer the open one. */
  readonly lastPlan?: LastPlan | null;
  /** True if so many newer cards followed that this one is no longer updated when one of them changes. */
  readonly outOfReach?: boolean;
}

/** A policy whose newest commit can't be used. Times in ms since epoch. */
export interface PolicyAlertView {
  readonly policy: string;
  /** Repository, ref and path, without secrets. */
  readonly source: string;
  /** The compiler's message with file and line, or git's message. */
  readonly error: string;
  /** The refused commit; null if the repository can't be reached. */
  readonly refused: string | null;
  /** The last good commit; null if there is none. */
  readonly inUse: string | null;
  readonly seen: { readonly by: PersonName; readonly at: number } | null;
  /** Names of the stacks that it decides for. */
  readonly stacks: readonly string[];
  readonly since: number;
  readonly now: number;
  readonly zone: string;
  readonly resolvedAt: number | null;
  /** The button repeats this id, so that an old card can't confirm a newer problem. */
  readonly troubleId: string;
}

/** None of the people to ask can be reached, or a channel accepts no messages. Times in ms since epoch. */
export interface ReachView {
  /** `oncall:primary`, or `slack:C0OPS`. */
  readonly what: string;
  readonly channel: boolean;
  /** One sentence for each problem. */
  readonly problems: readonly string[];
  /** Names of the stacks that wait, or whose alerts go to the channel. */
  readonly stacks: readonly string[];
  /** Groups and people who may decide as well. */
  readonly others: readonly string[];
  readonly since: number;
  readonly resolvedAt: number | null;
  readonly outcome: string | null;
  readonly now: number;
  readonly zone: string;
}

/** A failing check. Times in ms since epoch. */
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
  /** Set when a check succeeds again, or when no more checks are made. */
  readonly resolvedAt: number | null;
  /** What a tool does for the stack now; null or left out if none works on it. */
  readonly working?: Working | null;
  /** True if the stack is not watched any more. */
  readonly gone?: boolean;
  /** Why it is not; left out: it is not in m0.yaml. */
  readonly goneWhy?: string;
}
