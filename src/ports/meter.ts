/** Metrics port: the core reports its work here, and an adapter counts it. */
import type { Run } from '../model/run.ts';

/**
 * How one attempt to deliver a message to a chat ended. `slowed`: the chat asked to be called later. `given-up`: it
 * can't be delivered, and there is no retry.
 */
export type DeliveryResult = 'delivered' | 'slowed' | 'failed' | 'given-up';

/** What is counted of a run before and after one step. */
export type StepFacts = Pick<Run, 'state' | 'trigger' | 'createdAt' | 'updatedAt'>;

/** What is counted of an answer of a policy. */
export interface AnswerFacts {
  readonly policy: string;
  readonly outcome: { readonly ok: boolean };
}

/** Called after each event. Its methods never throw and never block. */
export interface MetricsPort {
  /** A run made a stored step. `before.updatedAt` is when it entered the state that it left. */
  runStepped(before: StepFacts, after: StepFacts): void;
  /** The policies answered for a run, after `ms` milliseconds. */
  policiesAnswered(answers: readonly AnswerFacts[], ms: number): void;
  deliveryAttempted(attempt: DeliveryResult): void;
}
