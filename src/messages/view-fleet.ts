/** The data of the fleet card. Times in ms since epoch. */
import type { RunAlertKind } from '../model/alert.ts';

/**
 * The status of one stack of a fleet. `left`: a person ended its run. `trouble`: its apply failed or was
 * interrupted. `empty`: its state is empty; `back`: no longer, or that is accepted. `unmet`: checks of its code fail;
 * `met`: no longer.
 */
export type FleetStackStatus =
  | 'waits'
  | 'denied'
  | 'trouble'
  | 'failing'
  | 'empty'
  | 'unmet'
  | 'heals'
  | 'left'
  | 'kept'
  | 'healed'
  | 'applied'
  | 'gone'
  | 'works'
  | 'back'
  | 'met';

export interface FleetStack {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly status: FleetStackStatus;
  /** The number of open findings. */
  readonly open: number;
  /** What waits there or why it fails, in a few words; '' if there is nothing to say. */
  readonly what: string;
}

export interface FleetView {
  readonly alertKind: RunAlertKind;
  /** Sorted by name. A stack with a newer alert is not in the list. */
  readonly stacks: readonly FleetStack[];
  /** What nearly all of them have in common, e.g. `tags.Owner removed on 118 resources`; null if there is nothing. */
  readonly common: string | null;
  readonly since: number;
  readonly over: boolean;
  /** Why the reader is asked; null if it is not a copy for a person. */
  readonly why: string | null;
  readonly now: number;
  readonly zone: string;
}
