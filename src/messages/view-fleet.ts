/** What the card of a fleet is made from. Times in ms since epoch. */

/** How one stack of a fleet stands. `left`: somebody ended its run; `trouble`: its apply failed or was cut off. */
export type FleetStanding =
  | 'waits'
  | 'denied'
  | 'trouble'
  | 'failing'
  | 'heals'
  | 'left'
  | 'kept'
  | 'healed'
  | 'applied'
  | 'gone'
  | 'mended';

export interface FleetStack {
  readonly stack: string;
  readonly environment: string;
  readonly runId: number;
  readonly standing: FleetStanding;
  /** Findings that are still to be dealt with. */
  readonly open: number;
  /** What waits there or why it fails, in few words; '' where nothing is to be said. */
  readonly what: string;
}

export interface FleetView {
  readonly of: 'drift' | 'failure';
  /** In the order of their names; a stack that moved on is told by its newer alert alone. */
  readonly stacks: readonly FleetStack[];
  /** What nearly all of them have in common, e.g. `tags.Owner removed on 118 resources`; null: nothing. */
  readonly common: string | null;
  readonly since: number;
  readonly over: boolean;
  /** Set on the copy for a person who is asked. */
  readonly why: string | null;
  readonly now: number;
  readonly zone: string;
}
