/** Ports for the code of stacks and for Terraform or OpenTofu. */
import type { Analysis } from '../drift/finding.ts';
import type { Stack } from '../model/directory.ts';
import type { CodeVersion, SavedPlan } from '../model/run.ts';

/** Reads the code of stacks. */
export interface CodePort {
  /**
   * Fetches the stack's ref and returns its newest commit. Rejects with an Error that names the step and quotes
   * git.
   */
  head(stack: Stack): Promise<CodeVersion>;
}

/** The Git history of the stacks' code. Every method rejects with an Error that names the step and quotes git. */
export interface CodeHistory {
  /** Fetches a ref and returns its newest commit. */
  fetch(git: string, ref: string): Promise<CodeVersion>;
  /** True if what changed between two commits may affect the stack. True as well if that can't be determined. */
  touches(
    from: string,
    to: string,
    code: { readonly git: string; readonly path: string; readonly varFiles: readonly string[] },
  ): Promise<boolean>;
}

/** A finished plan: the saved file, and what it means. */
export interface PlanResult {
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly analysis: Analysis;
  /** Terraform's plan document, for the policies only. It may contain secrets and never leaves the process. */
  readonly document: unknown;
}

/** A finished apply. */
export interface ApplyResult {
  /** The last lines of the tool's output, with secrets removed. */
  readonly log: string;
}

/**
 * Runs Terraform or OpenTofu for a stack. Every method rejects with a RunnerError, whose message has its secrets
 * removed.
 */
export interface Runner {
  /**
   * Plans the stack with a refresh and without a lock (`-lock=false`). `only`: the addresses to plan; null is the
   * whole stack. `except`: with `only`, addresses that must stay out; a tool that can exclude addresses gets them.
   * `moved`: with `only`, the old and new addresses of resources that the code has moved: Terraform refuses a plan that
   * leaves one of them out.
   * Neither guarantees what the plan touches: check `SavedPlan.touches`.
   */
  plan(
    stack: Stack,
    options: {
      readonly only: readonly string[] | null;
      readonly except?: readonly string[];
      readonly moved?: readonly string[];
      readonly signal: AbortSignal;
    },
  ): Promise<PlanResult>;
  /** Applies exactly that saved plan file, and takes the lock. Never retried, by no caller. */
  apply(stack: Stack, plan: SavedPlan, signal: AbortSignal): Promise<ApplyResult>;
  /** Deletes the saved plan file. A missing file is no error. */
  discard(plan: SavedPlan): Promise<void>;
  /** Deletes every saved plan file except these. A crashed process may have left a file that no run refers to. */
  discardAllBut(artifacts: readonly string[]): Promise<void>;
}
