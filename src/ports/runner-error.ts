/** The error that every runner throws. */

import type { HeldLock } from '../model/run.ts';
/** What the runner was doing when it failed. */
export type RunnerPhase = 'git' | 'init' | 'plan' | 'schema' | 'show' | 'apply';

/** A stack could not be planned or applied. The message says what was being done and contains no secrets. */
export class RunnerError extends Error {
  override readonly name = 'RunnerError';
  readonly phase: RunnerPhase;
  /** The lock that another process holds on the state, if that is the cause; else null. */
  readonly locked: HeldLock | null;
  /** Why m0 stopped the tool: it was asked to (`aborted`), or a limit was reached. Null if m0 did not stop it. */
  readonly stopped: 'aborted' | 'time' | 'output' | null;
  /** True if an apply had begun, so that the cloud may have changed. */
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
