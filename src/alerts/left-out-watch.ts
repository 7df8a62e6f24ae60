/** Posts a message when a new commit of a policy leaves something out of what m0 asks. */
import { createHash } from 'node:crypto';
import { leftOutCard } from '../messages/left-out-card.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Change, Store } from '../ports/store.ts';
import { placesOfPolicy, policySourceText, stacksOfPolicy } from './policy-alerts.ts';

/** What the store remembers of a policy: a digest of what was posted last; empty: nothing is left out. */
function nameOf(policy: string): string {
  return `policy-left-out:${policy}`;
}

/**
 * The changes that post what the commit in use leaves out, once in each channel of the policy's stacks. None if the
 * same has been posted before, also for an earlier commit.
 */
export async function leftOutChanges(
  parts: { readonly store: Store; readonly directory: Directory; readonly clock: Clock },
  status: BundleStatus,
): Promise<readonly Change[]> {
  const { store, directory, clock } = parts;
  const { policy, commit, leftOut } = status;
  const name = nameOf(policy);
  const before = (await store.value(name)) ?? '';
  // Without a bundle nothing is known of what it leaves out.
  if (commit === null) return [];
  const now = leftOut.length === 0 ? '' : createHash('sha256').update(JSON.stringify(leftOut)).digest('hex');
  if (now === before) return [];
  const at = clock();
  const remember: Change = { type: 'value.set', name, value: now };
  if (now === '') return [remember];
  const card = leftOutCard({
    ...{ policy, commit, leftOut, source: policySourceText(directory, policy) },
    stacks: stacksOfPolicy(directory, policy).map((s) => s.name),
  });
  return [
    remember,
    ...placesOfPolicy(directory, policy).map((place): Change => {
      const key = `left-out:${policy}:${commit}:${now.slice(0, 16)}:${JSON.stringify(place)}`;
      return { type: 'outbox.add', key, delivery: { type: 'post', place, card }, at };
    }),
  ];
}
