/**
 * Groups alerts: when many stacks drift at the same time, a place gets one message about all of them. The first few
 * stacks still get their own messages; the following ones join the group, called a fleet.
 */
import { type FleetAlert, isOfRun, type RunAlert } from '../model/alert.ts';
import type { Clock, Place } from '../model/directory.ts';
import type { Change, Store } from '../ports/store.ts';
import { storeFresh } from '../runs/commit-fresh.ts';

/** How many stacks get their own message in one place within SEPARATE_WINDOW_MS, before a fleet begins. */
const MAX_SEPARATE = 3;
const SEPARATE_WINDOW_MS = 10 * 60_000;
/**
 * How long a fleet takes in alerts, from its first member on, however many join: one round of checks. Checks of one cron
 * begin within a minute of each other; at four at a time and a minute each, 120 stacks are through in half an hour. What
 * comes later is news, and news must not be hidden in an update of an old message.
 */
const LIFE_MS = 30 * 60_000;
/** A fleet's message is updated at most once in this time. */
const REFRESH_MS = 10_000;

/** Where a message goes: a channel, or the direct messages of `person`. */
export interface Recipient {
  readonly place: Place;
  readonly person: string | null;
  /** Why the person is asked; null for a channel. */
  readonly why: string | null;
}

/** The fleets of all places. Its methods reject if the store fails. */
export interface Fleets {
  /**
   * Adds the alert to the recipient's fleet if many other stacks were reported there just before. Resolves to true if
   * a fleet's message shows the alert; otherwise the alert needs its own message. Urgent drift always does.
   */
  join(alert: RunAlert, recipient: Recipient): Promise<boolean>;
  /**
   * Queues an update of each fleet's message that shows the alert. `found`: a check found it again, so an open fleet's
   * message that was deleted is posted once more.
   */
  refreshFleetsOf(alertId: number, found?: boolean): Promise<void>;
  /** True if a fleet covers the alert, in any place. */
  covers(alertId: number): Promise<boolean>;
  /** Resolves the fleet if none of its alerts is open any more, and returns it as it is stored now. */
  closeIfDone(fleet: FleetAlert): Promise<FleetAlert>;
}

function recipientKey({ place, person }: Pick<Recipient, 'place' | 'person'>): string {
  if (person !== null) return `${place.platform}:dm:${person}`;
  return `${place.platform}:${'channel' in place ? place.channel : place.user}`;
}

/** An update of the fleet's message. All requests within REFRESH_MS have the same key, so they make one update. */
function refreshMessage(fleet: number, now: number, found = false): Change {
  const interval = Math.floor(now / REFRESH_MS) + 1;
  return {
    type: 'outbox.add',
    key: `card:${fleet}:fleet:${found ? 'found:' : ''}${interval}`,
    delivery: { type: 'card', alertId: fleet, ...(found ? { found } : {}) },
    at: interval * REFRESH_MS,
  };
}

/** True while the fleet takes in alerts. The distance is absolute, in case the clock was set back. */
function takesIn({ details, firstSeenAt }: FleetAlert, now: number): boolean {
  return Math.abs(now - (details.began ?? firstSeenAt)) < LIFE_MS;
}

/** What fleets are made from. */
export interface FleetParts {
  readonly store: Store;
  readonly clock: Clock;
  /** True if the alert is drift that m0.yaml calls urgent. */
  readonly isUrgent: (alert: RunAlert) => Promise<boolean>;
}

/** Creates the access to fleets, which are stored as alerts of the kind `fleet`. */
export function createFleets({ store, clock, isUrgent }: FleetParts): Fleets {
  async function fleetsAt(recipient: Pick<Recipient, 'place' | 'person'>): Promise<readonly FleetAlert[]> {
    return store.alerts({ kind: 'fleet', subject: recipientKey(recipient) });
  }

  async function fleetOf(id: number): Promise<FleetAlert> {
    const alert = await store.alert(id);
    if (alert?.kind !== 'fleet') throw new Error(`reading fleet ${id}: there is none`);
    return alert;
  }

  /** The alerts of other stacks that got their own message there since `since` (ms since epoch), one a stack. */
  async function justPosted(
    alert: RunAlert,
    { place, person }: Recipient,
    since: number,
  ): Promise<readonly number[]> {
    const { platform } = place;
    const where =
      person === null
        ? { platform, channel: 'channel' in place ? place.channel : place.user }
        : { platform, person };
    const posted = await store.postedSince(where, alert.kind, since);
    // Several alerts of one stack count as one.
    const others = new Map<string, number>();
    for (const id of posted) {
      const other = await store.alert(id);
      if (other === undefined || !isOfRun(other) || other.subject === alert.subject) continue;
      if (!(await isUrgent(other))) others.set(other.subject, id);
    }
    return [...others.values()];
  }

  /** The changes that add the alert to a fleet: empty if it is in one, null if it needs its own message. */
  async function changesToJoin(alert: RunAlert, recipient: Recipient): Promise<readonly Change[] | null> {
    const fleets = await fleetsAt(recipient);
    if (fleets.some((f) => f.details.members.includes(alert.id))) return [];
    if (await isUrgent(alert)) return null;
    const now = clock();
    // A fleet that is resolved opens again within its life: the round of checks that finds its stacks is still running.
    const activeFleet = fleets.find((f) => f.details.of === alert.kind && takesIn(f, now));
    if (activeFleet) {
      const details = { ...activeFleet.details, members: [...activeFleet.details.members, alert.id] };
      const seen = { lastSeenAt: now, seenCount: activeFleet.seenCount + 1 };
      const open = { state: 'open' as const, outcome: null };
      return [
        { type: 'alert.update', alert: { ...activeFleet, ...open, ...seen, details } },
        refreshMessage(activeFleet.id, now),
      ];
    }
    const posted = await justPosted(alert, recipient, now - SEPARATE_WINDOW_MS);
    if (posted.length < MAX_SEPARATE) return null;
    const first = await store.alert(posted[0] ?? alert.id);
    const { place, person, why } = recipient;
    return [
      {
        type: 'alert.insert',
        alert: {
          ...{ kind: 'fleet', subject: recipientKey(recipient), fingerprint: '', state: 'open' },
          ...{ firstSeenAt: first?.firstSeenAt ?? now, lastSeenAt: now, seenCount: 1 },
          ...{ runId: null, outcome: null },
          details: { of: alert.kind, place, person, why, members: [...posted, alert.id], began: now },
        },
        deliveries: [{ type: 'card' }],
      },
    ];
  }

  return {
    async join(alert, recipient) {
      let joined = false;
      await storeFresh(store, async () => {
        const changes = await changesToJoin(alert, recipient);
        joined = changes !== null;
        return changes ?? [];
      });
      return joined;
    },

    async refreshFleetsOf(alertId, found = false) {
      for (const { id, state, details } of await store.alerts({ kind: 'fleet' })) {
        if (!details.members.includes(alertId)) continue;
        await store.commit([refreshMessage(id, clock(), found && state === 'open')]);
      }
    },

    async covers(alertId) {
      return (await store.alerts({ kind: 'fleet' })).some((f) => f.details.members.includes(alertId));
    },

    async closeIfDone({ id }) {
      await storeFresh(store, async () => {
        const fleet = await fleetOf(id);
        if (fleet.state !== 'open') return [];
        for (const member of fleet.details.members) {
          if ((await store.alert(member))?.state === 'open') return [];
        }
        const closed: FleetAlert = { ...fleet, state: 'resolved', outcome: 'all of them are dealt with' };
        return [{ type: 'alert.update', alert: closed }];
      });
      return fleetOf(id);
    },
  };
}
