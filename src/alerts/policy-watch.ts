/**
 * Opens an alert when a policy's newest commit can't be used, and resolves it when it can again. Posts a message
 * when a new commit leaves something out.
 */

import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { PolicyAlert } from '../model/alert.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import type { Clock, Directory, Place } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import { type Actor, M0 } from '../model/run.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Change, Store } from '../ports/store.ts';
import { storeFresh } from '../runs/commit-fresh.ts';
import { leftOutChanges } from './left-out-watch.ts';
import { isUnreachable, policyProblemOf, policySources } from './policy-alerts.ts';

export interface PolicyWatchParts {
  readonly store: Store;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a stored change, because the outbox has new messages. */
  readonly onChange: () => void;
}

export interface PolicyWatch {
  /** Checks the status of all policies once. Never rejects. */
  checkPolicies(): Promise<void>;
  /**
   * Stores that somebody has seen that a policy is stale and lets m0 use the last good commit. `seenOnCard`: the
   * beginning of the problem's id on the clicked card; null for a typed command. A refusal is a sentence for people.
   * Rejects if the store fails.
   */
  markSeen(policy: string, seenOnCard: string | null, by: Actor, place: Place): Promise<SeenResult>;
}

type SeenResult =
  | { readonly ok: true; readonly inUse: string }
  | { readonly ok: false; readonly refusal: string };

/**
 * No alert opens before a repository has been unreachable for this time. Until then people decide as for stale
 * policies.
 */
const UNREACHABLE_GRACE_MS = 5 * 60_000;
/** A button names at least so many characters of the problem's id. */
const SHORTEST_PREFIX = 4;

