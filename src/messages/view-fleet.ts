/** The data of the fleet card. Times in ms since epoch. */
import type { RunAlertKind } from '../model/alert.ts';
import type { PersonName } from './view.ts';
import type { CauseView } from './view-cause.ts';
import type { PauseView } from './view-pause.ts';

/**
 * The status of one stack of a fleet. `approved`: people approved, and m0 is at work on it; `applied`: what people
 * approved is applied. `heals` and `healed`: the same by policy. `left`: a person ended its run. `trouble`: its apply
 * failed or was interrupted. `empty`: its state is empty; `back`: no longer, or that is accepted. `unmet`: checks of its
 * code fail; `met`: no longer. `newer`: a newer card of its own is open. `removed`: it is no longer in m0.yaml.
 * `held`: decided, and waits for the end of a pause.
 */
export type FleetStackStatus =
  | 'waits'
  | 'denied'
  | 'trouble'
  | 'failing'
  | 'empty'
  | 'unmet'
  | 'approved'
  | 'heals'
  | 'held'
  | 'left'
  | 'kept'
  | 'healed'
  | 'applied'
  | 'gone'
  | 'works'
  | 'back'
  | 'met'
  | 'newer'
  | 'removed';

export interface FleetStack {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly status: FleetStackStatus;
  /** The number of open findings. */
  readonly open: number;
  /** What waits there, what m0 does or why it fails, in a few words; '' if there is nothing to say. */
  readonly what: string;
  /** When its drift or its failure was first seen. */
  readonly since: number;
  /** Who approved what is being applied or was applied. */
  readonly approvedBy: readonly PersonName[];
  /** A link to the stack's own card; null if it has none. */
  readonly card: string | null;
}

export interface FleetView {
  readonly alertKind: RunAlertKind;
  /** Sorted by name. */
  readonly stacks: readonly FleetStack[];
  /** What nearly all of them have in common, e.g. `tags.Owner removed on 118 resources`; null if there is nothing. */
  readonly common: string | null;
  /** The cause that most of its stacks share: who, and of how many stacks. Left out: none is shared. */
  readonly cause?: { readonly cause: CauseView; readonly stacks: number };
  /** The pauses that cover some of them. Left out if none is paused. */
  readonly pauses?: readonly PauseView[];
  readonly since: number;
  readonly over: boolean;
  /** Why the reader is asked; null if it is not a copy for a person. */
  readonly why: string | null;
  readonly now: number;
  readonly zone: string;
}
