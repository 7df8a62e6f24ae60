/** Reads two plans of a stack, without and with an edit of its code, and says what speaks against the edit. Pure. */
import { sameChange } from '../drift/change-hash.ts';
import type { PlannedChange } from '../drift/finding.ts';
import type { StackProof } from '../model/codification.ts';
import type { PlanResult } from '../ports/runner.ts';
import { listed } from '../text/words.ts';

/** The parts of a plan that the proof reads. */
export type ProvenPlan = Pick<PlanResult, 'analysis' | 'unsure'>;

/** The most paths that a sentence names. */
const PATHS = 4;

/**
 * What a plan with the edit says about a stack. `address`: the finding's, in its own stack; null in every other stack.
 * The edit is proven if the finding is gone and every other planned change was there before, the same.
 */
export function proofOf(
  stack: string,
  before: ProvenPlan,
  after: ProvenPlan,
  address: string | null,
): StackProof {
  return {
    stack,
    before: before.analysis.changes.length,
    after: after.analysis.changes.length,
    against: [
      ...new Set([...leftOf(after, address), ...movedIn(before, after, address), ...doubtsOf(before, after)]),
    ],
  };
}

/**
 * The proof that needs no plan without the edit: with it, an apply changes nothing at all. Null where something is still
 * planned or not certain, so that only a comparison can tell. `before`: how many changes an apply would have made before,
 * where that is known.
 */
export function proofAlone(stack: string, after: ProvenPlan, before: number | null): StackProof | null {
  const { changes, findings, checks } = after.analysis;
  if (changes.length > 0 || findings.some((finding) => finding.actionable)) return null;
  if ((checks ?? []).length > 0 || doubtsOf(after, after).length > 0) return null;
  return { stack, before, after: 0, against: [] };
}

function isOf(change: PlannedChange, address: string | null): boolean {
  return address !== null && (change.address === address || change.triggeredBy === address);
}

/** What an apply would still change of the finding. */
function leftOf({ analysis }: ProvenPlan, address: string | null): readonly string[] {
  if (address === null) return [];
  const left = analysis.findings.find((finding) => finding.address === address && finding.actionable);
  const paths = (left?.attributes ?? []).map(({ path }) => path);
  if (paths.length > 0) return [`${address} still differs in ${listed(paths.slice(0, PATHS))}`];
  const changes = analysis.changes.filter((change) => isOf(change, address));
  return changes.map((change) => `an apply would still ${actionWords(change)}`);
}

/** What appeared, or is planned otherwise than before. */
function movedIn(before: ProvenPlan, after: ProvenPlan, address: string | null): readonly string[] {
  const known = new Map(before.analysis.changes.map((change) => [keyOf(change), change]));
  return after.analysis.changes
    .filter((change) => !isOf(change, address))
    .flatMap((change) => {
      const was = known.get(keyOf(change));
      if (was === undefined) return [`with the edit, an apply would ${actionWords(change)}`];
      return sameChange(was.hash, change.hash)
        ? []
        : [`with the edit, ${change.address} would become something else`];
    });
}

/** Why the plan with the edit proves nothing. */
function doubtsOf(before: ProvenPlan, after: ProvenPlan): readonly string[] {
  const failed = new Set((before.analysis.checks ?? []).map((check) => check.address));
  return [
    ...(after.analysis.partial ?? []),
    ...(after.analysis.notUnderstood ?? []),
    ...(after.unsure == null ? [] : [after.unsure]),
    ...(after.analysis.checks ?? [])
      .filter((check) => !failed.has(check.address) && check.status !== 'unknown')
      .map((check) => `with the edit, the condition ${check.address} fails`),
  ];
}

function keyOf({ kind, address, deposed, triggeredBy }: PlannedChange): string {
  return JSON.stringify([kind, address, deposed ?? null, triggeredBy ?? null]);
}

function actionWords({ actions, address }: PlannedChange): string {
  const words = actions.filter((action) => action !== 'no-op' && action !== 'read');
  return `${words.length === 0 ? 'touch' : words.join(' and ')} ${address}`;
}
