/** Metrics port: the core reports its work here, and an adapter counts it. */
import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Run } from '../model/run.ts';

/**
 * How one attempt to deliver a message to a chat ended. `slowed`: the chat asked to be called later. `given-up`: it
 * can't be delivered, and there is no retry.
 */
export type DeliveryResult = 'delivered' | 'slowed' | 'failed' | 'given-up';

/** Called after each event. Its methods never throw and never block. */
export interface MetricsPort {
  /** A run made a stored step. `before.updatedAt` is when it entered the state that it left. */
  runStepped(before: Run, after: Run): void;
  /** The policies answered for a run, after `ms` milliseconds. */
  policiesAnswered(answers: readonly PolicyAnswer[], ms: number): void;
  deliveryAttempted(attempt: DeliveryResult): void;
}
