/** The commands `approve`, `reject` and `cancel`. Permissions are checked here, for every typed command and click. */

import { driftView } from '../alerts/drift-view.ts';
import type { Finding } from '../drift/finding.ts';
import { approvalCard } from '../messages/approval-card.ts';
import { CAUSE_NOT_KNOWN } from '../messages/strangers.ts';
import type { Stack } from '../model/directory.ts';
import { approvable, openFindings, toScope } from '../model/open-findings.ts';
import type { Actor, Approval, Run } from '../model/run.ts';
import { approvalsOf, partsOf, type RunPart } from '../model/run-parts.ts';
import { neededApprovals } from '../people/authors.ts';
import { checkPermission, countingApprovals, type Permission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { describeState } from '../runs/machine.ts';
import { capitalize, count } from '../text/words.ts';
import { askButtons } from './ask.ts';
import { emptyStateRefusal } from './empty-state.ts';
import { type ActionParts, confirmed, findRun, privately, refused } from './parts.ts';
import { pausedRefusal } from './pausing.ts';

/** Why the person may not do this to the findings of the run; null if the person may. */
async function refusal(
  parts: ActionParts,
  permission: Permission,
  actor: Actor,
  run: Run,
  stack: Stack,
  findings: readonly Finding[],
): Promise<string | null> {
  const causes = await parts.store.causes(stack.name);
  const about = { code: run.code, findings, causes, now: parts.clock() };
  const right = checkPermission(permission, actor, stack, parts.directory, await parts.onCall(), about);
  return right.ok ? null : right.refusal;
}

const findingsOf = (part: Pick<RunPart, 'open'>): readonly Finding[] => part.open.map((one) => one.finding);

/**
 * `approve #RUN`. What was clicked (`seen`) is the approval of one part of the run, at this commit and with these
 * bundles; the part is found again in what waits now. What was typed only asks for the confirmation.
 */
export async function approve(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly run: number; readonly seen: string | null },
): Promise<Reply> {
  const { actor } = incoming;
  const found = await findRun(parts, command.run);
  if (!found.ok) return found.reply;
  const { run, stack } = found;
  const mayNot = async (why: string): Promise<Reply> =>
    refused(why, await askButtons(parts, stack, run, actor));
  const noApprover = await refusal(parts, 'approve', actor, run, stack, []);
  if (noApprover !== null) return mayNot(noApprover);
  const stateRefusal = await emptyStateRefusal(parts.store, stack.name);
  if (stateRefusal !== null) return refused(stateRefusal);
  const paused = await pausedRefusal(parts, stack);
  if (paused !== null) return paused;
  if (run.state !== 'awaiting_approval') return refused(notWaiting(run));

  const exemptions = await parts.store.exemptions(run.stack);
  const waiting = partsOf(run, approvable(openFindings(run, exemptions, parts.clock())));
  const { seen } = command;
  if (seen === null) {
    const refusals = await Promise.all(
      waiting.map((part) => refusal(parts, 'approve', actor, run, stack, findingsOf(part))),
    );
    const allowed = waiting.filter((_, i) => refusals[i] === null);
    const [why] = refusals.filter((each) => each !== null);
    if (allowed.length === 0) return why == null ? refused(`Nothing of run #${run.id} waits.`) : mayNot(why);
    return askToConfirm(parts, run, allowed);
  }
  const part = waiting.find((one) => one.fingerprint.startsWith(seen));
  if (part === undefined) {
    return refused(
      `What waits on run #${run.id} has changed since the card you clicked. Look at its newest state and decide again.`,
    );
  }
  const why = await refusal(parts, 'approve', actor, run, stack, findingsOf(part));
  return why === null ? approvePart(parts, incoming, { run, stack }, part) : mayNot(why);
}

/** Why nothing can be approved now. While one part is applied, the others wait for the proof of it. */
function notWaiting(run: Run): string {
  const busy = run.state === 'approved' || run.state === 'applying' || run.state === 'verifying';
  const later = busy ? ' What else waits can be approved on its card once that is proven.' : '';
  if (run.state === 'denied' && run.tellOnly) return `Nothing to approve in run #${run.id}: ${run.tellOnly}.`;
  return `Nothing to approve: ${describeState(run)}.${later}`;
}

