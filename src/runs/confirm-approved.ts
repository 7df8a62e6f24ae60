/** The confirmation of an approved run: it is planned again and compared, right before its apply. */

import { errorText } from '../base/error-text.ts';
import type { Stack } from '../model/directory.ts';
import { pausesOf } from '../model/pause.ts';
import type { Actor, Failure, Run, SavedPlan } from '../model/run.ts';
import { countingApprovals } from '../people/permissions.ts';
import type { PlanResult, Runner } from '../ports/runner.ts';
import { storeUnavailable } from '../ports/store-error.ts';
import { alignedCommit } from './aligned-code.ts';
import { askPolicies } from './ask-policies.ts';
import {
  approvedOf,
  type Confirmation,
  configObjections,
  confirmPlan,
  type Evidence,
  freshAndExact,
  isPartExempt,
  isTooOld,
  objections,
  toPlanned,
} from './confirm.ts';
import { hasEmptied } from './empty-state.ts';
import type { RunEvent } from './run-event.ts';
import { currentBundles } from './seen-problems.ts';
import type { Eventually, WorkerParts } from './worker-parts.ts';

export interface ConfirmationParts
  extends Pick<
    WorkerParts,
    'store' | 'runner' | 'policies' | 'directory' | 'asksCauses' | 'onCall' | 'prepare' | 'clock'
  > {
  /** Stores one event of the run. Resolves with the run after it; null if it is refused. */
  readonly submit: (run: Run, event: RunEvent | (() => Eventually<RunEvent>)) => Promise<Run | null>;
  /** As `submit`, for an event that stores the plan with the run. If it is refused or fails, the plan file is deleted. */
  readonly submitWithPlan: (result: PlanResult, run: Run, event: RunEvent) => Promise<Run | null>;
  /** Stores that the run failed. */
  readonly fail: (run: Run, phase: Failure['phase'], message: string) => Promise<void>;
  /** Deletes the plan file. Never rejects: an error is logged. */
  readonly discard: (run: Run, plan: SavedPlan) => Promise<void>;
  /** Aborts when the worker drains. */
  readonly signal: AbortSignal;
}

type Refused = Extract<Confirmation, { readonly ok: false }>;

/** A plan that was made to compare it with what was approved, and the result of the comparison. */
interface Compared {
  readonly result: PlanResult;
  readonly check: Confirmation;
}

/**
 * Creates the step of approved runs: it plans again and compares. The run goes to `applying`, with this plan, only if
 * they match. The step resolves with null if it does not; people or policies were asked again then, or the run failed.
 */
