/** Checks before an apply that its plan changes exactly what was approved. Pure. */
import type { Decision, FindingDecision, PolicyAnswer, Reason } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import { fingerprintOf } from '../drift/fingerprint.ts';
import type { Directory, Stack } from '../model/directory.ts';
import { sameScope, toScope } from '../model/open-findings.ts';
import type { Run, SavedPlan } from '../model/run.ts';
import { couldApprove, type OnCallNow } from '../people/permissions.ts';
import type { PlanResult } from '../ports/runner.ts';
import { shortCommit } from '../text/words.ts';
import { failingChecks } from './conditions.ts';
import type { Planned } from './run-event.ts';

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
    counts: analysis.counts,
    fingerprint: fingerprintOf(analysis.findings.filter((f) => f.actionable)),
    resourcesInState: analysis.resourcesInState ?? null,
    checks: failingChecks(analysis.checks ?? []),
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

/** True if the run's own saved plan is fresh at `now` (ms since epoch) and covers exactly its scope. */
export function freshAndExact(run: Run, now: number): boolean {
  if (!run.plan || now - run.plan.madeAt >= FRESH_MS || now < run.plan.madeAt) return false;
  const actionable = run.findings.filter((f) => f.actionable);
  return (
    run.plan.targets === null &&
    sameScope(toScope(actionable), run.scope) &&
    undecidedAddresses(run.plan, run).length === 0
  );
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

/** Addresses that the plan would change but that are outside the run's scope. */
function undecidedAddresses(plan: SavedPlan, run: Run): readonly string[] {
  const scoped = new Set(run.scope.map((s) => s.address));
  return plan.touches.filter((address) => !scoped.has(address));
}

/**
 * The result of comparing a plan with its approval. `also`: differences outside the findings, as text.
 * `narrower`: the approved findings are unchanged, so a plan limited to them may match.
 */
export type Confirmation =
  | { readonly ok: true }
  | { readonly ok: false; readonly also: readonly string[]; readonly narrower: boolean };

export interface Evidence {
  /** The commit now in use of each policy bundle, by policy name; null if it can't be used. */
  readonly bundles: Readonly<Record<string, string | null>>;
  /** The plan made for this apply; null if the run's own fresh plan is used. */
  readonly result: PlanResult | null;
}

/**
 * Compares the plan with what was approved. They match if the findings have the same three values, the code commit
 * and the policy bundles are the same, and the plan changes nothing else.
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
  const { result } = evidence;
  if (result === null) return also.length === 0 ? { ok: true } : { ok: false, also, narrower: false };

  const approvedCommit = run.approvals.at(-1)?.commit ?? run.code?.commit ?? '';
  if (result.code.commit !== approvedCommit) {
    also.push(`code ${short(approvedCommit)} → ${short(result.code.commit)}`);
  }
  const planned: readonly Finding[] = result.analysis.findings.filter((f) => f.actionable);
  const asApproved = also.length === 0 && sameScope(toScope(planned), run.scope);
  const undecided = undecidedAddresses(result.plan, run);
  if (asApproved && undecided.length === 0) return { ok: true };
  return {
    ok: false,
    also: [...also, ...undecided.map((address) => `the plan would also touch ${address}`)],
    narrower: asApproved,
  };
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
