/** The commands `approve`, `reject` and `cancel`. Permissions are checked here, for every typed command and click. */

import { approvable, openFindings, scopeFingerprint, toScope } from '../model/open-findings.ts';
import type { Actor, Run } from '../model/run.ts';
import { checkPermission, couldApprove, type Permission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { describeState } from '../runs/machine.ts';
import { capitalize } from '../text/words.ts';
import { askButtons } from './ask.ts';
import { emptyStateRefusal } from './empty-state.ts';
import { type ActionParts, confirmed, findRun, refused } from './parts.ts';

async function refusal(
  parts: ActionParts,
  permission: Permission,
  actor: Actor,
  run: Run,
  stackName: string,
): Promise<string | null> {
  const stack = parts.directory.stacks.find((s) => s.name === stackName);
  if (!stack) return `${stackName} is no longer in m0.yaml.`;
  const open = openFindings(run, await parts.store.exemptions(run.stack), parts.clock());
  const right = checkPermission(permission, actor, stack, parts.directory, await parts.onCall(), {
    code: run.code,
    findings: open.map((o) => o.finding),
  });
  return right.ok ? null : right.refusal;
}

/** `approve #RUN`: the approval is for exactly the findings that wait now, at this commit and with these bundles. */
export async function approve(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly run: number; readonly seen: string | null },
): Promise<Reply> {
  const found = await findRun(parts, command.run);
  if (!found.ok) return found.reply;
  const { run, stack } = found;
  const refusalText = await refusal(parts, 'approve', incoming.actor, run, stack.name);
  if (refusalText !== null) return refused(refusalText, await askButtons(parts, stack, run, incoming.actor));
  const stateRefusal = await emptyStateRefusal(parts.store, stack.name);
  if (stateRefusal !== null) return refused(stateRefusal);
  if (run.state !== 'awaiting_approval') return refused(`Nothing to approve: ${describeState(run)}.`);

  const exemptions = await parts.store.exemptions(run.stack);
  const now = parts.clock();
  const scope = toScope(approvable(openFindings(run, exemptions, now)));
  if (command.seen !== null && !scopeFingerprint(scope).startsWith(command.seen)) {
    return refused(
      `What waits on run #${run.id} has changed since the card you clicked. Look at its newest state and decide again.`,
    );
  }
  if (!run.code || !run.decision) return refused(`Run #${run.id} has no decided plan to approve.`);
  const approval = {
    by: incoming.actor,
    at: now,
    scope,
    commit: run.code.commit,
    bundles: run.decision.bundles,
  };
  const onCall = await parts.onCall();
  const result = await parts.worker.submit(run.id, async (current) => ({
    type: 'approve',
    approval,
    need: stack.approvers.need,
    place: incoming.place,
    // Read again under the lock: the approval must not include a finding that was snoozed or accepted since.
    exemptions: await parts.store.exemptions(run.stack),
    voids: current.approvals.flatMap(({ by }) =>
      by.person === null || couldApprove(by.person, stack, parts.directory, onCall) ? [] : [by.person],
    ),
  }));
  if (!result.ok) return refused(`${capitalize(result.refusal)}.`);
  return confirmed(
    parts,
    incoming,
    result.run.state === 'approved'
      ? `Approved run #${run.id}. m0 plans again first; if anything moved, you will be asked again.`
      : `Noted: ${result.run.approvals.length} of ${stack.approvers.need} have approved run #${run.id}.`,
  );
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
  const refusalText = await refusal(parts, permission, incoming.actor, run, stack.name);
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
