import { bundlesOf, type PolicyAnswer } from '../decisions/decision.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Store } from '../ports/store.ts';

/**
 * The troubles that somebody has seen in chat and let m0 go on with, by policy. Only what stands in an open
 * alert counts: a new trouble is a new alert, which nobody has seen.
 */
async function seenTroubles(store: Store): Promise<ReadonlyMap<string, string>> {
  const open = await store.alerts({ kind: 'policy', state: 'open' });
  return new Map(
    open.flatMap((a) =>
      a.details.seen === null || a.details.inUse === null
        ? []
        : [[a.subject, seenKey(a.fingerprint, a.details.inUse)]],
    ),
  );
}

function seenKey(trouble: string, inUse: string): string {
  return JSON.stringify([trouble, inUse]);
}

/** The answers as they count: a stale bundle that somebody let m0 go on with is as good as a fresh one. */
export async function withSeen<T extends Pick<PolicyAnswer, 'policy' | 'commit'>>(
  store: Store,
  answers: readonly (T & { readonly stale?: PolicyAnswer['stale'] | null })[],
): Promise<readonly T[]> {
  if (!answers.some((a) => a.stale)) return answers;
  const seen = await seenTroubles(store);
  return answers.map((answer) => {
    const { stale } = answer;
    if (!stale || answer.commit === null) return answer;
    if (seen.get(answer.policy) !== seenKey(stale.id, answer.commit)) return answer;
    const { stale: _, ...fresh } = answer;
    return fresh as unknown as T;
  });
}

/** What `bundlesOf` says of the bundles as they are now. */
export async function bundlesNow(
  store: Store,
  statuses: readonly BundleStatus[],
): Promise<Readonly<Record<string, string | null>>> {
  return bundlesOf(await withSeen(store, statuses));
}
