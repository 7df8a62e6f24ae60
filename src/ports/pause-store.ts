/** The part of the store port about what holds applies back: pauses by people, and the brake on healing. */
import type { Brake, HealHistory, NewHeals } from '../model/brake.ts';
import type { NewPause, PausableStack, Pause } from '../model/pause.ts';
import type { Actor, ScopeEntry } from '../model/run.ts';

/** Writes of an atomic commit about pauses and heals. The first and the fourth can refuse the whole commit. */
export type HoldChange =
  /** Refuses the commit while a pause covers the stack. */
  | { readonly type: 'unless.paused'; readonly stack: PausableStack }
  /** A pause with that target that holds already stays as it is. */
  | { readonly type: 'pause.add'; readonly pause: NewPause }
  /** A pause that has ended already keeps its first end. */
  | { readonly type: 'pause.end'; readonly id: number; readonly by: Actor; readonly at: number }
  /**
   * Records the findings of an apply that begins. Refuses the commit if the policies decided it and the brake holds one
   * of them. `limit`: the stack's `healLimit`.
   */
  | { readonly type: 'heals.add'; readonly heals: NewHeals; readonly limit: number }
  /** The apply that was recorded for this version of the run changed nothing. */
  | { readonly type: 'heals.undo'; readonly run: number; readonly version: number }
  /** A plan made at `at` (ms since epoch) found these again. */
  | {
      readonly type: 'heals.seen';
      readonly stack: string;
      readonly findings: readonly ScopeEntry[];
      readonly at: number;
    };

/** Why a commit was refused: a pause, or the brake on what policies heal. Nothing was written. */
export type HoldRefusal =
  | { readonly type: 'paused'; readonly pause: Pause }
  | { readonly type: 'braked'; readonly brakes: readonly Brake[] };

/** The methods of the store for pauses and heals. They reject with a StoreError. */
export interface PauseStore {
  /** The pauses that hold, oldest first. With `ended`, also those that people have ended. */
  pauses(query?: { readonly ended: boolean }): Promise<readonly Pause[]>;
  /** What the brake looks at for this stack at `now` (ms since epoch). */
  healHistory(stack: PausableStack, now: number): Promise<HealHistory>;
}
