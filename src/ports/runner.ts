import type { Analysis } from '../drift/finding.ts';
import type { Stack } from '../model/directory.ts';
import type { CodeVersion, SavedPlan } from '../model/run.ts';

export interface CodePort {
  /** Newest commit of the stack's ref, fetched now. Rejects with what was being done and git's own words. */
  head(stack: Stack): Promise<CodeVersion>;
}

/** The history of the stacks' code. Everything rejects with what was being done and git's own words. */
export interface CodeHistory {
  /** Newest commit of a ref, fetched now. */
  fetch(git: string, ref: string): Promise<CodeVersion>;
  /** Whether a stack may depend on what changed between two commits of its repository; in doubt true. */
  touches(
    from: string,
    to: string,
    code: { readonly git: string; readonly path: string; readonly varFiles: readonly string[] },
  ): Promise<boolean>;
}

export interface PlanResult {
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly analysis: Analysis;
  /** Terraform's plan document, for policies only: it may hold secrets and never leaves the process. */
  readonly document: unknown;
}

export interface ApplyResult {
  /** Scrubbed tail of the tool's own output. */
  readonly log: string;
}

/** Terraform or OpenTofu for a stack. Errors are RunnerErrors whose message is scrubbed of secrets. */
export interface Runner {
  /**
   * Plans the stack with a fresh refresh and without a lock (`-lock=false`).
   * `only`: restrict the plan to these addresses; null: the whole stack. `except`: with `only`, what is known to
   * have to stay out; a tool that can plan all but these is asked for that. Neither proves what the plan touches.
   */
  plan(
    stack: Stack,
    options: {
      readonly only: readonly string[] | null;
      readonly except?: readonly string[];
      readonly signal: AbortSignal;
    },
  ): Promise<PlanResult>;
  /** Applies exactly that saved plan file, taking the lock. Never retried by anybody. */
  apply(stack: Stack, plan: SavedPlan, signal: AbortSignal): Promise<ApplyResult>;
  /** Deletes the saved plan file, if it is still there. */
  discard(plan: SavedPlan): Promise<void>;
  /** Deletes every saved plan file but these: a process that died may have stored no run that knows of one. */
  discardAllBut(artifacts: readonly string[]): Promise<void>;
}
