/** Checks before an apply that its plan changes exactly what was approved. Pure. */
import type { Decision, FindingDecision, PolicyAnswer, Reason } from '../decisions/decision.ts';
import { fingerprintOf } from '../drift/fingerprint.ts';
import type { Directory, Stack } from '../model/directory.ts';
import type { Run, SavedPlan } from '../model/run.ts';
import { couldApprove, type OnCallNow } from '../people/permissions.ts';
import type { PlanResult } from '../ports/runner.ts';
import { shortCommit } from '../text/words.ts';
import { failingChecks, unknownChecks } from './conditions.ts';
import { type ComparedPlan, comparePlan, type PlanToApply } from './planned-changes.ts';
import type { Planned } from './run-event.ts';
import { whyNotByItself } from './why-not.ts';

/** A saved plan is fresh, and needs no new plan before its apply, for this long after it was made. */
const FRESH_MS = 60_000;
/** An apply must begin within this time after the last approval. The wait for a state lock is much shorter. */
const APPROVAL_MS = 4 * 60 * 60_000;

/** The part of a plan that a run stores. It holds no secrets. The fingerprint covers the actionable findings. */
export function toPlanned(result: PlanResult): Planned {
  const { analysis, code, plan } = result;
  return {
    code,
    plan,
    findings: analysis.findings,
    outputs: analysis.outputs,
    changes: analysis.changes,
    counts: analysis.counts,
    fingerprint: fingerprintOf(analysis.findings.filter((f) => f.actionable)),
    resourcesInState: analysis.resourcesInState ?? null,
    checks: failingChecks(analysis.checks ?? []),
    checksUnknown: unknownChecks(analysis.checks ?? []),
    unsure: whyNotByItself(analysis, plan.targets === null),
  };
}

/**
 * True if people approved the run more than four hours before `now` (ms since epoch): after days in which m0 was
 * down, its apply would surprise them. False if policies allowed the run: m0 asks them again before the apply.
 */
export function isTooOld(run: Run, now: number): boolean {
  const approved = run.approvals.at(-1);
  return approved !== undefined && now - approved.at >= APPROVAL_MS;
}

/** True if the run's own saved plan is fresh at `now` (ms since epoch) and does exactly what was approved. */
export function freshAndExact(run: Run, now: number): boolean {
  if (!run.plan || now - run.plan.madeAt >= FRESH_MS || now < run.plan.madeAt) return false;
  if (run.plan.targets !== null || run.changes === undefined) return false;
  const { moved, undecided } = compareOwnPlan(run, run.plan);
  const actionable = run.findings.filter((f) => f.actionable);
  return moved.length === 0 && undecided.length === 0 && actionable.length === run.scope.length;
}

/** The comparison of the run's own saved plan with the run's scope. */
export function compareOwnPlan(run: Run, plan: SavedPlan): ComparedPlan {
  const { findings, changes = [] } = run;
  return comparePlan(run, { findings, changes, touches: plan.touches, targeted: false });
}

/** The reasons, as sentences for people, why m0.yaml as it is now forbids the apply. Empty if it allows it. */
export function configObjections(
  run: Run,
  stack: Stack,
  directory: Directory,
  now: OnCallNow,
): readonly string[] {
  if (stack.realign === 'never') return ['m0.yaml says realign: never'];
  if (run.approvals.length === 0) return stack.realign === 'ask' ? ['m0.yaml says realign: ask'] : [];
  const counting = run.approvals.filter((a) => couldApprove(a.by.person, stack, directory, now));
  if (counting.length >= Math.max(1, stack.approvers.need)) return [];
  return [`m0.yaml asks for ${stack.approvers.need} who may approve, and ${counting.length} did`];
}

/**
 * The result of comparing a plan with its approval. `alongside`: addresses that come along, with equal values before
 * and after. `also`: differences outside the findings, as text. `narrower`: the approved changes are the same, so a
 * plan limited to them may match.
 */
export type Confirmation =
  | { readonly ok: true; readonly alongside: readonly string[] }
  | { readonly ok: false; readonly also: readonly string[]; readonly narrower: boolean };

export interface Evidence {
  /** The commit now in use of each policy bundle, by policy name; null if it can't be used. */
  readonly bundles: Readonly<Record<string, string | null>>;
  /** The plan made for this apply; null if the run's own fresh plan is used. */
  readonly result: PlanResult | null;
}

