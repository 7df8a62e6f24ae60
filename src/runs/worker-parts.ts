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
  /** Who is to be asked about a stack now. */
  readonly askers: (stack: Stack) => Promise<readonly PersonToAsk[]>;
  /** Who is in each group that a Slack user group fills, and on call, now. */
  readonly onCall: () => Promise<OnCallNow>;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many stacks are worked on at once; one more where somebody waits for it. */
  readonly concurrency: number;
  /** How long a stack rests after storing something of it broke, in ms; 10 s where not given. */
  readonly restMs?: number;
  /** Called after every stored change: something may have to be delivered. */
  readonly onChange: () => void;
  readonly meter?: MetricsPort;
}

export interface Worker {
  /**
   * Queues a check of the stack, or answers the one that is already queued, or planning: but what a person asks
   * for by command, or a push, begins after it, and takes the place of a scheduled check that is still planning.
   */
  check(stack: Stack, trigger: Trigger, by: Actor): Promise<Run>;
  /**
   * Applies an event, made from the run as it is by then, with compare-and-set, and stores `also` with it. A
   * refusal is a sentence for the sender.
   */
  submit(
    runId: number,
    event: (run: Run) => Eventually<RunEvent>,
    also?: readonly Change[],
  ): Promise<StepResult>;
  /**
   * Stores changes that belong to no event of a run (exemptions, alerts), and has them delivered. `changes` runs while
   * nothing else of the stack is being stored, and again where an alert moved meanwhile: it must read the alerts that
   * it changes. Rejects where they go on moving.
   */
  write(stack: string, changes: () => Eventually<readonly Change[]>): Promise<void>;
  /** Takes up what an earlier process left, then works until `drain`. */
  start(): Promise<void>;
  /** Stops taking work; plans under way are given back to the queue, an apply under way is finished. */
  drain(): Promise<void>;
  readonly settled: RunWaiter['settled'];
}

export type StepResult =
  | { readonly ok: true; readonly run: Run }
  | { readonly ok: false; readonly refusal: string };

export type Eventually<T> = T | Promise<T>;

export interface RunWaiter {
  /** Something was stored: whoever waits looks again. */
  recheck(): void;
  /** Resolves once the run rests; undefined when `timeoutMs` is over or the worker is drained before. */
  settled(runId: number, timeoutMs: number): Promise<Run | undefined>;
}
