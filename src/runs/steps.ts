/** What the worker does in each state: plan, decide, confirm, apply, verify. */

import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import { type Decision, decide, type FindingDecision, type PolicyAnswer } from '../decisions/decision.ts';
import type { Stack } from '../model/directory.ts';
import type { Actor, Failure, Run, SavedPlan } from '../model/run.ts';
import type { PlanResult } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import {
  type Confirmation,
  configMoved,
  confirmPlan,
  freshAndExact,
  isTooOld,
  objections,
  toPlanned,
} from './confirm.ts';
import type { RunEvent } from './run-event.ts';
import { bundlesNow, withSeen } from './seen-policies.ts';
import type { Eventually, StepResult, WorkerParts } from './worker-parts.ts';

export interface StepParts extends WorkerParts {
  /** An event that is made is made while nothing else of the stack is being stored. */
  readonly step: (run: Run, event: RunEvent | (() => Eventually<RunEvent>)) => Promise<StepResult>;
  /** Deletes the plan file; one that can't be deleted is logged and changes nothing of what happened. */
  readonly discard: (run: Run, plan: SavedPlan) => Promise<void>;
  readonly signal: AbortSignal;
  /** The signal for a check, which also aborts when a newer one takes its place. */
  readonly planningOf: (run: Run) => { readonly signal: AbortSignal; ended(): void };
}

export interface Steps {
  /** One state further; null where the run rests or somebody else took it. */
  advance(run: Run, stack: Stack): Promise<Run | null>;
  fail(run: Run, phase: Failure['phase'], message: string): Promise<void>;
  /** After an unexpected error: the run fails where that is safe, else it waits for the next start. */
  broke(runId: number, error: unknown): Promise<void>;
}

const PHASES: Partial<Record<Run['state'], Failure['phase']>> = {
  queued: 'planning',
  planning: 'planning',
  deciding: 'deciding',
  approved: 'planning',
  applying: 'applying',
  verifying: 'verifying',
};

