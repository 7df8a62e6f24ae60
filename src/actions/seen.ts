/** The command `seen`. */
import { policySources, stacksOfPolicy } from '../alerts/policy-alerts.ts';
import { checkPermission } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import { shortCommit } from '../text/words.ts';
import { type ActionParts, confirmed, refused } from './parts.ts';

/**
 * `seen POLICY`: a person has read that a policy's newest commit can't be used, and lets m0 use the last good one.
 * m0 may then apply without approval again, so the person must be allowed to approve on all stacks of the policy.
 */
export async function seen(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly policy: string; readonly trouble: string | null },
): Promise<Reply> {
  const { directory } = parts;
  const stacks = stacksOfPolicy(directory, command.policy);
  if (stacks.length === 0) {
    const names = policySources(directory).map((p) => p.name);
    return refused(
      `No stack uses a policy ${command.policy}. ${names.length === 0 ? 'm0.yaml names none.' : `There are ${names.join(', ')}.`}`,
    );
  }
  const onCall = await parts.onCall();
  for (const stack of stacks) {
    const right = checkPermission('approve', incoming.actor, stack, directory, onCall, {
      code: null,
      findings: [],
    });
    if (!right.ok) return refused(right.refusal);
  }
  const done = await parts.policyWatch.markSeen(
    command.policy,
    command.trouble,
    incoming.actor,
    incoming.place,
  );
  if (!done.ok) return refused(done.refusal);
  const text = `Noted. ${command.policy} decides by ${shortCommit(done.inUse)} until it moves again.`;
  return confirmed(parts, incoming, text);
}
