/**
 * The part of the store port that keeps two processes from working on one stack. A process takes a stack before it works
 * on it, and gets a number. From then on older numbers are void: a process that was frozen can store nothing with them.
 */

/** Conditions of an atomic commit: each refuses the whole of it. */
export type FenceChange =
  /** Refuses it if another process has taken the stack since. `fence`: what `takeStack` returned. */
  | { readonly type: 'unless.taken'; readonly stack: string; readonly fence: number }
  /** Refuses it while a run of one of these stacks is being applied. */
  | { readonly type: 'unless.applying'; readonly stacks: readonly string[] }
  /** Refuses it while a run of the stack waits for people, or is approved: its own step must take the changes along. */
  | { readonly type: 'unless.waiting'; readonly stack: string }
  /** Refuses it unless these are the ids of the stack's exemptions that nobody ended, in any order. */
  | { readonly type: 'if.exemptions'; readonly stack: string; readonly ids: readonly number[] };

export interface StackFences {
  /** Takes the stack and returns its new fence number. Rejects with a StoreError. */
  takeStack(stack: string): Promise<number>;
}
