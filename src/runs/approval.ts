/** The next state of a run after a person approved a part of it, and which approvals still hold later. Pure. */
import type { Decision } from '../decisions/decision.ts';
import type { CodeVersion } from '../model/code-version.ts';
import { approvable, openFindings, sameScope, toScope } from '../model/open-findings.ts';
import type { Approval, Run } from '../model/run.ts';
import { approvalsOf, partsOf, type RunPart } from '../model/run-parts.ts';
import { listed, shortCommit } from '../text/words.ts';
import { decidedCommit } from './confirm.ts';
import type { Effect, Next, RunEvent } from './run-event.ts';

/** How many addresses a line of the history names; the others are counted. */
const NAMED = 3;

/** What was approved: `run #42`, or the addresses of a part of it. */
function partText(run: Run, part: RunPart, waiting: number): string {
  if (part.open.length === waiting) return `run #${run.id}`;
  const more = part.open.length - NAMED;
  const names = listed(part.open.slice(0, NAMED).map((one) => one.address));
  return `${names}${more > 0 ? ` and ${more} more` : ''} of run #${run.id}`;
}

/** The step after a person approved. The run is `approved` once enough people approved the same part. */
export function afterApproval(
  run: Run,
  event: Extract<RunEvent, { type: 'approve' }>,
  now: number,
): Next | string {
  const open = approvable(openFindings(run, event.exemptions, now));
  if (open.length === 0) return `nothing of run #${run.id} waits for approval`;
  const parts = partsOf(run, open);
  const part = parts.find((one) => sameScope(one.open, event.approval.scope));
  if (part === undefined) {
    return `what waits on run #${run.id} has changed since that card was shown; look at it again`;
  }
  const { person, name: by } = event.approval.by;
  // An earlier approval counts only if it was for the same findings and its person may still approve.
  const counting = approvalsOf(part, run.approvals).filter((a) => !event.voids?.includes(a.by.person ?? ''));
  const others = parts.flatMap((one) => (one === part ? [] : approvalsOf(one, run.approvals)));
  if (counting.some((a) => a.by.person === person) && counting.length < event.need) {
    return `${by} has approved run #${run.id} already: ${counting.length} of ${event.need}, somebody else must too`;
  }
  const what = partText(run, part, open.length);
  const approvals = [...counting.filter((a) => a.by.person !== person), event.approval].map(settled);
  if (approvals.length < event.need) {
    const waiting =
      event.waitsForCause === true
        ? approvals.map((one) => ({ ...one, waitsForCause: true as const }))
        : approvals;
    return {
      to: 'awaiting_approval',
      change: { approvals: [...others, ...waiting] },
      effects: [
        { type: 'refresh' },
        { type: 'history', text: `${by} approved ${what} (${approvals.length} of ${event.need})` },
      ],
    };
  }
  return {
    to: 'approved',
    change: { approvals, otherApprovals: others, scope: toScope(part.open), moved: null },
    effects: [
      { type: 'refresh' },
      { type: 'history', text: `${by} approved ${what}; planning again before the apply` },
    ],
  };
}

function settled({ waitsForCause: _, ...approval }: Approval): Approval {
  return approval;
}

/**
 * The step after the cloud's log told who changed the cloud: whoever did and approved before does not count any more, and
 * the others may be enough now.
 */
export function afterRecount(run: Run, event: Extract<RunEvent, { type: 'recounted' }>, now: number): Next {
  const isDropped = (one: Approval): boolean =>
    event.dropped.some(({ by, at }) => by.person === one.by.person && at === one.at);
  const approvals = run.approvals.filter((one) => !isDropped(one));
  const names = [...new Set(run.approvals.filter(isDropped).map(({ by }) => by.name))];
  const effects: Effect[] = [
    { type: 'refresh' },
    ...names.map((name): Effect => {
      const text = `${name}'s approval of run #${run.id} no longer counts: by the cloud's log ${name} made some of this drift`;
      return { type: 'history', text };
    }),
  ];
  const open = approvable(openFindings(run, event.exemptions, now));
  const part = partsOf(run, open).find((one) => event.enough !== null && sameScope(one.open, event.enough));
  const counting = part === undefined ? [] : approvalsOf(part, approvals).map(settled);
  if (part === undefined || counting.length === 0) {
    return { to: 'awaiting_approval', change: { approvals }, effects };
  }
  const otherApprovals = approvals.filter((one) => !approvalsOf(part, approvals).includes(one));
  const by = listed(counting.map((one) => one.by.name));
  const text = `${by} approved ${partText(run, part, open.length)}, which is enough now: planning again before the apply`;
  return {
    to: 'approved',
    change: { approvals: counting, otherApprovals, scope: toScope(part.open), moved: null },
    effects: [...effects, { type: 'history', text }],
  };
}

/**
 * The step before an apply. It may be made from a later commit than the one that was decided on, which changed nothing
 * that the stack reads: both commits stay on record.
 */
export function afterConfirmation(run: Run, event: Extract<RunEvent, { type: 'confirmed' }>): Next {
  const { plan, alongside, code } = event;
  const decided = decidedCommit(run);
  if (code.commit === decided)
    return { to: 'applying', change: { plan, alongside }, effects: [{ type: 'refresh' }] };
  const text = `Applying from ${shortCommit(code.commit)} instead of ${shortCommit(decided)}: nothing that the stack reads has changed in between`;
  return {
    to: 'applying',
    change: { plan, alongside, code, commits: { decided, applied: code.commit } },
    effects: [{ type: 'refresh' }, { type: 'history', text }],
  };
}

/**
 * The approvals of other parts that still hold: of the same inputs of the stack, with the same policies. Whether their
 * part is still the same is compared wherever they are counted.
 */
export function stillGiven(run: Run, code: CodeVersion, decision: Decision): readonly Approval[] {
  return (run.otherApprovals ?? []).filter(
    (approval) =>
      approval.inputs !== undefined &&
      approval.inputs === code.inputs?.digest &&
      sameBundles(approval.bundles, decision.bundles),
  );
}

function sameBundles(a: Approval['bundles'], b: Approval['bundles']): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => (a[name] ?? null) === (b[name] ?? null));
}