export function createSteps(parts: StepParts): Steps {
  const { store, runner, policies, clock, log, signal } = parts;

  async function submit(run: Run, event: RunEvent | (() => Eventually<RunEvent>)): Promise<Run | null> {
    const result = await parts.step(run, event);
    if (result.ok) return result.run;
    log.info({ run: run.id, stack: run.stack, from: run.state, refusal: result.refusal }, 'step refused');
    return null;
  }

  async function fail(run: Run, phase: Failure['phase'], message: string): Promise<void> {
    await submit(run, { type: 'fail', failure: { phase, message } });
  }

  async function ask(
    run: Run,
    stack: Stack,
    result: PlanResult,
    forceHuman: string | null,
    approvers: readonly Actor[] = [],
  ): Promise<{ readonly decision: Decision; readonly answers: readonly PolicyAnswer[] }> {
    const asked = await policies.ask({
      run: run.id,
      stack,
      trigger: run.trigger,
      code: result.code,
      analysis: result.analysis,
      document: result.document,
      requestedBy: run.requestedBy,
      approvers,
      now: clock(),
    });
    const answers = await withSeen(store, asked);
    const decision = decide(result.analysis.findings, answers, stack.realign, forceHuman ?? undefined);
    return { decision, answers };
  }

  /** As `ask`, about a plan that no run holds yet: where that breaks its file goes. */
  async function askOrDiscard(
    run: Run,
    stack: Stack,
    result: PlanResult,
    approvers: readonly Actor[],
  ): ReturnType<typeof ask> {
    try {
      return await ask(run, stack, result, null, approvers);
    } catch (error) {
      await parts.discard(run, result.plan);
      throw error;
    }
  }

  async function planAndDecide(run: Run, stack: Stack): Promise<Run | null> {
    const planning = await submit(run, { type: 'start' });
    if (!planning) return null;
    let result: PlanResult;
    const check = parts.planningOf(planning);
    try {
      result = await runner.plan(stack, { only: null, signal: check.signal });
    } catch (error) {
      // Where a newer check took its place the run is superseded by now, and stays so.
      if (check.signal.aborted) await submit(planning, { type: 'requeue' });
      else await fail(planning, 'planning', errorText(error));
      return null;
    } finally {
      check.ended();
    }
    const deciding = await submitWithPlan(result, planning, { type: 'planned', planned: toPlanned(result) });
    if (!deciding) return null;
    const { decision } = await ask(deciding, stack, result, deciding.forceHuman);
    // Read at the last moment: what somebody snoozes meanwhile is not applied, whom somebody answers not asked.
    const decided = await submit(deciding, async () => {
      const exemptions = await store.exemptions(stack.name);
      const [open] = await store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
      const openAlertRun = open ? ((await store.run(open.runId)) ?? null) : null;
      return { type: 'decided', decision, exemptions, openAlertRun };
    });
    return decided?.state === 'approved' ? decided : null;
  }

  /** As `submit`, to a state that holds the plan file; where that is not reached the file goes. */
  async function submitWithPlan(result: PlanResult, run: Run, event: RunEvent): Promise<Run | null> {
    let next: Run | null = null;
    try {
      next = await submit(run, event);
      return next;
    } finally {
      if (next === null) await parts.discard(run, result.plan);
    }
  }

  /** Approved: plan again, compare, and only then apply that very plan. */
  async function confirm(run: Run, stack: Stack): Promise<Run | null> {
    const now = clock();
    if (isTooOld(run, now)) {
      await submit(run, { type: 'expire' });
      return null;
    }
    const commit = (await runner.head(stack)).commit;
    const bundles = await bundlesNow(store, await policies.status(stack.policies));
    const reworded = configMoved(run, stack, parts.directory, await parts.onCall());
    if (reworded.length === 0 && freshAndExact(run, now) && run.code?.commit === commit) {
      const same = confirmPlan(run, { bundles, result: null });
      if (same.ok && run.plan) return submit(run, { type: 'confirmed', plan: run.plan });
    }
    if (run.plan) await parts.discard(run, run.plan);
    const scope = run.scope.map((s) => s.address);
    const whole = run.findings.every((f) => !f.actionable || scope.includes(f.address));
    const out = run.findings.filter((f) => f.action !== 'none' && !scope.includes(f.address));
    const part = { only: scope, except: out.map((f) => f.address), signal };
    let result: PlanResult;
    let check: Confirmation;
    try {
      result = await runner.plan(stack, whole ? { only: null, signal } : part);
      check = confirmPlan(run, { bundles, result });
      if (!check.ok && check.narrower && whole) {
        // A plan can touch more than what drifted, as a change from null to an empty list.
        await parts.discard(run, result.plan);
        result = await runner.plan(stack, part);
        check = confirmPlan(run, { bundles, result });
      }
    } catch (error) {
      // Still approved: the next start confirms it afresh.
      if (!signal.aborted) await fail(run, 'planning', errorText(error));
      return null;
    }
    if (check.ok && reworded.length > 0) check = { ok: false, also: [], narrower: false };
    if (check.ok) {
      // Asked once more, with those who approved: a freeze may have begun, or a second yes be wanted.
      const approvers = run.approvals.map((a) => a.by);
      const { decision, answers } = await askOrDiscard(run, stack, result, approvers);
      const no = objections(run, decision, answers);
      if (no === null) return submitWithPlan(result, run, { type: 'confirmed', plan: result.plan });
      if (approvers.length > 0) {
        await parts.discard(run, result.plan);
        await submit(run, async () => ({
          type: 'objected',
          ...no,
          exemptions: await store.exemptions(stack.name),
        }));
        return null;
      }
      check = { ok: false, also: ['the policies no longer allow it'], narrower: false };
    }

    const also = [...reworded, ...check.also];
    await parts.discard(run, result.plan);
    const fresh = await runner.plan(stack, { only: null, signal });
    await parts.discard(run, fresh.plan);
    const { decision } = await ask(run, stack, fresh, 'it moved since it was approved');
    await submit(run, async () => ({
      type: 'moved',
      planned: toPlanned(fresh),
      decision,
      exemptions: await store.exemptions(stack.name),
      moved: {
        approvedBy: run.approvals.map((a) => a.by),
        approvedAt: run.approvals.at(-1)?.at ?? run.updatedAt,
        before: run.findings.filter((f) => scope.includes(f.address)),
        after: fresh.analysis.findings.filter((f) => f.actionable),
        also,
      },
    }));
    return null;
  }

  /** `applying` is stored before the tool starts, so that a crash from here on is known as such. */
  async function applyPlan(run: Run, stack: Stack): Promise<Run | null> {
    if (!run.plan) throw new Error(`applying run #${run.id}: it has no saved plan`);
    try {
      // No abort signal from a drain: an apply that has begun is finished, so that the state is saved.
      await runner.apply(stack, run.plan, new AbortController().signal);
    } catch (error) {
      const lock = error instanceof RunnerError && !error.mayHaveApplied ? error.locked : null;
      if (lock !== null) await submit(run, { type: 'locked', lock });
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
      result = await runner.plan(stack, { only: null, signal });
    } catch (error) {
      if (!signal.aborted) await fail(run, 'verifying', errorText(error));
      return null;
    }
    await parts.discard(run, result.plan);
    const { decision } = await ask(run, stack, result, null);
    await submit(run, async () => ({
      type: 'verified',
      planned: toPlanned(result),
      decision: neverByItself(decision, run),
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
    async broke(runId, error) {
      // While stopping, everything is left as it is stored: the next start takes it up.
      if (signal.aborted) return;
      const run = await store.run(runId);
      const phase = run && PHASES[run.state];
      if (run && phase) await fail(run, phase, errorText(error));
    },
  };
}

/** What is left after an apply waits for a person: m0 never applies twice in one run by itself. */
function neverByItself(decision: Decision, run: Run): Decision {
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
