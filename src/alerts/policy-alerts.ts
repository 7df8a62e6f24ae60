/** Alerts about policies: their stacks, channels, details and cards. */
import type { PolicyAlertView } from '../messages/view.ts';
import type { PolicyAlert, PolicyTrouble } from '../model/alert.ts';
import type { Clock, Directory, Place, PolicySource, Stack } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';

/** The policies of all stacks, each once. */
export function policySources(directory: Directory): readonly PolicySource[] {
  return [...new Map(directory.stacks.flatMap((s) => s.policies).map((p) => [p.name, p])).values()];
}

/** The stacks that use the policy. */
export function stacksOfPolicy(directory: Directory, policy: string): readonly Stack[] {
  return directory.stacks.filter((s) => s.policies.some((p) => p.name === policy));
}

/** The channels of the stacks that use the policy, each once. */
export function placesOfPolicy(directory: Directory, policy: string): readonly Place[] {
  const places = stacksOfPolicy(directory, policy).flatMap((s) => s.channels);
  return [...new Map(places.map((p) => [JSON.stringify(p), p])).values()];
}

/** Where the policy comes from: `REPOSITORY@REF/PATH`; empty if m0.yaml does not name it any more. */
export function policySourceText(directory: Directory, policy: string): string {
  const source = policySources(directory).find((p) => p.name === policy);
  return source ? `${source.git}@${source.ref}${source.path === '' ? '' : `/${source.path}`}` : '';
}

/** The details of a new alert about this status, which nobody has seen yet. */
export function policyProblemOf(status: BundleStatus): PolicyTrouble {
  return { error: status.stale?.error ?? 'no commit was ever good', inUse: status.commit, seen: null };
}

/** A commit id has 40 or 64 digits. The id of an unreachable repository's problem is a time, which is shorter. */
const SHORTEST_COMMIT_ID = 40;

/** True if the problem is an unreachable repository; false if it is a commit that m0 refused. */
export function isUnreachable(troubleId: string): boolean {
  return troubleId.length < SHORTEST_COMMIT_ID;
}

/** What the card of a policy alert shows now. */
export function policyAlertView(
  parts: { readonly directory: Directory; readonly clock: Clock },
  alert: PolicyAlert,
): PolicyAlertView {
  const { directory } = parts;
  const { seen } = alert.details;
  return {
    policy: alert.subject,
    source: policySourceText(directory, alert.subject),
    error: alert.details.error,
    refused: isUnreachable(alert.fingerprint) ? null : alert.fingerprint,
    inUse: alert.details.inUse,
    seen: seen === null ? null : { by: { person: seen.by.person, name: seen.by.name }, at: seen.at },
    stacks: stacksOfPolicy(directory, alert.subject).map((s) => s.name),
    since: alert.firstSeenAt,
    now: parts.clock(),
    zone: directory.timezone,
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    troubleId: alert.fingerprint,
  };
}
