import type { ProcessIdentity } from '../base/process-identity.ts';
import type { RunnerPhase } from './runner-error.ts';

/** A terraform or tofu that an earlier process started and that may still run. */
export interface LeftTool extends ProcessIdentity {
  readonly id: number;
  readonly stack: string;
  readonly phase: RunnerPhase;
  /** ms since epoch, as its owner's clock showed it. */
  readonly begunAt: number;
  /** ms since epoch at which its owner would have stopped it. */
  readonly endsBy: number;
}

/** The record of the tools that the owners of a memory started. */
export interface ToolProcesses {
  /** The number of this process: the owner's is larger than that of every owner before, a worker's is negative. */
  readonly fence: number;
  /** Rejects with LeaseLost where another owner took over: then the stacks' directories are that owner's. */
  prove(): Promise<void>;
  /**
   * Proves the lease and records a process that is about to become a tool. Rejects with LeaseLost where another owner
   * took over, and with a StoreError where another worker has taken the stack; then the process must not become one.
   */
  begin(tool: {
    readonly stack: string;
    readonly phase: RunnerPhase;
    readonly pid: number;
    readonly endsBy: number;
  }): Promise<number>;
  /** Forgets a tool that has ended. */
  end(id: number): Promise<void>;
  /**
   * What processes that are gone recorded and nobody has ended, oldest first; of one stack, or of all where left out. Of
   * one stack, which the caller has taken, also applies of processes that are still there: they had the stack before.
   */
  left(stack?: string): Promise<readonly LeftTool[]>;
}
