/** The data of a person's home and greeting. Times in ms since epoch. */
import type { Exemption } from '../model/exemption.ts';
import type { StateCounts } from '../model/overview.ts';
import type { PauseChoices, PauseView } from './view-pause.ts';
import type { StackTrouble } from './view-plan-alerts.ts';
import type { OnCallView } from './view-status.ts';

/** Open drift of one stack. */
export interface HomeDrift {
  readonly stack: string;
  readonly runId: number;
  /**
   * `open`: findings that are neither put back nor exempt. `waiting`: those of them that a person can approve now.
   */
  readonly open: number;
  readonly waiting: number;
  readonly since: number;
  /** Who may decide, in words; empty if nobody may. */
  readonly waitsFor: string;
  /** True if the reader has approved it and it needs more approvals. */
  readonly approved: boolean;
}

/** The data of the first message to a person. */
export interface GreetingView {
  /** Null for a person who is not under `people`. */
  readonly home: HomeView | null;
  /** The entry that m0.yaml needs for this person, as it is written there; null if the chat does not provide it. */
  readonly entry: string | null;
}

export interface HomeView {
  /** False for a person who is not under `people`. Such a person may look, start checks and ask. */
  readonly known: boolean;
  /** Drift that waits and that the reader may approve, oldest first. */
  readonly waiting: readonly HomeDrift[];
  /** All other open drift, oldest first. */
  readonly others: readonly HomeDrift[];
  /** The reader's exemptions that still hold. */
  readonly exemptions: readonly Pick<Exemption, 'kind' | 'stack' | 'address' | 'until' | 'reason'>[];
  readonly failing: readonly { readonly stack: string; readonly since: number; readonly times: number }[];
  /** Stacks that are not aligned for another reason than drift, oldest first. */
  readonly troubles?: readonly StackTrouble[];
  /** All stacks of m0.yaml by state. */
  readonly counts: StateCounts;
  /** The pauses that hold, oldest first. Left out if nothing is paused. */
  readonly pauses?: readonly PauseView[];
  /** What the reader can choose to pause. Left out for readers who may pause nothing. */
  readonly pausable?: PauseChoices;
  readonly rotas: OnCallView['rotas'];
  readonly now: number;
  readonly zone: string;
}
