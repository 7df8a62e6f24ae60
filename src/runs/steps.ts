/** The work in each state of a run: plan, decide, apply, verify. confirm-approved.ts has the step of approved runs. */

import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import type { Decision, FindingDecision } from '../decisions/decision.ts';
import type { Stack } from '../model/directory.ts';
import type { Failure, Run, SavedPlan } from '../model/run.ts';
import type { PlanResult } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { storeUnavailable, type Unavailable } from '../ports/store-error.ts';
import { whyAfterRestore } from './after-restore.ts';
import { alignedCommit } from './aligned-code.ts';
import { askPolicies } from './ask-policies.ts';
import { isFresh, toPlanned } from './confirm.ts';
import { createConfirmation } from './confirm-approved.ts';
import { afterRefusal, healLimitOf } from './hold-changes.ts';
import type { RunEvent } from './run-event.ts';
import type { WorkingOrder } from './stack-order.ts';
import { untilStored, within } from './until-stored.ts';
import { upgradeFingerprints } from './upgrade.ts';
import type { Eventually, StepResult, WorkerParts } from './worker-parts.ts';

export interface StepParts extends WorkerParts {
  /** Stores one event of the run. An event given as a function is built while the stack's lock is held. */
  readonly step: (run: Run, event: RunEvent | (() => Eventually<RunEvent>)) => Promise<StepResult>;
  /** Deletes the plan file. Never rejects: an error is logged. */
  readonly discard: (run: Run, plan: SavedPlan) => Promise<void>;
  readonly order: WorkingOrder;
  /** Aborts when the worker drains. */
  readonly signal: AbortSignal;
  /** The abort signal for a check; it also aborts when a newer check supersedes this one. */
  readonly beginPlan: (run: Run) => { readonly signal: AbortSignal; ended(): void };
  /** When somebody last asked for a check of the stack, in ms since epoch; undefined: not since m0 started. */
  readonly askedAt: (stack: string) => number | undefined;
}

export interface Steps {
  /** Moves the run one state further. Null if nothing is left to do now, or another change of the run came first. */
  advance(run: Run, stack: Stack): Promise<Run | null>;
  /** Stores that the run failed. A refusal is logged. */
  fail(run: Run, phase: Failure['phase'], message: string): Promise<void>;
  /**
   * After an unexpected error the run fails. While m0 stops, the run is left for the next start. Rejects with the error
   * if the database is locked, or if the run is approved and nothing can be stored: then the run waits.
   */
  failAfterError(runId: number, error: unknown): Promise<void>;
}

/** How long a step is tried again while the store can't be written, in ms. */
const STORE_PATIENCE_MS = 60_000;

const PHASES: Partial<Record<Run['state'], Failure['phase']>> = {
  queued: 'planning',
  planning: 'planning',
  deciding: 'deciding',
  approved: 'planning',
  applying: 'applying',
  verifying: 'verifying',
};

