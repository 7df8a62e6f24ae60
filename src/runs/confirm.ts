/** Checks before an apply that its plan changes exactly what was approved. Pure. */

import type { Decision, FindingDecision, PolicyAnswer, Reason } from '../decisions/decision.ts';
import { fingerprintOf } from '../drift/fingerprint.ts';
import type { Cause } from '../model/cause.ts';
import { type CodeVersion, touchedCommit } from '../model/code-version.ts';
import type { Directory, Stack } from '../model/directory.ts';
import { type Exemption, exemptionOf } from '../model/exemption.ts';
import type { Run, SavedPlan } from '../model/run.ts';
import { neededApprovals, partIn, type Waiting } from '../people/authors.ts';
import { countingApprovals, type OnCallNow } from '../people/permissions.ts';
import type { PlanResult } from '../ports/runner.ts';
import { clip, codeName, shortCommit } from '../text/words.ts';
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
    places: result.places ?? {},
    branches: result.branches ?? {},
    outputs: analysis.outputs,
    changes: analysis.changes,
    counts: analysis.counts,
    fingerprint: fingerprintOf(analysis.findings.filter((f) => f.actionable)),
    coupled: analysis.coupled ?? [],
    resourcesInState: analysis.resourcesInState ?? null,
    checks: failingChecks(analysis.checks ?? []),
    checksUnknown: unknownChecks(analysis.checks ?? []),
    stateOnlyHere: result.stateOnlyHere ?? false,
    unsure: result.unsure ?? whyNotByItself(analysis, plan.targets === null),
    tellOnly: plan.tellOnly ?? null,
  };
}

/** When the run's approval becomes too old (ms since epoch); Infinity if no person approved it. */
export function expiresAt(run: Pick<Run, 'approvals'>): number {
  const approved = run.approvals.at(-1);
  return approved === undefined ? Number.POSITIVE_INFINITY : approved.at + APPROVAL_MS;
}

/**
 * True if people approved the run more than four hours before `now` (ms since epoch): after days in which m0 was
 * down, its apply would surprise them. False if policies allowed the run: m0 asks them again before the apply.
 */
export function isTooOld(run: Run, now: number): boolean {
  return now >= expiresAt(run);
}

/**
 * True if somebody keeps a part of what the run is to apply as it is. A run that waits or is approved takes a snooze or an
 * accept along at once. One that is being applied does not: if its apply changes nothing, because the state is locked, it is
 * approved again, and would apply that part the next time. `now`: ms since epoch.
 */
export function isPartExempt(run: Run, exemptions: readonly Exemption[], now: number): boolean {
  return run.scope.some((part) => exemptionOf(part, exemptions, now) !== undefined);
}

/** True if the plan is fresh at `now` (ms since epoch): it needs no new plan before its apply. */
export function isFresh(plan: SavedPlan, now: number): boolean {
  return now >= plan.madeAt && now - plan.madeAt < FRESH_MS;
}

/** True if the run's own saved plan is fresh at `now` (ms since epoch) and does exactly what was approved. */
export function freshAndExact(run: Run, now: number): boolean {
  if (!run.plan || !isFresh(run.plan, now)) return false;
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
  onCall: OnCallNow,
  causes: readonly Cause[],
  now: number,
): readonly string[] {
  if (stack.realign === 'never') return ['m0.yaml says realign: never'];
  if (run.approvals.length === 0) return stack.realign === 'ask' ? ['m0.yaml says realign: ask'] : [];
  const about = approvedOf(run, causes, now);
  const counting = countingApprovals(run.approvals, stack, directory, onCall, about);
  const { need } = neededApprovals(stack, directory, about);
  if (counting.length >= Math.max(1, need)) return [];
  const causers = run.approvals.flatMap(({ by }) => {
    const person = directory.people.find(({ key }) => key === by.person);
    return person !== undefined && partIn(person, stack, about) === 'caused' ? [by.name] : [];
  });
  return [
    ...causers.map((name) => `by the cloud's log ${name} made some of this drift (notTheAuthor)`),
    `m0.yaml asks for ${need} who may approve, and ${counting.length} did`,
  ];
}

/** What was approved, to tell whose approvals count. `now`: ms since epoch. */
export function approvedOf(run: Run, causes: readonly Cause[], now: number): Waiting {
  const scope = new Set(run.scope.map((s) => s.address));
  return { code: run.code, findings: run.findings.filter((f) => scope.has(f.address)), causes, now };
}

/**
 * The result of comparing a plan with its approval. `alongside`: addresses that come along, with equal values before
 * and after. `also`: differences outside the findings, as text. `narrower`: the approved changes are the same, so a
 * plan limited to them may match.
 */
export type Confirmation =
  | { readonly ok: true; readonly alongside: readonly string[] }
  | {
      readonly ok: false;
      readonly also: readonly string[];
      readonly narrower: boolean;
      /** What the plan would change besides, without anybody's decision. */
      readonly undecided: readonly string[];
    };

export interface Evidence {
  /** The commit now in use of each policy bundle, by policy name; null if it can't be used. */
  readonly bundles: Readonly<Record<string, string | null>>;
  /** The plan made for this apply; null if the run's own fresh plan is used. */
  readonly result: PlanResult | null;
}

/**
 * Compares the plan with what was approved. They match if the plan does to each approved address exactly what was
 * approved, nothing else that nobody decided on, and if the stack's inputs and the policy bundles are the same. A later
 * commit that changes none of the inputs does not matter.
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
  if (result !== null && !hasDecidedInputs(run, result.code)) also.push(codeMovedText(run, result.code));
  const plan = result?.plan ?? run.plan;
  if (plan === null) return { ok: false, also, narrower: false, undecided: [] };
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
    undecided,
  };
}

/** The commit that was decided on. */
export function decidedCommit(run: Run): string {
  return run.approvals.at(-1)?.commit ?? run.code?.commit ?? '';
}

/** True if the code has the inputs that were decided on. Where they are not known, the commit must be the same. */
function hasDecidedInputs(run: Run, code: CodeVersion): boolean {
  const approval = run.approvals.at(-1);
  const inputs = approval === undefined ? run.code?.inputs?.digest : approval.inputs;
  if (inputs === undefined) return code.commit === decidedCommit(run);
  return code.inputs?.digest === inputs;
}

/** Which commit changed what the stack reads, e.g. `infra@1c2d3e4 "open a port" by Kim changed the code`. */
function codeMovedText(run: Run, code: CodeVersion): string {
  const { commit, subject, author } = touchedCommit(code);
  const before = run.code?.inputs?.touched?.commit;
  if (before === undefined || before === commit) {
    return `code ${short(decidedCommit(run))} → ${short(code.commit)}`;
  }
  return `${codeName({ ...code, commit })} "${clip(subject, 60)}" by ${clip(author, 40)} changed the code`;
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
