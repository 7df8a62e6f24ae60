/**
 * Many stacks that drift at once make one message a place, not one each: the first few have their own, all that
 * come while that goes on are told together.
 */
import type { FleetAlert, RunAlert } from '../model/alert.ts';
import type { Clock, Place } from '../model/directory.ts';
import { storeFresh } from '../ports/commit-fresh.ts';
import type { Change, Store } from '../ports/store.ts';

/** So many stacks get a message of their own in one place within `WINDOW_MS`; the next ones are a fleet. */
const OWN = 3;
const WINDOW_MS = 10 * 60_000;
/** A fleet takes in what comes within this time of what came before; a whole round of checks is under way. */
const JOINS_MS = 30 * 60_000;
/** A fleet's message is brought up to date at most so often. */
const REFRESH_MS = 10_000;

/** Where something is to be told: a channel, or, `person` set, that person's direct messages. */
export interface Recipient {
  readonly place: Place;
  readonly person: string | null;
  /** Why that person is asked. */
  readonly why: string | null;
}

export interface Fleets {
  /**
   * True where a fleet's message tells of the alert there; it is taken in now where many others came just before.
   * Else the alert has, or gets, a message of its own.
   */
  join(alert: RunAlert, recipient: Recipient): Promise<boolean>;
  /** True where a fleet's message tells of the alert there. */
  tells(alertId: number, recipient: Pick<Recipient, 'place' | 'person'>): Promise<boolean>;
  /** Has the messages of the fleets that the alert is in brought up to date soon. */
  refreshWith(alertId: number): Promise<void>;
  /** The fleet as it is now: over, once all that it tells of is dealt with. */
  settle(fleet: FleetAlert): Promise<FleetAlert>;
}

function seatName({ place, person }: Pick<Recipient, 'place' | 'person'>): string {
  if (person !== null) return `${place.platform}:dm:${person}`;
  return `${place.platform}:${'channel' in place ? place.channel : place.user}`;
}

/** What brings the fleet's message up to date: many that ask for it within a moment make one update. */
function refreshing(fleet: number, now: number): Change {
  const beat = Math.floor(now / REFRESH_MS) + 1;
  return {
    type: 'outbox.add',
    key: `card:${fleet}:fleet:${beat}`,
    delivery: { type: 'card', alertId: fleet },
    at: beat * REFRESH_MS,
  };
}

export function createFleets({ store, clock }: { readonly store: Store; readonly clock: Clock }): Fleets {
  async function fleetsAt(recipient: Pick<Recipient, 'place' | 'person'>): Promise<readonly FleetAlert[]> {
    return store.alerts({ kind: 'fleet', subject: seatName(recipient) });
  }

  async function fleetOf(id: number): Promise<FleetAlert> {
    const alert = await store.alert(id);
    if (alert?.kind !== 'fleet') throw new Error(`reading fleet ${id}: there is none`);
    return alert;
  }

  /** Alerts of other stacks that got a message of their own there just now. */
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
    // A stack that moves again and again is one stack.
    return [...new Map(others.map((other) => [other?.subject, other?.id ?? 0])).values()];
  }

  /** What takes the alert in: nothing where that is done, null where it gets a message of its own. */
  async function joining(alert: RunAlert, recipient: Recipient): Promise<readonly Change[] | null> {
    const fleets = await fleetsAt(recipient);
    if (fleets.some((f) => f.details.members.includes(alert.id))) return [];
    const now = clock();
    // Also one whose stacks are all dealt with by now: the round that finds them goes on.
    const going = fleets.find((f) => f.details.of === alert.kind && Math.abs(now - f.lastSeenAt) < JOINS_MS);
    if (going) {
      const details = { ...going.details, members: [...going.details.members, alert.id] };
      const seen = { lastSeenAt: now, seenCount: going.seenCount + 1 };
      const open = { state: 'open' as const, outcome: null };
      return [
        { type: 'alert.update', alert: { ...going, ...open, ...seen, details } },
        refreshing(going.id, now),
      ];
    }
    const posted = await justPosted(alert, recipient, now - WINDOW_MS);
    if (posted.length < OWN) return null;
    const first = await store.alert(posted[0] ?? alert.id);
    const { place, person, why } = recipient;
    return [
      {
        type: 'alert.insert',
        alert: {
          ...{ kind: 'fleet', subject: seatName(recipient), fingerprint: '', state: 'open' },
          ...{ firstSeenAt: first?.firstSeenAt ?? now, lastSeenAt: now, seenCount: 1 },
          ...{ runId: null, outcome: null },
          details: { of: alert.kind, place, person, why, members: [...posted, alert.id] },
        },
        deliveries: [{ type: 'card' }],
      },
    ];
  }

  return {
    async tells(alertId, recipient) {
      return (await fleetsAt(recipient)).some((f) => f.details.members.includes(alertId));
    },

    async join(alert, recipient) {
      let joined = false;
      await storeFresh(store, async () => {
        const changes = await joining(alert, recipient);
        joined = changes !== null;
        return changes ?? [];
      });
      return joined;
    },

    async refreshWith(alertId) {
      const open = await store.alerts({ kind: 'fleet', state: 'open' });
      for (const { id, details: trouble } of open) {
        if (trouble.members.includes(alertId)) await store.commit([refreshing(id, clock())]);
      }
    },

    async settle({ id }) {
      await storeFresh(store, async () => {
        const fleet = await fleetOf(id);
        if (fleet.state !== 'open') return [];
        for (const member of fleet.details.members) {
          if ((await store.alert(member))?.state === 'open') return [];
        }
        const over: FleetAlert = { ...fleet, state: 'resolved', outcome: 'all of them are dealt with' };
        return [{ type: 'alert.update', alert: over }];
      });
      return fleetOf(id);
    },
  };
}
