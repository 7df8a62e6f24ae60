/** Somebody else holds the lock of the stack's state. */

import type { HeldLock } from '../model/run.ts';
export type RunnerPhase = 'git' | 'init' | 'plan' | 'show' | 'apply';

/** A stack could not be planned or applied. The message says what was being done and holds no secrets. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError';
  readonly phase: RunnerPhase;
  /** Set where the reason is that the state is locked. */
  readonly locked: HeldLock | null;
  /** Set where m0 stopped the tool: because it was asked to, or because a limit was reached. */
  readonly stopped: 'aborted' | 'time' | 'output' | null;
  /** True where an apply had begun, so that the cloud may have been changed. */
  readonly mayHaveApplied: boolean;
  constructor(
    phase: RunnerPhase,
    message: string,
    details: {
      locked?: HeldLock | null;
      stopped?: RunnerError['stopped'];
      mayHaveApplied?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.phase = phase;
    this.locked = details.locked ?? null;
    this.stopped = details.stopped ?? null;
    this.mayHaveApplied = details.mayHaveApplied ?? false;
  }
}
