/** The worker's dependencies and its interface. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import type { Actor, Run, Trigger } from '../model/run.ts';
import type { PersonToAsk } from '../people/asking.ts';
import type { OnCallNow } from '../people/permissions.ts';
import type { MetricsPort } from '../ports/meter.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { CodePort, Runner } from '../ports/runner.ts';
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
  readonly clock: Clock;
  readonly log: Logger;
  /** How many stacks are worked on at the same time. An urgent run may use one slot more. */
  readonly concurrency: number;
  /** How long a stack is paused after the store failed, in ms; 10 s by default. */
  readonly stackPauseMs?: number;
  /** Called after every stored change, because the outbox may have new messages. */
  readonly onChange: () => void;
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
   * Rejects if they change again on every try.
   */
  write(stack: string, changes: () => Eventually<readonly Change[]>): Promise<void>;
  /** Continues the work that an earlier process left, then works until `drain`. */
  start(): Promise<void>;
  /** Takes no new work, puts running plans back into the queue, and waits for running applies to end. */
  drain(): Promise<void>;
  readonly settled: RunWaiter['settled'];
}

export type StepResult =
  | { readonly ok: true; readonly run: Run }
  | { readonly ok: false; readonly refusal: string };

export type Eventually<T> = T | Promise<T>;

export interface RunWaiter {
  /** Call after a change was stored: each waiting call reads its run again. */
  recheck(): void;
  /**
   * Resolves with the run once m0 has no more work on it: it has ended or waits for a person. Resolves with undefined
   * after `timeoutMs` or when the worker drains. Rejects if the store fails.
   */
  settled(runId: number, timeoutMs: number): Promise<Run | undefined>;
}