/** The confirmation of a typed `approve`, with a button for each part that the person may approve. */
async function askToConfirm(parts: ActionParts, run: Run, allowed: readonly RunPart[]): Promise<Reply> {
  const [alert = null] = await parts.store.alerts({ runId: run.id, kind: 'drift' });
  const view = await driftView(parts, run, alert, []);
  const may = new Set(allowed.map((part) => part.fingerprint));
  const asked = view.parts.filter((part) => may.has(part.fingerprint));
  if (asked.length === 0) return refused(notWaiting(run));
  return privately(approvalCard(view, asked));
}

async function approvePart(
  parts: ActionParts,
  incoming: Incoming,
  { run, stack }: { readonly run: Run; readonly stack: Stack },
  part: RunPart,
): Promise<Reply> {
  if (!run.code || !run.decision) return refused(`Run #${run.id} has no decided plan to approve.`);
  const approval = {
    by: incoming.actor,
    at: parts.clock(),
    scope: toScope(part.open),
    commit: run.code.commit,
    ...(run.code.inputs === undefined ? {} : { inputs: run.code.inputs.digest }),
    bundles: run.decision.bundles,
  };
  const onCall = await parts.onCall();
  let needed = { need: stack.approvers.need, waitsForCause: false };
  const result = await parts.worker.submit(run.id, async (current) => {
    // Read under the lock: the cloud's log may have told since who changed the cloud.
    const causes = await parts.store.causes(stack.name);
    const about = { code: run.code, findings: findingsOf(part), causes, now: parts.clock() };
    const { need, causeUntil } = neededApprovals(stack, parts.directory, about);
    needed = { need, waitsForCause: causeUntil !== null };
    const { approvals } = current;
    const counting = countingApprovals(approvals, stack, parts.directory, onCall, about);
    return {
      ...{ type: 'approve', approval, ...needed, place: incoming.place },
      // The approval must not include a finding that was snoozed or accepted since.
      exemptions: await parts.store.exemptions(run.stack),
      voids: voidsOf(approvals, counting),
    };
  });
  const { need, waitsForCause } = needed;
  if (!result.ok) {
    // Somebody paused the stack in between.
    const meanwhile = result.because === undefined ? null : await pausedRefusal(parts, stack);
    return meanwhile ?? refused(`${capitalize(result.refusal)}.`);
  }
  return confirmed(
    parts,
    incoming,
    result.run.state === 'approved'
      ? `Approved run #${run.id}. m0 plans again first; if anything moved, you will be asked again.`
      : approvalsSoFar(run.id, approvalsOf(part, result.run.approvals), need, waitsForCause),
  );
}

/** The people whose earlier approvals no longer count. */
function voidsOf(given: readonly Approval[], counting: readonly Approval[]): readonly string[] {
  return given.flatMap((one) => (counting.includes(one) || one.by.person === null ? [] : [one.by.person]));
}

/** `Noted. Run #42 needs 2 approvals: Kim ✓, 1 more.` */
function approvalsSoFar(
  runId: number,
  approvals: readonly Approval[],
  need: number,
  waitsForCause: boolean,
): string {
  const given = approvals.map((a) => `${a.by.name} ✓`).join(', ');
  const left = Math.max(0, need - approvals.length);
  const why = waitsForCause ? ` ${CAUSE_NOT_KNOWN}.` : '';
  return `Noted. Run #${runId} needs ${count(need, 'approval')}: ${given}${left === 0 ? '' : `, ${left} more`}.${why}`;
}

/** `reject #RUN` and `cancel #RUN`: both end the run without an apply. */
export async function endRun(
  parts: ActionParts,
  incoming: Incoming,
  permission: 'reject' | 'cancel',
  command: { readonly run: number; readonly reason: string | null },
): Promise<Reply> {
  const found = await findRun(parts, command.run);
  if (!found.ok) return found.reply;
  const { run, stack } = found;
  const refusalText = await refusal(parts, permission, incoming.actor, run, stack, []);
  if (refusalText !== null) return refused(refusalText, await askButtons(parts, stack, run, incoming.actor));
  const result = await parts.worker.submit(run.id, () => ({
    type: permission,
    by: incoming.actor,
    reason: command.reason,
    place: incoming.place,
  }));
  if (!result.ok) return refused(`${capitalize(result.refusal)}.`);
  return confirmed(
    parts,
    incoming,
    `Run #${run.id} is ${permission === 'reject' ? 'rejected' : 'canceled'}; nothing is applied.`,
  );
}