export function createSteps(parts: StepParts): Steps {
  const { store, runner, clock, log, signal } = parts;

  /**
   * While m0 works, nothing that an apply has done may stay untold because the store can't be written. Any other step
   * waits for the end of a lock for a while, and a plan is applied only as long as it is fresh: then the run waits as it
   * is stored.
   */
  function mayTryAgain(
    run: Run,
    event: RunEvent | (() => Eventually<RunEvent>),
  ): (why: Unavailable, error: unknown) => boolean {
    const inTime = within(STORE_PATIENCE_MS);
    const plan = typeof event !== 'function' && event.type === 'confirmed' ? event.plan : null;
    let isTold = false;
    return (why, error) => {
      if (!isTold) log.error({ err: error, run: run.id, stack: run.stack }, 'a step waits to be stored');
      isTold = true;
      if (run.state === 'applying') return !signal.aborted || inTime();
      return why === 'busy' && !signal.aborted && inTime() && (plan === null || isFresh(plan, clock()));
    };
  }

  async function submit(run: Run, event: RunEvent | (() => Eventually<RunEvent>)): Promise<Run | null> {
    const result = await untilStored(() => parts.step(run, event), mayTryAgain(run, event));
    if (result.ok) return result.run;
    log.info({ run: run.id, stack: run.stack, from: run.state, refusal: result.refusal }, 'step refused');
    const { because } = result;
    if (because !== undefined) {
      await parts.step(run, async () => afterRefusal(run, because, await store.exemptions(run.stack)));
    }
    return null;
  }

  async function fail(run: Run, phase: Failure['phase'], message: string): Promise<void> {
    await submit(run, { type: 'fail', failure: { phase, message } });
  }

  /** What the card says of the stack's place among others. If it rejects, the plan file is deleted. */
  async function placeInOrder(
    stack: Stack,
    result: PlanResult,
  ): Promise<Pick<Run, 'follows' | 'ignoredRings'>> {
    try {
      if (result.links !== undefined) await parts.order.learn(stack.name, result.links);
      const { follows, ignored } = await parts.order.of(stack.name);
      return { follows, ignoredRings: ignored.map(({ ring }) => ring) };
    } catch (error) {
      await runner.discard(result.plan);
      throw error;
    }
  }

  async function planAndDecide(run: Run, stack: Stack): Promise<Run | null> {
    const planning = await submit(run, { type: 'start' });
    if (!planning) return null;
    let result: PlanResult;
    const check = parts.beginPlan(planning);
    try {
      const since = await alignedCommit(store, stack);
      const askedAt = parts.askedAt(stack.name);
      const whole = { only: null, since, run: run.id, signal: check.signal };
      result = await runner.plan(stack, askedAt === undefined ? whole : { ...whole, askedAt });
    } catch (error) {
      if (storeUnavailable(error) !== null) throw error;
      // If a newer check superseded the run, `requeue` is refused and the run stays superseded.
      if (check.signal.aborted) await submit(planning, { type: 'requeue' });
      else await fail(planning, 'planning', errorText(error));
      return null;
    } finally {
      check.ended();
    }
    const planned = { ...toPlanned(result), ...(await placeInOrder(stack, result)) };
    const deciding = await submitWithPlan(result, planning, { type: 'planned', planned });
    if (!deciding) return null;
    await upgradeFingerprints(store, deciding, result.analysis, clock());
    const { decision } = await askPolicies(parts, deciding, stack, result, {
      forceHuman: deciding.forceHuman,
    });
    // Read just before storing, because somebody may have snoozed a finding or answered during the plan.
    const decided = await submit(deciding, async () => {
      const exemptions = await store.exemptions(stack.name);
      const [open] = await store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
      const openAlertRun = open ? ((await store.run(open.runId)) ?? null) : null;
      const seenState = await store.seenState(stack.name);
      const history = await store.healHistory(stack, clock());
      const healing = { history, limit: healLimitOf(stack) };
      const whyPerson = await whyAfterRestore(store, deciding);
      const forced = whyPerson === null ? {} : { whyPerson };
      return { type: 'decided', decision, exemptions, openAlertRun, seenState, healing, ...forced };
    });
    return decided?.state === 'approved' ? decided : null;
  }

  /**
   * As `submit`, for an event that stores the plan with the run. If it is refused or fails, the plan file is deleted.
   */
  async function submitWithPlan(result: PlanResult, run: Run, event: RunEvent): Promise<Run | null> {
    let next: Run | null = null;
    try {
      next = await submit(run, event);
      return next;
    } finally {
      if (next === null) await parts.discard(run, result.plan);
    }
  }

  const confirm = createConfirmation({ ...parts, submit, submitWithPlan, fail });

  /** `applying` is stored before the tool starts: after a crash m0 knows that the apply may have begun. */
  async function applyPlan(run: Run, stack: Stack): Promise<Run | null> {
    if (!run.plan) throw new Error(`applying run #${run.id}: it has no saved plan`);
    try {
      // A drain does not abort an apply that has begun: the tool must be able to save the state.
      await runner.apply(stack, run.plan, new AbortController().signal, undefined, run.id);
    } catch (error) {
      const lock = error instanceof RunnerError && !error.mayHaveApplied ? error.locked : null;
      if (lock !== null) await submit(run, { type: 'locked', lock });
      else if (neverBegan(error)) await submit(run, { type: 'postponed' });
      else await fail(run, 'applying', errorText(error));
      return null;
    } finally {
      await parts.discard(run, run.plan);
    }
    return submit(run, { type: 'applied' });
  }

  async function verify(run: Run, stack: Stack): Promise<Run | null> {
    let result: PlanResult;
    try {
      const since = await alignedCommit(store, stack);
      result = await runner.plan(stack, { only: null, since, run: run.id, signal });
    } catch (error) {
      if (storeUnavailable(error) !== null) throw error;
      if (!signal.aborted) await fail(run, 'verifying', errorText(error));
      return null;
    }
    await parts.discard(run, result.plan);
    const { decision } = await askPolicies(parts, run, stack, result);
    await submit(run, async () => ({
      type: 'verified',
      planned: toPlanned(result),
      decision: requirePersonAfterApply(decision, run),
      exemptions: await store.exemptions(stack.name),
    }));
    return null;
  }

  return {
    async advance(run, stack) {
      switch (run.state) {
        case 'queued':
          return planAndDecide(run, stack);
        case 'approved':
          return confirm(run, stack);
        case 'applying':
          return applyPlan(run, stack);
        case 'verifying':
          return verify(run, stack);
        case 'planning':
        case 'deciding':
        case 'awaiting_approval':
        case 'clean':
        case 'quiet':
        case 'realigned':
        case 'denied':
        case 'state_empty':
        case 'rejected':
        case 'canceled':
        case 'superseded':
        case 'expired':
        case 'failed':
        case 'apply_unknown':
          return null;
        default:
          return assertNever(run.state);
      }
    },
    fail,
    async failAfterError(runId, error) {
      // While m0 stops, the run keeps its stored state, and the next start continues it.
      if (signal.aborted) return;
      const why = storeUnavailable(error);
      const run = await store.run(runId);
      // Nothing is wrong with the run. On a full disk a check fails all the same, so that people hear of it.
      if (why === 'busy' || (why !== null && run?.state === 'approved')) throw error;
      const phase = run && PHASES[run.state];
      if (run && phase) await fail(run, phase, errorText(error));
    },
  };
}

/** True if the store could not record the tool, so that the apply never began. */
function neverBegan(error: unknown): boolean {
  return error instanceof RunnerError && !error.mayHaveApplied && storeUnavailable(error) !== null;
}

/** Changes `auto` to `human` for drift left after an apply: m0 applies only once in a run without a person. */
function requirePersonAfterApply(decision: Decision, run: Run): Decision {
  const earlier = new Map(run.decision?.findings.map((d) => [`${d.address} ${d.fingerprint}`, d]));
  return {
    ...decision,
    findings: decision.findings.map((d): FindingDecision => {
      if (d.verdict !== 'auto') return d;
      const before = earlier.get(`${d.address} ${d.fingerprint}`);
      if (before && before.verdict !== 'auto') return before;
      const text = 'it is still there after an apply, so a person looks';
      return { ...d, verdict: 'human', reasons: [{ policy: null, commit: null, rule: 'm0', text }] };
    }),
  };
}
