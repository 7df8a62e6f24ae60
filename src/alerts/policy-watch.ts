/** Tells chat, once, that a policy's newest state can't be used, and when it can again. */
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { PolicyAlert } from '../model/alert.ts';
import type { Clock, Directory, Place } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import { type Actor, M0 } from '../model/run.ts';
import { storeFresh } from '../ports/commit-fresh.ts';
import type { PolicyPort } from '../ports/policy.ts';
import type { Change, Store } from '../ports/store.ts';
import { isAway, policySources, troubleOf } from './policy-trouble.ts';

export interface PolicyWatchParts {
  readonly store: Store;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a stored change: something has to be delivered. */
  readonly onChange: () => void;
}

export interface PolicyWatch {
  /** Looks at all policies once. Never rejects. */
  look(): Promise<void>;
  /**
   * Somebody has seen that a policy is stale and lets m0 go on with the last good commit. `trouble`: start of
   * what names the trouble on the card that was clicked; null where it was typed. Refusals are sentences.
   */
  see(policy: string, trouble: string | null, by: Actor, place: Place): Promise<Seen>;
}

type Seen = { readonly ok: true; readonly inUse: string } | { readonly ok: false; readonly refusal: string };

/** A repository that is away for less than this is a blip: a person decides meanwhile, nobody is told. */
const AWAY_MS = 5 * 60_000;
/** Of the trouble's name on a button. */
const LEAST_NAMED = 4;

export function createPolicyWatch(parts: PolicyWatchParts): PolicyWatch {
  const { store, directory, clock, log } = parts;
  /** One look or word at a time for a policy, so that nobody is told twice. */
  const alone = createKeyedLock();

  async function openAlert(policy: string): Promise<PolicyAlert | undefined> {
    return (await store.alerts({ subject: policy, kind: 'policy', state: 'open' }))[0];
  }

  /** Such a line has the policy's name for a stack, and the commit in use for a bundle. */
  function record(
    { policy, inUse }: { readonly policy: string; readonly inUse: string | null },
    action: string,
    detail: string,
    by: Actor = M0,
    place: Place | null = null,
  ): Change {
    const about = { stack: policy, runId: null, fingerprint: null, commit: inUse, scope: null };
    const entry = { at: clock(), actor: by, place, action, ...about, bundles: { [policy]: inUse }, detail };
    return { type: 'audit', entry };
  }

  function end(alert: PolicyAlert, state: 'resolved' | 'superseded', outcome: string): readonly Change[] {
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

  /** What a look at the policy changes, by its open alert as it is now. */
  async function changesBy(status: BundleStatus): Promise<readonly Change[]> {
    const alert = await openAlert(status.policy);
    const { stale } = status;
    const now = clock();
    if (stale === null) {
      if (!alert) return [];
      const outcome = `commit ${status.commit?.slice(0, 7) ?? ''} is in use`;
      return [
        ...end(alert, 'resolved', outcome),
        record({ policy: status.policy, inUse: status.commit }, 'policy-mended', outcome),
      ];
    }
    const same = alert?.fingerprint === stale.id && alert.details.inUse === status.commit;
    // Counted from when m0 saw it first; a restart in between begins anew, which only makes it calmer.
    if (alert && isAway(alert.fingerprint) && isAway(stale.id) && alert.details.inUse === status.commit) {
      // Still away, only counted anew since m0 started: no news, and who has seen it has.
      return same ? [] : [{ type: 'alert.update', alert: { ...alert, fingerprint: stale.id } }];
    }
    if (same || (!alert && isAway(stale.id) && now - stale.since < AWAY_MS)) return [];
    return [
      ...(alert ? end(alert, 'superseded', 'the policy moved on') : []),
      {
        type: 'alert.insert',
        alert: {
          ...{ kind: 'policy', subject: status.policy, fingerprint: stale.id, state: 'open' },
          ...{ firstSeenAt: stale.since, lastSeenAt: now, seenCount: 1, runId: null, outcome: null },
          details: troubleOf(status),
        },
        deliveries: [{ type: 'card' }],
      },
      record({ policy: status.policy, inUse: status.commit }, 'policy-stale', stale.error),
    ];
  }

  /** Stores what `make` answers, and has it delivered where it is more than a correction. */
  async function stored(make: () => Promise<readonly Change[]>): Promise<void> {
    let sends = false;
    await storeFresh(store, async () => {
      const changes = await make();
      sends = changes.some((change) => change.type !== 'alert.update');
      return changes;
    });
    if (sends) parts.onChange();
  }

  /** A policy that no stack uses any more is nobody's trouble. */
  async function leaveWhatIsGone(known: ReadonlySet<string>): Promise<void> {
    for (const { subject } of await store.alerts({ kind: 'policy', state: 'open' })) {
      if (known.has(subject)) continue;
      await alone(subject, () =>
        stored(async () => {
          const alert = await openAlert(subject);
          return alert ? end(alert, 'resolved', 'it is no longer used in m0.yaml') : [];
        }),
      );
    }
  }

  return {
    async look() {
      try {
        const sources = policySources(directory);
        await leaveWhatIsGone(new Set(sources.map((s) => s.name)));
        for (const status of await parts.policies.status(sources)) {
          await alone(status.policy, () => stored(() => changesBy(status)));
        }
      } catch (error) {
        log.error({ err: error }, 'looking at the policies broke');
      }
    },

    see: (policy, trouble, by, place) =>
      alone(policy, async () => {
        let answer: Seen = { ok: false, refusal: `Nothing is wrong with the policy ${policy}.` };
        await stored(async () => {
          const alert = await openAlert(policy);
          answer = mayBeSeen(alert, policy, trouble);
          if (!alert || !answer.ok) return [];
          const at = clock();
          return [
            { type: 'alert.update', alert: { ...alert, details: { ...alert.details, seen: { by, at } } } },
            record({ policy, inUse: answer.inUse }, 'policy-seen', alert.details.error, by, place),
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
function mayBeSeen(alert: PolicyAlert | undefined, policy: string, trouble: string | null): Seen {
  if (!alert) return { ok: false, refusal: `Nothing is wrong with the policy ${policy}.` };
  const { inUse, seen } = alert.details;
  if (trouble !== null && (trouble.length < LEAST_NAMED || !alert.fingerprint.startsWith(trouble))) {
    const refusal = `That card is about an earlier state of ${policy}. Look at the newest one.`;
    return { ok: false, refusal };
  }
  if (inUse === null) {
    const refusal = `No commit of ${policy} was ever good, so there is nothing to go on with. Mend the policy.`;
    return { ok: false, refusal };
  }
  if (seen !== null) return { ok: false, refusal: `${seen.by.name} has seen it already.` };
  return { ok: true, inUse };
}
