/** Ports for the code of stacks and for Terraform or OpenTofu. */
import type { Analysis } from '../drift/finding.ts';
import type { Schema } from '../drift/schema.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Stack } from '../model/directory.ts';
import type { CodePlace } from '../model/links/forge.ts';
import type { StackLinks } from '../model/order.ts';
import type { SavedPlan } from '../model/run.ts';
import type { RunnerPhase } from './runner-error.ts';

/** Reads the code of stacks. */
export interface CodePort {
  /**
   * Fetches the stack's ref and returns its newest commit. Rejects with an Error that names the step and quotes
   * git.
   */
  head(stack: Stack): Promise<CodeVersion>;
}

/** Reads which workspaces there are. */
export interface WorkspacePort {
  /**
   * The workspaces that exist in the stack's root, whatever its own is, sorted. `default` counts only if it is the only
   * one, or its state holds something. Rejects with a RunnerError.
   */
  workspaces(stack: Stack, signal: AbortSignal): Promise<readonly string[]>;
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
  /** With the stack's inputs. */
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly analysis: Analysis;
  /** Where the stack's state is and which others its code reads; left out if nothing looked. */
  readonly links?: StackLinks;
  /** True if the stack has no remote backend, so that an apply would write the state into m0's data folder alone. */
  readonly stateOnlyHere?: boolean;
  /** Where the findings' resources are declared, by the address of the block; left out if nothing looked. */
  readonly places?: Readonly<Record<string, CodePlace>>;
  /** Unmerged branches that change the block of a resource that moved in the cloud, by the address of the block. */
  readonly branches?: Readonly<Record<string, readonly string[]>>;
  /** Why the plan's values may be wrong as a whole; null or left out: they are not. */
  readonly unsure?: string | null;
  /** Terraform's plan document, for the policies only. It may contain secrets and never leaves the process. */
  readonly document: unknown;
  /** What the schemas of the plan's providers say; left out where they are not known. */
  readonly schema?: Schema;
}

/** Called each time the tool begins with a part of the work; it is stopped `limitMs` later. Must not throw. */
export type ToolWatch = (tool: { readonly phase: RunnerPhase; readonly limitMs: number }) => void;

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
   * `since`: the commit at which code and cloud last agreed, for the authors in `CodeVersion.inputs`; null or left out:
   * the authors of the whole history.
   * `code`: exactly this commit, which the mirror has, in a work tree of its own beside the stack's, so that nothing of
   * the stack's own runs is disturbed; `since` and `askedAt` do not count then. Left out: the newest code.
   * `askedAt`: when somebody asked for the plan, in ms since epoch; code that was fetched for another stack since then,
   * and in the last 15 s, is new enough. Left out: the code is fetched.
   */
  plan(
    stack: Stack,
    options: {
      readonly only: readonly string[] | null;
      readonly except?: readonly string[];
      readonly moved?: readonly string[];
      readonly since?: string | null;
      readonly askedAt?: number;
      readonly code?: CodeVersion;
      /** The run that plans; it is part of the names of sessions in the cloud. Left out: no run. */
      readonly run?: number;
      readonly signal: AbortSignal;
      readonly watch?: ToolWatch;
    },
  ): Promise<PlanResult>;
  /**
   * The stack's last plan of its own newest code, if it was one of the whole stack and this process still has it in
   * memory; else null. The cloud and the code may have moved since, its file may be deleted, and nothing of it may be
   * applied. Left out: the runner keeps none.
   */
  lastPlan?(stack: Stack): Promise<PlanResult | null>;
  /** Applies exactly that saved plan file, for that run, and takes the lock. Never retried, by no caller. */
  apply(
    stack: Stack,
    plan: SavedPlan,
    signal: AbortSignal,
    watch?: ToolWatch,
    run?: number,
  ): Promise<ApplyResult>;
  /** Deletes the saved plan file. A missing file is no error. */
  discard(plan: SavedPlan): Promise<void>;
  /**
   * Deletes every saved plan file except these; with `stack` (its name), only files of that stack. A crashed process may
   * have left a file that no run refers to.
   */
  discardAllBut(artifacts: readonly string[], stack?: string): Promise<void>;
  /**
   * Deletes the saved plan files of all stacks but the busy ones. `busyStacks` is asked for their names after the files were
   * listed, so a file that somebody makes meanwhile stays.
   */
  discardOfIdle(busyStacks: () => Promise<readonly string[]>): Promise<void>;
}

/** The files that the runner keeps of stacks. */
export interface StackFolders {
  /**
   * Deletes the files of stacks that are not `watched` (their names). Keeps those of a stack that has work or tools that
   * run, and those of one whose state may be there. Rejects where the disk or the store fails.
   */
  removeUnwatched(watched: readonly string[]): Promise<void>;
}
