/**
 * Policy problems that a person has seen and accepted: m0 then uses the policy's last good commit as if it were
 * fresh.
 */
import { bundlesOf, type PolicyAnswer } from '../decisions/decision.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Store } from '../ports/store.ts';

/**
 * The policy problems that somebody has seen in chat, by policy. Only open alerts count: a new problem opens a new
 * alert, which nobody has seen yet.
 */
async function seenPolicyProblems(store: Store): Promise<ReadonlyMap<string, string>> {
  const open = await store.alerts({ kind: 'policy', state: 'open' });
  return new Map(
    open.flatMap((a) =>
      a.details.seen === null || a.details.inUse === null
        ? []
        : [[a.subject, problemKey(a.fingerprint, a.details.inUse)]],
    ),
  );
}

function problemKey(trouble: string, inUse: string): string {
  return JSON.stringify([trouble, inUse]);
}

/** Removes the `stale` mark from each answer whose problem somebody has seen in chat. Rejects if the store fails. */
export async function acceptSeenProblems<T extends Pick<PolicyAnswer, 'policy' | 'commit'>>(
  store: Store,
  answers: readonly (T & { readonly stale?: PolicyAnswer['stale'] | null })[],
): Promise<readonly T[]> {
  if (!answers.some((a) => a.stale)) return answers;
  const seen = await seenPolicyProblems(store);
  return answers.map((answer) => {
    const { stale } = answer;
    if (!stale || answer.commit === null) return answer;
    if (seen.get(answer.policy) !== problemKey(stale.id, answer.commit)) return answer;
    const { stale: _, ...fresh } = answer;
    return fresh as unknown as T;
  });
}

/** The commit in use of each policy bundle, as `bundlesOf` reports it, with seen problems accepted. */
export async function currentBundles(
  store: Store,
  statuses: readonly BundleStatus[],
): Promise<Readonly<Record<string, string | null>>> {
  return bundlesOf(await acceptSeenProblems(store, statuses));
}
