import type { PolicyAlertView } from '../messages/view.ts';
import type { PolicyAlert, PolicyTrouble } from '../model/alert.ts';
import type { Clock, Directory, Place, PolicySource, Stack } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';

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
  const source = policySources(directory).find((p) => p.name === alert.subject);
  const { seen } = alert.details;
  return {
    policy: alert.subject,
    source: source ? `${source.git}@${source.ref}${source.path === '' ? '' : `/${source.path}`}` : '',
    error: alert.details.error,
    refused: isAway(alert.fingerprint) ? null : alert.fingerprint,
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
