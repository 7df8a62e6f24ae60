/** Computes what one stored step of a run adds to the counters. */
import { isTerminal, type RunState } from '../model/run.ts';
import type { StepFacts } from '../ports/meter.ts';

/**
 * The phases of m0's own work. `confirm` is the fresh plan and its comparison right before an apply,
 * including the wait for a free worker.
 */
export const PHASES = ['plan', 'decide', 'confirm', 'apply', 'verify'] as const;
export type Phase = (typeof PHASES)[number];

export const APPLY_OUTCOMES = ['realigned', 'left', 'unverified', 'failed', 'unknown'] as const;
/**
 * The outcome of an apply. `left`: applied, but the verifying plan still finds drift; `unverified`: applied,
 * but that plan could not be made; `unknown`: m0 stopped during the apply.
 */
export type ApplyOutcome = (typeof APPLY_OUTCOMES)[number];

/** What one step adds. Durations in ms; null where the step does not concern the measure. */
export interface Measures {
  /** True where the run ended, or now waits for a person. */
  readonly rested: boolean;
  readonly queuedMs: number | null;
  readonly phase: { readonly name: Phase; readonly ms: number } | null;
  /** From the request for a check to its answer. */
  readonly checkMs: number | null;
  readonly applied: ApplyOutcome | null;
}

const PHASE_OF: Partial<Record<RunState, Phase>> = {
  planning: 'plan',
  deciding: 'decide',
  approved: 'confirm',
  applying: 'apply',
  verifying: 'verify',
};

/** True where the run has ended or waits for a person. */
export function isAtRest(state: RunState): boolean {
  return state === 'awaiting_approval' || isTerminal(state);
}

function outcomeOf(before: RunState, after: RunState): ApplyOutcome | null {
  if (before === 'applying') {
    if (after === 'failed') return 'failed';
    return after === 'apply_unknown' ? 'unknown' : null;
  }
  if (before !== 'verifying') return null;
  if (after === 'realigned') return 'realigned';
  return after === 'failed' ? 'unverified' : 'left';
}

/**
 * Compares a run before and after one step. A step that does not change the state (a second approval, a
 * snooze) counts as nothing.
 */
export function measuresOf(before: StepFacts, after: StepFacts): Measures {
  const phase = PHASE_OF[before.state];
  // A clock that was set back must not make a duration negative.
  const since = (at: number): number => Math.max(0, after.updatedAt - at);
  const moved = before.state !== after.state;
  const answers = before.state === 'deciding' || (after.state === 'failed' && before.state === 'planning');
  return {
    rested: moved && isAtRest(after.state),
    queuedMs: before.state === 'queued' && after.state === 'planning' ? since(before.updatedAt) : null,
    phase: phase !== undefined && moved ? { name: phase, ms: since(before.updatedAt) } : null,
    checkMs: answers && after.state !== 'queued' ? since(after.createdAt) : null,
    applied: outcomeOf(before.state, after.state),
  };
}