export function createConfirmation(
  parts: ConfirmationParts,
): (run: Run, stack: Stack) => Promise<Run | null> {
  const { store, runner, policies, clock, signal, discard, submit, submitWithPlan, fail } = parts;

  /** As `askPolicies`, for a plan that no run has stored yet. If it rejects, the plan file is deleted. */
  async function askOrDiscard(
    run: Run,
    stack: Stack,
    result: PlanResult,
    approvers: readonly Actor[],
  ): ReturnType<typeof askPolicies> {
    try {
      return await askPolicies(parts, run, stack, result, { approvers });
    } catch (error) {
      await discard(run, result.plan);
      throw error;
    }
  }

  /** Why m0.yaml, as it is now, forbids the apply. A job keeps the stack that it began with, so it is looked up. */
  async function configProblemsOf(run: Run): Promise<readonly string[]> {
    const problem = (await parts.prepare?.(run.stack)) ?? null;
    if (problem !== null) return [problem];
    const onCall = await parts.onCall();
    const stack = parts.directory.stacks.find((one) => one.name === run.stack);
    if (stack === undefined) return ['the stack is not watched any more'];
    return configObjections(run, stack, parts.directory, onCall, await store.causes(stack.name), clock());
  }

  /** Whose approvals of what is to be applied count now: policies may not count others. */
  async function countingApprovers(run: Run): Promise<readonly Actor[]> {
    const stack = parts.directory.stacks.find((one) => one.name === run.stack);
    if (stack === undefined) return [];
    const about = approvedOf(run, await store.causes(stack.name), clock());
    const { directory } = parts;
    return countingApprovals(run.approvals, stack, directory, await parts.onCall(), about).map(
      ({ by }) => by,
    );
  }

  /**
   * Plans the scope, or the whole stack where that is the same, and compares. Null if the plan failed, or was stopped:
   * while m0 stops the run stays approved, and the next start confirms it again.
   */
  async function planAndCompare(
    run: Run,
    stack: Stack,
    whole: Parameters<Runner['plan']>[1],
    bundles: Evidence['bundles'],
  ): Promise<Compared | null> {
    const scope = run.scope.map((s) => s.address);
    const coversAllDrift = run.findings.every((f) => !f.actionable || scope.includes(f.address));
    const excluded = run.findings.filter((f) => f.action !== 'none' && !scope.includes(f.address));
    const moved = run.findings.flatMap((f) =>
      f.previousAddress === undefined ? [] : [f.previousAddress, f.address],
    );
    const targetedPlan = { ...whole, only: scope, except: excluded.map((f) => f.address), moved };
    try {
      const result = await runner.plan(stack, coversAllDrift ? whole : targetedPlan);
      const check = confirmPlan(run, { bundles, result });
      if (check.ok || !check.narrower || !coversAllDrift) return { result, check };
      // A plan can change more than what drifted, for example null to an empty list.
      await discard(run, result.plan);
      const targeted = await runner.plan(stack, targetedPlan);
      return { result: targeted, check: confirmPlan(run, { bundles, result: targeted }) };
    } catch (error) {
      if (storeUnavailable(error) !== null) throw error;
      if (!signal.aborted) await fail(run, 'planning', errorText(error));
      return null;
    }
  }

  /** Plans the whole stack and stores that what was approved has moved, so that it is decided anew. */
  async function decideAnew(
    run: Run,
    stack: Stack,
    whole: Parameters<Runner['plan']>[1],
    { also, pulls }: { readonly also: readonly string[]; readonly pulls: readonly string[] },
  ): Promise<void> {
    const scope = run.scope.map((s) => s.address);
    const fresh = await runner.plan(stack, whole);
    await discard(run, fresh.plan);
    const { decision } = await askPolicies(parts, run, stack, fresh);
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
      pulls,
    }));
  }

  return async function confirm(run, stack) {
    const now = clock();
    if (isTooOld(run, now)) {
      await submit(run, { type: 'expire' });
      return null;
    }
    if (isPartExempt(run, await store.exemptions(stack.name), now)) {
      const left = await submit(run, async () => ({
        type: 'kept',
        exemptions: await store.exemptions(stack.name),
      }));
      return left?.state === 'approved' ? left : null;
    }
    const [pause] = pausesOf(await store.pauses(), stack);
    if (pause !== undefined) {
      // The store refuses the apply as well. Asking it here saves plans, and deletes a plan file during the pause.
      await submit(run, { type: 'held', pause });
      return null;
    }
    const commit = (await runner.head(stack)).commit;
    const bundles = await currentBundles(store, await policies.status(stack.policies));
    const configProblems = await configProblemsOf(run);
    if (
      configProblems.length === 0 &&
      !run.tellOnly &&
      freshAndExact(run, now) &&
      run.code?.commit === commit
    ) {
      const same = confirmPlan(run, { bundles, result: null });
      if (same.ok && run.plan && run.code) {
        const { plan, code } = run;
        return submit(run, { type: 'confirmed', plan, alongside: same.alongside, code });
      }
    }
    if (run.plan) await discard(run, run.plan);
    const since = await alignedCommit(store, stack);
    const whole = { only: null, since, run: run.id, signal };
    const compared = await planAndCompare(run, stack, whole, bundles);
    if (compared === null) return null;
    const { result } = compared;
    let { check } = compared;
    if (check.ok && configProblems.length > 0) check = refusedBecause();
    const { tellOnly = null } = result.plan;
    if (check.ok && tellOnly !== null) check = refusedBecause(tellOnly);
    if (check.ok && hasEmptied(run.resourcesInState, result.analysis.resourcesInState)) {
      check = refusedBecause('the state is empty');
    }
    if (check.ok) {
      // The policies are asked again with the approvers: a freeze may have begun, or they may want a second approval.
      const approvers = await countingApprovers(run);
      const { decision, answers } = await askOrDiscard(run, stack, withToldFindings(run, result), approvers);
      const objection = objections(run, decision, answers);
      const { alongside } = check;
      // m0.yaml may have changed during the plan: who may approve counts from that moment.
      const late = await configProblemsOf(run);
      if (objection === null && late.length === 0) {
        const { plan, code } = result;
        return submitWithPlan(result, run, { type: 'confirmed', plan, alongside, code });
      }
      if (objection !== null && approvers.length > 0) {
        await discard(run, result.plan);
        await submit(run, async () => ({
          type: 'objected',
          ...objection,
          exemptions: await store.exemptions(stack.name),
        }));
        return null;
      }
      check = refusedBecause(...(objection === null ? late : ['the policies no longer allow it']));
    }

    // A plan that is limited to the scope takes along only what the scope depends on.
    const pulls = result.plan.targets === null ? [] : check.undecided;
    await discard(run, result.plan);
    await decideAnew(run, stack, whole, { also: [...configProblems, ...check.also], pulls });
    return null;
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

function refusedBecause(...also: readonly string[]): Refused {
  return { ok: false, also, narrower: false, undecided: [] };
}
