/**
 * Groups alerts: when many stacks drift at the same time, a place gets one message about all of them. The first few
 * stacks still get their own messages; the following ones join the group, called a fleet.
 */
import type { FleetAlert, RunAlert } from '../model/alert.ts';
import type { Clock, Place } from '../model/directory.ts';
import type { Change, Store } from '../ports/store.ts';
import { storeFresh } from '../runs/commit-fresh.ts';

/** How many stacks get their own message in one place within SEPARATE_WINDOW_MS, before a fleet begins. */
const MAX_SEPARATE = 3;
const SEPARATE_WINDOW_MS = 10 * 60_000;
/** An alert joins a fleet if the last one joined within this time: one round of checks may last so long. */
const JOIN_WINDOW_MS = 30 * 60_000;
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
   * a fleet's message shows the alert; otherwise the alert needs its own message.
   */
  join(alert: RunAlert, recipient: Recipient): Promise<boolean>;
  /** True if a fleet's message shows the alert to this recipient. */
  shows(alertId: number, recipient: Pick<Recipient, 'place' | 'person'>): Promise<boolean>;
  /** Queues an update of each open fleet's message that shows the alert. */
  refreshFleetsOf(alertId: number): Promise<void>;
  /** Resolves the fleet if none of its alerts is open any more, and returns it as it is stored now. */
  closeIfDone(fleet: FleetAlert): Promise<FleetAlert>;
}

function recipientKey({ place, person }: Pick<Recipient, 'place' | 'person'>): string {
  if (person !== null) return `${place.platform}:dm:${person}`;
  return `${place.platform}:${'channel' in place ? place.channel : place.user}`;
}

/** An update of the fleet's message. All requests within REFRESH_MS have the same key, so they make one update. */
function refreshMessage(fleet: number, now: number): Change {
  const interval = Math.floor(now / REFRESH_MS) + 1;
  return {
    type: 'outbox.add',
    key: `card:${fleet}:fleet:${interval}`,
    delivery: { type: 'card', alertId: fleet },
    at: interval * REFRESH_MS,
  };
}

/** Creates the access to fleets, which are stored as alerts of the kind `fleet`. */
export function createFleets({ store, clock }: { readonly store: Store; readonly clock: Clock }): Fleets {
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
    const others = (await Promise.all(posted.map((id) => store.alert(id)))).filter(
      (other) => other !== undefined && other.subject !== alert.subject,
    );
    // Several alerts of one stack count as one.
    return [...new Map(others.map((other) => [other?.subject, other?.id ?? 0])).values()];
  }

  /** The changes that add the alert to a fleet: empty if it is in one, null if it needs its own message. */
  async function changesToJoin(alert: RunAlert, recipient: Recipient): Promise<readonly Change[] | null> {
    const fleets = await fleetsAt(recipient);
    if (fleets.some((f) => f.details.members.includes(alert.id))) return [];
    const now = clock();
    // A fleet that is resolved opens again: the round of checks that finds its stacks is still running.
    const activeFleet = fleets.find(
      (f) => f.details.of === alert.kind && Math.abs(now - f.lastSeenAt) < JOIN_WINDOW_MS,
    );
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
          details: { of: alert.kind, place, person, why, members: [...posted, alert.id] },
        },
        deliveries: [{ type: 'card' }],
      },
    ];
  }

  return {
    async shows(alertId, recipient) {
      return (await fleetsAt(recipient)).some((f) => f.details.members.includes(alertId));
    },

    async join(alert, recipient) {
      let joined = false;
      await storeFresh(store, async () => {
        const changes = await changesToJoin(alert, recipient);
        joined = changes !== null;
        return changes ?? [];
      });
      return joined;
    },

    async refreshFleetsOf(alertId) {
      const open = await store.alerts({ kind: 'fleet', state: 'open' });
      for (const { id, details } of open) {
        if (details.members.includes(alertId)) await store.commit([refreshMessage(id, clock())]);
      }
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
