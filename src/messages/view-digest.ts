/** The data of the digest card. Times in ms since epoch. */
import type { StateCounts } from '../model/overview.ts';
import type { TrendDay } from '../model/trend.ts';
import type { LeftCounts } from '../model/watching.ts';
import type { Picture } from './card.ts';
import type { DriftView, PersonName } from './view.ts';
import type { PauseView } from './view-pause.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

/** A stack with open drift. */
export interface DigestOpen {
  readonly stack: string;
  /** `open`: findings that are neither put back nor exempt. `waiting`: those of them that wait for a person. */
  readonly open: number;
  readonly waiting: number;
  readonly since: number;
  readonly runId: number;
  /** Groups and people of m0.yaml who may decide; people on call by name. */
  readonly waitsFor: readonly string[];
  /** What its own card shows now, for its buttons; left out for stacks that get none. */
  readonly card?: DriftView | undefined;
}

/** How drift developed over the last days. */
export interface DigestTrend {
  /** Oldest first; the last one is today, so far. */
  readonly days: readonly TrendDay[];
  /** What is open now, by age. */
  readonly ages: Picture['ages'];
}

export interface DigestView {
  /** As m0.yaml or a person named them; empty: every stack. */
  readonly targets: readonly string[];
  /** When the previous digest was made; null if there was none. */
  readonly since: number | null;
  readonly counts: StateCounts;
  /** Stacks that were never checked, and those that were last checked too long ago. */
  readonly neverChecked: readonly string[];
  readonly checkedTooLongAgo: readonly { readonly stack: string; readonly at: number }[];
  /** Oldest first. */
  readonly open: readonly DigestOpen[];
  /** Findings put back since then: by the policies alone, and after an approval. */
  readonly healed: number;
  readonly approved: number;
  readonly snoozesEnding: readonly {
    readonly stack: string;
    readonly address: string | null;
    readonly until: number;
    readonly by: PersonName;
  }[];
  readonly failing: readonly { readonly stack: string; readonly since: number }[];
  /** Stacks that are not aligned for another reason than drift, oldest first. */
  readonly troubles?: readonly StackTrouble[];
  /** The pauses that cover some of the stacks. Left out if none is paused. */
  readonly pauses?: readonly PauseView[];
  /** Roots that are not watched. Left out if m0.yaml has no rules by which m0 finds stacks, or targets are named. */
  readonly left?: LeftCounts;
  /** Policies whose newest commit can't be used. */
  readonly brokenPolicies: readonly string[];
  /** Number of stacks that were open in the previous digest; null if there was none. */
  readonly openBefore: number | null;
  /** Null or left out: there is no trend to tell. */
  readonly trend?: DigestTrend | null;
  readonly now: number;
  readonly zone: string;
}
