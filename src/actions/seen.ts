/** The command `seen`. */
import { policySources, stacksOfPolicy } from '../alerts/policy-alerts.ts';
import { asked, bareWord } from '../commands/clean.ts';
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
  const known = policySources(directory).map((p) => p.name);
  // As with a target, quotes and punctuation count only if a name has them.
  const policy = known.includes(command.policy) ? command.policy : asked(bareWord(command.policy)).word;
  const stacks = stacksOfPolicy(directory, policy);
  if (stacks.length === 0) {
    return refused(
      `No stack uses a policy ${policy}. ${known.length === 0 ? 'm0.yaml names none.' : `There are ${known.join(', ')}.`}`,
    );
  }
  const onCall = await parts.onCall();
  for (const stack of stacks) {
    const right = checkPermission('approve', incoming.actor, stack, directory, onCall, {
      code: null,
      findings: [],
      now: parts.clock(),
    });
    if (!right.ok) return refused(right.refusal);
  }
  const done = await parts.policyWatch.markSeen(policy, command.trouble, incoming.actor, incoming.place);
  if (!done.ok) return refused(done.refusal);
  const text = `Noted. ${policy} decides by ${shortCommit(done.inUse)} until it moves again.`;
  return confirmed(parts, incoming, text);
}
