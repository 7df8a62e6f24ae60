/** Counters and histograms of what happened since m0 started. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Logger } from '../base/log.ts';
import { RUN_STATES, type RunState, TRIGGERS } from '../model/run.ts';
import type { DeliveryResult, MetricsPort } from '../ports/meter.ts';
import { APPLY_OUTCOMES, isAtRest, measuresOf, PHASES } from './moves.ts';

const REST_STATES = (Object.keys(RUN_STATES) as RunState[]).filter(isAtRest);
const ATTEMPTS: readonly DeliveryResult[] = ['delivered', 'slowed', 'failed', 'given-up'];
/** Buckets in seconds: plans take seconds to minutes, and a run may wait an hour in the queue. */
const LONG_BUCKETS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];
const SHORT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Creates the counters in `registry`. All expected series start at 0, so that a first error shows as an
 * increase.
 */
export function createMeter(registry: Registry, policies: () => readonly string[], log: Logger): MetricsPort {
  const registers = [registry];
  const runs = new Counter({
    name: 'm0_runs_total',
    help: 'Runs that reached an end, or wait for a person, since m0 started. One that waits and is then approved counts for both.',
    labelNames: ['trigger', 'state'],
    registers,
  });
  const queued = new Histogram({
    name: 'm0_queue_wait_seconds',
    help: 'How long checks waited for a worker.',
    labelNames: ['trigger'],
    buckets: LONG_BUCKETS,
    registers,
  });
  const checks = new Histogram({
    name: 'm0_check_seconds',
    help: 'From the request of a check to its answer, the wait for a worker included.',
    labelNames: ['trigger'],
    buckets: LONG_BUCKETS,
    registers,
  });
  const phases = new Histogram({
    name: 'm0_phase_seconds',
    help: 'How long each phase of a run took: plan, decide, confirm (the plan right before an apply, its wait for a worker included), apply, verify.',
    labelNames: ['phase'],
    buckets: LONG_BUCKETS,
    registers,
  });
  const applies = new Counter({
    name: 'm0_applies_total',
    help: 'Applies since m0 started, by outcome: realigned; left (applied, but there is still or new drift); unverified (applied, but the plan after it failed); failed; unknown (m0 stopped during the apply).',
    labelNames: ['outcome'],
    registers,
  });
  const policySeconds = new Histogram({
    name: 'm0_policy_seconds',
    help: 'How long all policies of a run took to answer, a look for newer commits included.',
    buckets: SHORT_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'm0_policy_errors_total',
    help: 'Errors of a policy since m0 started. Each led to a decision by a person.',
    labelNames: ['policy'],
    registers,
    // At each reading, because m0.yaml may name other policies while m0 runs.
    collect() {
      for (const policy of policies()) this.inc({ policy }, 0);
    },
  });
  const deliveries = new Counter({
    name: 'm0_delivery_attempts_total',
    help: 'Attempts to deliver to a chat since m0 started, by outcome: delivered, slowed (the chat asked to wait), failed, given-up.',
    labelNames: ['outcome'],
    registers,
  });
  for (const trigger of TRIGGERS) {
    for (const state of REST_STATES) runs.inc({ trigger, state }, 0);
    queued.zero({ trigger });
    checks.zero({ trigger });
  }
  for (const phase of PHASES) phases.zero({ phase });
  for (const outcome of APPLY_OUTCOMES) applies.inc({ outcome }, 0);
  for (const outcome of ATTEMPTS) deliveries.inc({ outcome }, 0);

  /** What is counted has already happened and is stored, so an error in counting must not fail it. */
  function safely(count: () => void): void {
    try {
      count();
    } catch (error) {
      log.error({ err: error }, 'a metric could not be updated');
    }
  }

  return {
    runStepped: (before, after) =>
      safely(() => {
        const { trigger, state } = after;
        const { rested, queuedMs, phase, checkMs, applied } = measuresOf(before, after);
        if (rested) runs.inc({ trigger, state });
        if (queuedMs !== null) queued.observe({ trigger }, queuedMs / 1000);
        if (phase !== null) phases.observe({ phase: phase.name }, phase.ms / 1000);
        if (checkMs !== null) checks.observe({ trigger }, checkMs / 1000);
        if (applied !== null) applies.inc({ outcome: applied });
      }),
    policiesAnswered: (answers, ms) =>
      safely(() => {
        policySeconds.observe(Math.max(0, ms) / 1000);
        for (const { policy, outcome } of answers) if (!outcome.ok) errors.inc({ policy });
      }),
    deliveryAttempted: (outcome) => safely(() => deliveries.inc({ outcome })),
  };
}