/** Creates the watch. It does nothing by itself: call `checkPolicies` regularly. */
export function createPolicyWatch(parts: PolicyWatchParts): PolicyWatch {
  const { store, directory, clock, log } = parts;
  /** Serialises the changes of a policy's alert within this process: two checks at a time would open two alerts. */
  const lockPolicy = createKeyedLock();

  async function openAlert(policy: string): Promise<PolicyAlert | undefined> {
    return (await store.alerts({ subject: policy, kind: 'policy', state: 'open' }))[0];
  }

  /** An audit entry about a policy. Its `stack` is the policy's name, and its bundle the commit in use. */
  function auditChange(
    { policy, inUse }: { readonly policy: string; readonly inUse: string | null },
    action: AuditAction,
    detail: string,
    by: Actor = M0,
    place: Place | null = null,
  ): Change {
    const about = { stack: policy, runId: null, fingerprint: null, commit: inUse, scope: null };
    const entry = { at: clock(), actor: by, place, action, ...about, bundles: { [policy]: inUse }, detail };
    return { type: 'audit', entry };
  }

  function closeAlert(
    alert: PolicyAlert,
    state: 'resolved' | 'superseded',
    outcome: string,
  ): readonly Change[] {
    const at = clock();
    return [
      { type: 'alert.update', alert: { ...alert, state, outcome, lastSeenAt: at } },
      {
        type: 'outbox.add',
        key: `card:${alert.id}:${state}`,
        delivery: { type: 'card', alertId: alert.id },
        at,
      },
    ];
  }

  /** The changes from the policy's open alert to what this status requires. */
  async function changesFor(status: BundleStatus): Promise<readonly Change[]> {
    const alert = await openAlert(status.policy);
    const { stale } = status;
    const now = clock();
    if (stale === null) {
      if (!alert) return [];
      const outcome = `commit ${status.commit?.slice(0, 7) ?? ''} is in use`;
      return [
        ...closeAlert(alert, 'resolved', outcome),
        auditChange({ policy: status.policy, inUse: status.commit }, 'policy-mended', outcome),
      ];
    }
    const same = alert?.fingerprint === stale.id && alert.details.inUse === status.commit;
    if (
      alert &&
      isUnreachable(alert.fingerprint) &&
      isUnreachable(stale.id) &&
      alert.details.inUse === status.commit
    ) {
      // Still unreachable. The id is a time, and after a restart a new one: the alert and its `seen` mark stay valid.
      return same ? [] : [{ type: 'alert.update', alert: { ...alert, fingerprint: stale.id } }];
    }
    if (same || (!alert && isUnreachable(stale.id) && now - stale.since < UNREACHABLE_GRACE_MS)) return [];
    return [
      ...(alert ? closeAlert(alert, 'superseded', 'the policy moved on') : []),
      {
        type: 'alert.insert',
        alert: {
          ...{ kind: 'policy', subject: status.policy, fingerprint: stale.id, state: 'open' },
          ...{ firstSeenAt: stale.since, lastSeenAt: now, seenCount: 1, runId: null, outcome: null },
          details: policyProblemOf(status),
        },
        deliveries: [{ type: 'card' }],
      },
      auditChange({ policy: status.policy, inUse: status.commit }, 'policy-stale', stale.error),
    ];
  }

  /** Stores the changes that `make` returns. Calls `onChange` if they are more than a corrected alert. */
  async function storeChanges(make: () => Promise<readonly Change[]>): Promise<void> {
    let sends = false;
    await storeFresh(store, async () => {
      const changes = await make();
      sends = changes.some((change) => change.type !== 'alert.update');
      return changes;
    });
    if (sends) parts.onChange();
  }

  /** Resolves the alerts of policies that no stack uses any more. */
  async function closeUnusedPolicies(known: ReadonlySet<string>): Promise<void> {
    for (const { subject } of await store.alerts({ kind: 'policy', state: 'open' })) {
      if (known.has(subject)) continue;
      await lockPolicy(subject, () =>
        storeChanges(async () => {
          const alert = await openAlert(subject);
          return alert ? closeAlert(alert, 'resolved', 'it is no longer used in m0.yaml') : [];
        }),
      );
    }
  }

  return {
    async checkPolicies() {
      try {
        const sources = policySources(directory);
        await closeUnusedPolicies(new Set(sources.map((s) => s.name)));
        for (const status of await parts.policies.status(sources)) {
          await lockPolicy(status.policy, () =>
            storeChanges(async () => [
              ...(await changesFor(status)),
              ...(await leftOutChanges({ store, directory, clock }, status)),
            ]),
          );
        }
      } catch (error) {
        log.error({ err: error }, 'checking the policies failed');
      }
    },

    markSeen: (policy, seenOnCard, by, place) =>
      lockPolicy(policy, async () => {
        let answer: SeenResult = { ok: false, refusal: `Nothing is wrong with the policy ${policy}.` };
        await storeChanges(async () => {
          const alert = await openAlert(policy);
          answer = mayBeSeen(alert, policy, seenOnCard);
          if (!alert || !answer.ok) return [];
          const at = clock();
          return [
            { type: 'alert.update', alert: { ...alert, details: { ...alert.details, seen: { by, at } } } },
            auditChange({ policy, inUse: answer.inUse }, 'policy-seen', alert.details.error, by, place),
            {
              type: 'outbox.add',
              key: `card:${alert.id}:seen`,
              delivery: { type: 'card', alertId: alert.id },
              at,
            },
          ];
        });
        return answer;
      }),
  };
}

/** Whether m0 may go on with the policy's last good commit once somebody has seen the alert. */
function mayBeSeen(alert: PolicyAlert | undefined, policy: string, seenOnCard: string | null): SeenResult {
  if (!alert) return { ok: false, refusal: `Nothing is wrong with the policy ${policy}.` };
  const { inUse, seen } = alert.details;
  if (
    seenOnCard !== null &&
    (seenOnCard.length < SHORTEST_PREFIX || !alert.fingerprint.startsWith(seenOnCard))
  ) {
    const refusal = `That card is about an earlier state of ${policy}. Look at the newest one.`;
    return { ok: false, refusal };
  }
  if (inUse === null) {
    const refusal = `No commit of ${policy} was ever good, so there is none to use. Fix the policy.`;
    return { ok: false, refusal };
  }
  if (seen !== null) return { ok: false, refusal: `${seen.by.name} has seen it already.` };
  return { ok: true, inUse };
}
