/** The worker's dependencies and its interface. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import type { Actor, Run, Trigger } from '../model/run.ts';
import type { PersonToAsk } from '../people/asking.ts';
import type { OnCallNow } from '../people/permissions.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { HoldRefusal } from '../ports/pause-store.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { CodePort, Runner } from '../ports/runner.ts';
import type { SharedWork } from '../ports/shared-work.ts';
import type { Change, Store } from '../ports/store.ts';
import type { RunEvent } from './run-event.ts';

export interface WorkerParts {
  readonly store: Store;
  readonly runner: Runner & CodePort;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  /** The people to ask about a stack now. */
  readonly peopleToAsk: (stack: Stack) => Promise<readonly PersonToAsk[]>;
  /** The people on call now, and the members of each group that is a Slack user group. */
  readonly onCall: () => Promise<OnCallNow>;
  /** True if a log of the cloud can be asked who changed the stack. Left out: of no stack. */
  readonly asksCauses?: ((stack: Stack) => boolean) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Work that other processes share. Left out: this process works alone. */
  readonly shared?: SharedWork | null | undefined;
  /** The labels of the jobs that this process does, where the work is shared. Left out: none. */
  readonly labels?: readonly string[];
  /** How many jobs of a label it does at the same time, where that is less than `concurrency`. */
  readonly limits?: ReadonlyMap<string, number>;
  /**
   * Brings the directory to what the owner of the database works with: called before each job, and before and after the
   * plan that is to be applied. Resolves with the reason why this process may not work on the stack, or null. Left out:
   * this process is the owner.
   */
  readonly prepare?: (stack: string) => Promise<string | null>;
  /** How many stacks are worked on at the same time. An urgent run may use one slot more. */
  readonly concurrency: number;
  /** How long a stack is paused after the store failed, in ms; 10 s by default. */
  readonly stackPauseMs?: number;
  /**
   * Called after every stored change, because the outbox may have new messages: with the runs as they are stored now,
   * or with null if the change was no step of a run.
   */
  readonly onChange: (moved: readonly Run[] | null) => void;
  readonly meter?: MetricsPort;
}

export interface Worker {
  /**
   * Queues a check of the stack, or returns the check that is already queued or planning. A check by command or push
   * never joins a plan that has already begun: it supersedes scheduled checks that are queued or planning. Rejects if
   * the store fails.
   */
  check(stack: Stack, trigger: Trigger, by: Actor): Promise<Run>;
  /**
   * As `check`, of many stacks: their runs, in the order of `stacks`. It lets other work go on meanwhile. If it rejects,
   * some of the checks may be queued.
   */
  checkAll(stacks: readonly Stack[], trigger: Trigger, by: Actor): Promise<readonly Run[]>;
  /**
   * Applies an event with compare-and-set, and stores `also` in the same transaction. `event` gets the newest stored
   * run. A refusal is a sentence for the sender.
   */
  submit(
    runId: number,
    event: (run: Run) => Eventually<RunEvent>,
    also?: readonly Change[],
  ): Promise<StepResult>;
  /**
   * Stores changes that belong to no event of a run (exemptions, alerts), and delivers their messages. `changes` runs
   * under the stack's lock, and again if an alert changed in between: it must read the alerts that it changes.
   * True once they are stored; false where a condition of them about a stack's runs or exemptions does not hold. Rejects if
   * the alerts change again on every try.
   */
  write(stack: string, changes: () => Eventually<readonly Change[]>): Promise<boolean>;
  /** All stacks that come before the stack, as far as plans and m0.yaml have shown. Empty before `start`. */
  upstreamOf(stack: string): ReadonlySet<string>;
  /**
   * The directory has other stacks now: ends what waits of those that it does not have any more. Rejects if the store
   * fails; the next start ends it then.
   */
  followDirectory(): Promise<void>;
  /** Continues the work that an earlier process left, then works until `drain`. */
  start(): Promise<void>;
  /** Takes no new work, puts running plans back into the queue, and waits for running applies to end. */
  drain(): Promise<void>;
}

/**
 * `because`: set if a pause or the brake holds the apply back. `stale`: another process changed something first that the
 * step was made from: the run itself, or another row.
 */
export type StepResult =
  | { readonly ok: true; readonly run: Run }
  | {
      readonly ok: false;
      readonly refusal: string;
      readonly because?: HoldRefusal;
      readonly stale?: 'run' | 'other';
    };

export type Eventually<T> = T | Promise<T>;
