/** A policy whose newest state can't be used: what is known of it, who hears of it, and who let m0 go on. */
import { bundlesOf, type PolicyAnswer } from '../decisions/decision.ts';
import type { PolicyAlertView } from '../messages/view.ts';
import type { Place, PolicyAlert, PolicyTrouble } from './alert.ts';
import type { BundleStatus, Clock, Directory, PolicySource, Stack, Store } from './ports.ts';

/** The policies of all stacks, each once. */
export function policySources(directory: Directory): readonly PolicySource[] {
  return [...new Map(directory.stacks.flatMap((s) => s.policies).map((p) => [p.name, p])).values()];
}

/** The stacks that a policy decides for. */
export function stacksOfPolicy(directory: Directory, policy: string): readonly Stack[] {
  return directory.stacks.filter((s) => s.policies.some((p) => p.name === policy));
}

/** Each channel of those stacks, once. */
export function placesOfPolicy(directory: Directory, policy: string): readonly Place[] {
  const places = stacksOfPolicy(directory, policy).flatMap((s) => s.channels);
  return [...new Map(places.map((p) => [JSON.stringify(p), p])).values()];
}

/**
 * The troubles that somebody has seen in chat and let m0 go on with, by policy. Only what stands in an open
 * alert counts: a new trouble is a new alert, which nobody has seen.
 */
async function seenTroubles(store: Store): Promise<ReadonlyMap<string, string>> {
  const open = await store.alerts({ kind: 'policy', state: 'open' });
  return new Map(
    open.flatMap((a) =>
      a.trouble.seen === null || a.trouble.inUse === null
        ? []
        : [[a.stack, seenKey(a.fingerprint, a.trouble.inUse)]],
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

/** What an alert about this status tells, when nobody has seen it yet. */
export function troubleOf(status: BundleStatus): PolicyTrouble {
  return { error: status.stale?.error ?? 'no commit was ever good', inUse: status.commit, seen: null };
}

/** A commit has 40 or 64 digits; a repository that is away is known by the instant it went. */
const LEAST_COMMIT = 40;

/** True where the repository can't be reached, rather than its newest commit refused. */
export function isAway(troubleId: string): boolean {
  return troubleId.length < LEAST_COMMIT;
}

/** Everything the card of a policy alert shows. */
export function policyAlertView(
  parts: { readonly directory: Directory; readonly clock: Clock },
  alert: PolicyAlert,
): PolicyAlertView {
  const { directory } = parts;
  const source = policySources(directory).find((p) => p.name === alert.stack);
  const { seen } = alert.trouble;
  return {
    policy: alert.stack,
    source: source ? `${source.git}@${source.ref}${source.path === '' ? '' : `/${source.path}`}` : '',
    error: alert.trouble.error,
    refused: isAway(alert.fingerprint) ? null : alert.fingerprint,
    inUse: alert.trouble.inUse,
    seen: seen === null ? null : { by: { person: seen.by.person, name: seen.by.name }, at: seen.at },
    stacks: stacksOfPolicy(directory, alert.stack).map((s) => s.name),
    since: alert.firstSeenAt,
    now: parts.clock(),
    zone: directory.timezone,
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    troubleId: alert.fingerprint,
  };
}