/**
 * Compares the plan with what was approved. They match if the plan does to each approved address exactly what was
 * approved, nothing else that nobody decided on, and if the code commit and the policy bundles are the same.
 */
export function confirmPlan(run: Run, evidence: Evidence): Confirmation {
  const also: string[] = [];
  const approvedBundles = run.approvals.at(-1)?.bundles ?? run.decision?.bundles ?? {};
  for (const [policy, commit] of Object.entries(approvedBundles)) {
    const now = evidence.bundles[policy] ?? null;
    if (now !== commit) also.push(`policy ${policy} ${short(commit)} → ${short(now)}`);
  }
  for (const policy of Object.keys(evidence.bundles)) {
    if (!(policy in approvedBundles)) also.push(`policy ${policy} is new`);
  }
  if (run.scope.some(({ change }) => change === undefined)) also.push('m0 was updated since it was decided');
  const { result } = evidence;
  if (result !== null) {
    const approvedCommit = run.approvals.at(-1)?.commit ?? run.code?.commit ?? '';
    if (result.code.commit !== approvedCommit) {
      also.push(`code ${short(approvedCommit)} → ${short(result.code.commit)}`);
    }
  }
  const plan = result?.plan ?? run.plan;
  if (plan === null) return { ok: false, also, narrower: false };
  const compared = result === null ? compareOwnPlan(run, plan) : comparePlan(run, planToApply(result));
  const { moved, undecided, alongside } = compared;
  const isNew = (address: string): boolean => !run.scope.some((s) => s.address === address);
  // A person was told these addresses by name. The approval is bound to all that an apply does to them.
  const byPerson = run.approvals.length > 0;
  const untold = (result?.analysis.untold ?? []).filter((address) => !byPerson || isNew(address));
  const others = untold.filter(isNew);
  // Drift that began since the approval is asked about, before anything is applied.
  const grown = (result?.analysis.findings ?? []).some((f) => f.actionable && isNew(f.address));
  const asApproved = also.length === 0 && moved.length === 0 && untold.length === others.length && !grown;
  if (asApproved && undecided.length === 0 && others.length === 0) return { ok: true, alongside };
  return {
    ok: false,
    also: [
      ...also,
      ...undecided.map((address) => `the plan would also touch ${address}`),
      ...untold.map((address) => `m0 can't tell all that the plan does to ${address}`),
    ],
    narrower: asApproved && result !== null,
  };
}

function planToApply({ analysis, plan }: PlanResult): PlanToApply {
  const { findings, changes } = analysis;
  return { findings, changes, touches: plan.touches, targeted: plan.targets !== null };
}

/**
 * The findings of the decision that forbid the apply; null if none does. The decision was made with the approvers
 * as input. An approval overrides a policy that only asks for a person. It does not override a `deny`, nor a policy
 * that reads the approvers and still answers `pending`, or can't be evaluated. Without an approval each finding
 * must still be `auto`. `reasons` has only the reasons that forbid the apply.
 */
export function objections(
  run: Run,
  decision: Decision,
  answers: readonly PolicyAnswer[],
): { readonly decision: Decision; readonly reasons: readonly Reason[] } | null {
  const readingApprovers = new Set(answers.filter((a) => a.readsApprovers === true).map((a) => a.policy));
  const scope = new Set(run.scope.map((s) => s.address));
  const isUnmetByApprovers = (r: Reason): boolean =>
    r.policy !== null && readingApprovers.has(r.policy) && (r.rule === 'pending' || r.rule === 'error');
  const forbidsApply = (entry: FindingDecision): boolean => {
    if (!scope.has(entry.address) || entry.verdict === 'auto') return false;
    if (entry.verdict === 'deny' || run.approvals.length === 0) return true;
    return entry.reasons.some(isUnmetByApprovers);
  };
  const findings = decision.findings.filter(forbidsApply);
  if (findings.length === 0) return null;
  const reasons = findings.flatMap((f) =>
    f.verdict === 'deny' ? f.reasons.filter((r) => r.rule === 'deny') : f.reasons.filter(isUnmetByApprovers),
  );
  return { decision: { ...decision, findings }, reasons };
}

function short(commit: string | null): string {
  return commit === null ? 'none' : shortCommit(commit);
}
