/** Approved is exactly what is applied: the comparison between an approval and the plan made for its apply. */
import type { Decision, FindingDecision, PolicyAnswer, Reason } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import { fingerprintOf } from '../drift/fingerprint.ts';
import type { Directory, Stack } from '../model/directory.ts';
import { sameScope, toScope } from '../model/open-findings.ts';
import type { Run, SavedPlan } from '../model/run.ts';
import { couldApprove, type OnCallNow } from '../people/permissions.ts';
import type { PlanResult } from '../ports/runner.ts';
import { shortCommit } from '../text/words.ts';
import type { Planned } from './run-event.ts';

/** A plan made less than a minute ago, of exactly the set to be applied, counts as fresh. */
const FRESH_MS = 60_000;
/** So long a person's yes is good for an apply to begin; a lock is waited for much shorter. */
const APPROVAL_MS = 4 * 60 * 60_000;

/** What a run keeps of a plan: nothing secret, and the fingerprint of what an apply would change. */
export function toPlanned(result: PlanResult): Planned {
  const { analysis, code, plan } = result;
  return {
    code,
    plan,
    findings: analysis.findings,
    outputs: analysis.outputs,
    counts: analysis.counts,
    fingerprint: fingerprintOf(analysis.findings.filter((f) => f.actionable)),
  };
}

/**
 * True where people approved it so long ago that the apply would come as a surprise, as after days in which m0 was
 * down. What the policies allowed by themselves is not that: they are asked again.
 */
export function isTooOld(run: Run, now: number): boolean {
  const approved = run.approvals.at(-1);
  return approved !== undefined && now - approved.at >= APPROVAL_MS;
}

/** True where the run's own saved plan is fresh and covers exactly its scope. */
export function freshAndExact(run: Run, now: number): boolean {
  if (!run.plan || now - run.plan.madeAt >= FRESH_MS || now < run.plan.madeAt) return false;
  const actionable = run.findings.filter((f) => f.actionable);
  return (
    run.plan.targets === null &&
    sameScope(toScope(actionable), run.scope) &&
    undecidedIn(run.plan, run).length === 0
  );
}

/** What m0.yaml says otherwise since the run was decided or approved, so that its apply must not begin. */
export function configMoved(run: Run, stack: Stack, directory: Directory, now: OnCallNow): readonly string[] {
  if (stack.realign === 'never') return ['m0.yaml says realign: never'];
  if (run.approvals.length === 0) return stack.realign === 'ask' ? ['m0.yaml says realign: ask'] : [];
  const counting = run.approvals.filter((a) => couldApprove(a.by.person, stack, directory, now));
  if (counting.length >= Math.max(1, stack.approvers.need)) return [];
  return [`m0.yaml asks for ${stack.approvers.need} who may approve, and ${counting.length} did`];
}

/** Addresses that the plan would touch and nobody decided on. */
function undecidedIn(plan: SavedPlan, run: Run): readonly string[] {
  const scoped = new Set(run.scope.map((s) => s.address));
  return plan.touches.filter((address) => !scoped.has(address));
}

export type Confirmation =
  | { readonly ok: true }
  /** `narrower`: all that was approved is as it was, and a plan of only that may do. */
  | { readonly ok: false; readonly also: readonly string[]; readonly narrower: boolean };

export interface Evidence {
  readonly bundles: Readonly<Record<string, string | null>>;
  /** The plan made for this apply; null where the run's own fresh plan is used. */
  readonly result: PlanResult | null;
}

/**
 * Whether what would be applied is what was approved: the same findings with the same three values, the same
 * code commit, the same policy bundles, and nothing else touched. `also` says what beside the findings moved.
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
  const undecided = undecidedIn(result.plan, run);
  if (asApproved && undecided.length === 0) return { ok: true };
  return {
    ok: false,
    also: [...also, ...undecided.map((address) => `the plan would also touch ${address}`)],
    narrower: asApproved,
  };
}

/**
 * The part of a decision, made with those who approved, that stands in the way of the apply; null: nothing
 * does. What people approved gets past a policy that only wanted a person, but not past a `deny`, nor past a
 * policy that reads who approved and is still not content, or can't be asked. What nobody approved is applied
 * only where the policies still say so. `said`: the reasons that stand in the way, those of other policies left out.
 */
export function objections(
  run: Run,
  decision: Decision,
  answers: readonly PolicyAnswer[],
): { readonly decision: Decision; readonly said: readonly Reason[] } | null {
  const readers = new Set(answers.filter((a) => a.readsApprovers === true).map((a) => a.policy));
  const scope = new Set(run.scope.map((s) => s.address));
  const ofReader = (r: Reason): boolean =>
    r.policy !== null && readers.has(r.policy) && (r.rule === 'pending' || r.rule === 'error');
  const objects = (entry: FindingDecision): boolean => {
    if (!scope.has(entry.address) || entry.verdict === 'auto') return false;
    if (entry.verdict === 'deny' || run.approvals.length === 0) return true;
    return entry.reasons.some(ofReader);
  };
  const findings = decision.findings.filter(objects);
  if (findings.length === 0) return null;
  const said = findings.flatMap((f) =>
    f.verdict === 'deny' ? f.reasons.filter((r) => r.rule === 'deny') : f.reasons.filter(ofReader),
  );
  return { decision: { ...decision, findings }, said };
}

function short(commit: string | null): string {
  return commit === null ? 'none' : shortCommit(commit);
}
