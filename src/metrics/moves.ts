/** What one stored step of a run has to say to the counters. */
import type { Run, RunState } from '../model/run.ts';
import { isTerminal } from '../model/run.ts';

/**
 * What m0 itself does in a state. `confirm` is the fresh plan and its comparison right before an apply, with the
 * wait for a free worker.
 */
export const PHASES = ['plan', 'decide', 'confirm', 'apply', 'verify'] as const;
export type Phase = (typeof PHASES)[number];

export const APPLY_OUTCOMES = ['realigned', 'left', 'unverified', 'failed', 'unknown'] as const;
/**
 * `left`: applied, and the verifying plan still found something of it, or something new; `unverified`: applied, and
 * that plan could not be made; `unknown`: m0 stopped in the middle.
 */
export type ApplyOutcome = (typeof APPLY_OUTCOMES)[number];

/** All in ms, and null where the step says nothing of it. */
export interface Measures {
  /** It reached an end, or waits for a person. */
  readonly rested: boolean;
  readonly queuedMs: number | null;
  readonly phase: { readonly name: Phase; readonly ms: number } | null;
  /** From asking for a check to its answer. */
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

/** True where the run waits for nobody but a person. */
export function rests(state: RunState): boolean {
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

/** A run whose second yes is stored, or something of which was snoozed, stays where it is. */
export function measuresOf(before: Run, after: Run): Measures {
  const phase = PHASE_OF[before.state];
  // A clock that was set back must not make a duration negative.
  const since = (at: number): number => Math.max(0, after.updatedAt - at);
  const moved = before.state !== after.state;
  const answers = before.state === 'deciding' || (after.state === 'failed' && before.state === 'planning');
  return {
    rested: moved && rests(after.state),
    queuedMs: before.state === 'queued' && after.state === 'planning' ? since(before.updatedAt) : null,
    phase: phase !== undefined && moved ? { name: phase, ms: since(before.updatedAt) } : null,
    checkMs: answers && after.state !== 'queued' ? since(after.createdAt) : null,
    applied: outcomeOf(before.state, after.state),
  };
}
