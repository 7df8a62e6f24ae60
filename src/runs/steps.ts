/** The work in each state of a run: plan, decide, confirm, apply, verify. */

import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import { type Decision, decide, type FindingDecision, type PolicyAnswer } from '../decisions/decision.ts';
import type { Stack } from '../model/directory.ts';
import type { Actor, Failure, Run, SavedPlan } from '../model/run.ts';
import type { PlanResult } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import {
  type Confirmation,
  configObjections,
  confirmPlan,
  freshAndExact,
  isTooOld,
  objections,
  toPlanned,
} from './confirm.ts';
import { hasEmptied } from './empty-state.ts';
import type { RunEvent } from './run-event.ts';
import { acceptSeenProblems, currentBundles } from './seen-problems.ts';
import { upgradeFingerprints } from './upgrade.ts';
import { whyNotByItself } from './why-not.ts';
import type { Eventually, StepResult, WorkerParts } from './worker-parts.ts';

export interface StepParts extends WorkerParts {
  /** Stores one event of the run. An event given as a function is built while the stack's lock is held. */
  readonly step: (run: Run, event: RunEvent | (() => Eventually<RunEvent>)) => Promise<StepResult>;
  /** Deletes the plan file. Never rejects: an error is logged. */
  readonly discard: (run: Run, plan: SavedPlan) => Promise<void>;
  /** Aborts when the worker drains. */
  readonly signal: AbortSignal;
  /** The abort signal for a check; it also aborts when a newer check supersedes this one. */
  readonly beginPlan: (run: Run) => { readonly signal: AbortSignal; ended(): void };
}

export interface Steps {
  /** Moves the run one state further. Null if nothing is left to do now, or another change of the run came first. */
  advance(run: Run, stack: Stack): Promise<Run | null>;
  /** Stores that the run failed. A refusal is logged. */
  fail(run: Run, phase: Failure['phase'], message: string): Promise<void>;
  /** After an unexpected error the run fails. While m0 stops, the run is left for the next start. */
  failAfterError(runId: number, error: unknown): Promise<void>;
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
    const answers = await acceptSeenProblems(store, asked);
    const whyNot = [forceHuman, whyNotByItself(result.analysis, result.plan.targets === null)];
    const reasons = whyNot.filter((reason) => reason !== null);
    const decision = decide(
      result.analysis.findings,
      answers,
      stack.realign,
      reasons.length === 0 ? undefined : reasons.join('; '),
    );
    return { decision, answers };
  }

  /** As `ask`, for a plan that no run has stored yet. If it rejects, the plan file is deleted. */
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
    const check = parts.beginPlan(planning);
    try {
      result = await runner.plan(stack, { only: null, signal: check.signal });
    } catch (error) {
      // If a newer check superseded the run, `requeue` is refused and the run stays superseded.
      if (check.signal.aborted) await submit(planning, { type: 'requeue' });
      else await fail(planning, 'planning', errorText(error));
      return null;
    } finally {
      check.ended();
    }
    const deciding = await submitWithPlan(result, planning, { type: 'planned', planned: toPlanned(result) });
    if (!deciding) return null;
    await upgradeFingerprints(store, deciding, result.analysis, clock());
    const { decision } = await ask(deciding, stack, result, deciding.forceHuman);
    // Read just before storing, because somebody may have snoozed a finding or answered during the plan.
    const decided = await submit(deciding, async () => {
      const exemptions = await store.exemptions(stack.name);
      const [open] = await store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
      const openAlertRun = open ? ((await store.run(open.runId)) ?? null) : null;
      const seenState = await store.seenState(stack.name);
      return { type: 'decided', decision, exemptions, openAlertRun, seenState };
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

  /** Plans an approved run again and compares. The run goes to `applying`, with this plan, only if they match. */
  async function confirm(run: Run, stack: Stack): Promise<Run | null> {
    const now = clock();
    if (isTooOld(run, now)) {
      await submit(run, { type: 'expire' });
      return null;
    }
    const commit = (await runner.head(stack)).commit;
    const bundles = await currentBundles(store, await policies.status(stack.policies));
    const configProblems = configObjections(run, stack, parts.directory, await parts.onCall());
    if (configProblems.length === 0 && freshAndExact(run, now) && run.code?.commit === commit) {
      const same = confirmPlan(run, { bundles, result: null });
      if (same.ok && run.plan) {
        return submit(run, { type: 'confirmed', plan: run.plan, alongside: same.alongside });
      }
    }
    if (run.plan) await parts.discard(run, run.plan);
    const scope = run.scope.map((s) => s.address);
    const coversAllDrift = run.findings.every((f) => !f.actionable || scope.includes(f.address));
    const excluded = run.findings.filter((f) => f.action !== 'none' && !scope.includes(f.address));
    const moved = run.findings.flatMap((f) =>
      f.previousAddress === undefined ? [] : [f.previousAddress, f.address],
    );
    const targetedPlan = { only: scope, except: excluded.map((f) => f.address), moved, signal };
    let result: PlanResult;
    let check: Confirmation;
    try {
      result = await runner.plan(stack, coversAllDrift ? { only: null, signal } : targetedPlan);
      check = confirmPlan(run, { bundles, result });
      if (!check.ok && check.narrower && coversAllDrift) {
        // A plan can change more than what drifted, for example null to an empty list.
        await parts.discard(run, result.plan);
        result = await runner.plan(stack, targetedPlan);
        check = confirmPlan(run, { bundles, result });
      }
    } catch (error) {
      // While m0 stops the run stays approved, and the next start confirms it again.
      if (!signal.aborted) await fail(run, 'planning', errorText(error));
      return null;
    }
    if (check.ok && configProblems.length > 0) check = { ok: false, also: [], narrower: false };
    if (check.ok && hasEmptied(run.resourcesInState, result.analysis.resourcesInState)) {
      check = { ok: false, also: ['the state is empty'], narrower: false };
    }
    if (check.ok) {
      // The policies are asked again with the approvers: a freeze may have begun, or they may want a second approval.
      const approvers = run.approvals.map((a) => a.by);
      const { decision, answers } = await askOrDiscard(run, stack, withToldFindings(run, result), approvers);
      const objection = objections(run, decision, answers);
      const { alongside } = check;
      if (objection === null)
        return submitWithPlan(result, run, { type: 'confirmed', plan: result.plan, alongside });
      if (approvers.length > 0) {
        await parts.discard(run, result.plan);
        await submit(run, async () => ({
          type: 'objected',
          ...objection,
          exemptions: await store.exemptions(stack.name),
        }));
        return null;
      }
      check = { ok: false, also: ['the policies no longer allow it'], narrower: false };
    }

    const also = [...configProblems, ...check.also];
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

  /** `applying` is stored before the tool starts: after a crash m0 knows that the apply may have begun. */
  async function applyPlan(run: Run, stack: Stack): Promise<Run | null> {
    if (!run.plan) throw new Error(`applying run #${run.id}: it has no saved plan`);
    try {
      // A drain does not abort an apply that has begun: the tool must be able to save the state.
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
      const run = await store.run(runId);
      const phase = run && PHASES[run.state];
      if (run && phase) await fail(run, phase, errorText(error));
    },
  };
}

/**
 * The result with the findings that were decided on. A plan limited to some addresses sees fewer of their siblings,
 * so its findings may tell echoes as drift; what an apply does was compared and is the same.
 */
function withToldFindings(run: Run, result: PlanResult): PlanResult {
  const approved = new Set(run.scope.map((s) => s.address));
  const findings = run.findings.filter((f) => approved.has(f.address));
  return { ...result, analysis: { ...result.analysis, findings } };
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
