/** The work in each state of a run: plan, decide, confirm, apply, verify. */

import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import { type Decision, decide, type FindingDecision, type PolicyAnswer } from '../decisions/decision.ts';
import type { Stack } from '../model/directory.ts';
import { pausesOf } from '../model/pause.ts';
import type { Actor, Failure, Run, SavedPlan } from '../model/run.ts';
import { countingApprovals } from '../people/permissions.ts';
import type { PlanResult } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { storeUnavailable, type Unavailable } from '../ports/store-error.ts';
import { whyAfterRestore } from './after-restore.ts';
import { alignedCommit } from './aligned-code.ts';
import { knownCauses } from './causes.ts';
import {
  approvedOf,
  type Confirmation,
  configObjections,
  confirmPlan,
  freshAndExact,
  isFresh,
  isTooOld,
  objections,
  toPlanned,
} from './confirm.ts';
import { hasEmptied } from './empty-state.ts';
import { afterRefusal, healLimitOf } from './hold-changes.ts';
import type { RunEvent } from './run-event.ts';
import { acceptSeenProblems, currentBundles } from './seen-problems.ts';
import type { WorkingOrder } from './stack-order.ts';
import { untilStored, within } from './until-stored.ts';
import { upgradeFingerprints } from './upgrade.ts';
import { whyNotByItself, whyNotFirst } from './why-not.ts';
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
  const { store, runner, policies, clock, log, signal } = parts;

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

  async function ask(
    run: Run,
    stack: Stack,
    result: PlanResult,
    forceHuman: string | null,
    approvers: readonly Actor[] = [],
  ): Promise<{ readonly decision: Decision; readonly answers: readonly PolicyAnswer[] }> {
    const { findings } = result.analysis;
    const causes = knownCauses(findings, {
      ...{ causes: await store.causes(stack.name), asks: parts.asksCauses?.(stack) === true },
      ...{ code: result.code, directory: parts.directory, now: clock(), zone: stack.timezone },
    });
    const asked = await policies.ask({
      causes: causes.facts,
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
    const whyNot = [
      forceHuman,
      whyNotByItself(result.analysis, result.plan.targets === null),
      whyNotFirst(result),
    ];
    const reasons = whyNot.filter((reason) => reason !== null);
    const decision = decide(
      findings,
      answers,
      stack.realign,
      reasons.length === 0 ? undefined : reasons.join('; '),
      result.plan.tellOnly ?? undefined,
      causes.waiting,
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
    const { decision } = await ask(deciding, stack, result, deciding.forceHuman);
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

  /** Plans an approved run again and compares. The run goes to `applying`, with this plan, only if they match. */
  async function confirm(run: Run, stack: Stack): Promise<Run | null> {
    const now = clock();
    if (isTooOld(run, now)) {
      await submit(run, { type: 'expire' });
      return null;
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
    if (run.plan) await parts.discard(run, run.plan);
    const scope = run.scope.map((s) => s.address);
    const coversAllDrift = run.findings.every((f) => !f.actionable || scope.includes(f.address));
    const excluded = run.findings.filter((f) => f.action !== 'none' && !scope.includes(f.address));
    const moved = run.findings.flatMap((f) =>
      f.previousAddress === undefined ? [] : [f.previousAddress, f.address],
    );
    const since = await alignedCommit(store, stack);
    const whole = { only: null, since, run: run.id, signal };
    const targetedPlan = { ...whole, only: scope, except: excluded.map((f) => f.address), moved };
    let result: PlanResult;
    let check: Confirmation;
    try {
      result = await runner.plan(stack, coversAllDrift ? whole : targetedPlan);
      check = confirmPlan(run, { bundles, result });
      if (!check.ok && check.narrower && coversAllDrift) {
        // A plan can change more than what drifted, for example null to an empty list.
        await parts.discard(run, result.plan);
        result = await runner.plan(stack, targetedPlan);
        check = confirmPlan(run, { bundles, result });
      }
    } catch (error) {
      if (storeUnavailable(error) !== null) throw error;
      // While m0 stops the run stays approved, and the next start confirms it again.
      if (!signal.aborted) await fail(run, 'planning', errorText(error));
      return null;
    }
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
        await parts.discard(run, result.plan);
        await submit(run, async () => ({
          type: 'objected',
          ...objection,
          exemptions: await store.exemptions(stack.name),
        }));
        return null;
      }
      check = refusedBecause(...(objection === null ? late : ['the policies no longer allow it']));
    }

    const also = [...configProblems, ...check.also];
    // A plan that is limited to the scope takes along only what the scope depends on.
    const pulls = result.plan.targets === null ? [] : check.undecided;
    await parts.discard(run, result.plan);
    const fresh = await runner.plan(stack, whole);
    await parts.discard(run, fresh.plan);
    const { decision } = await ask(run, stack, fresh, null);
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
    return null;
  }

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

/**
 * The result with the findings that were decided on. A plan limited to some addresses sees fewer of their siblings,
 * so its findings may tell echoes as drift; what an apply does was compared and is the same.
 */
function withToldFindings(run: Run, result: PlanResult): PlanResult {
  const approved = new Set(run.scope.map((s) => s.address));
  const findings = run.findings.filter((f) => approved.has(f.address));
  return { ...result, analysis: { ...result.analysis, findings } };
}

function refusedBecause(...also: readonly string[]): Extract<Confirmation, { readonly ok: false }> {
  return { ok: false, also, narrower: false, undecided: [] };
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
