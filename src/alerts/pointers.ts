/** Queues updates of a stack's older cards when the open card that they point to is posted, or ends. */
import type { Alert, FleetAlert, RunAlert } from '../model/alert.ts';
import type { Clock } from '../model/directory.ts';
import type { Change, Store } from '../ports/store.ts';
import { POINTING } from './open-card.ts';

export interface PointerParts {
  readonly store: Store;
  readonly clock: Clock;
}

/** The alerts before this one whose cards point to the open card, and the one that must stop to point. */
async function pointingAlerts(store: Store, alert: Alert): Promise<readonly RunAlert[]> {
  if (alert.kind !== 'drift') return [];
  const alerts = await store.alerts({ subject: alert.subject, kind: 'drift' });
  return alerts.filter((other) => other.id < alert.id).slice(0, POINTING + 1);
}

/** The alerts whose messages show this one: itself, or the fleets that cover it. */
async function shownBy(store: Store, id: number): Promise<readonly number[]> {
  const own = (await store.messages(id)).length > 0 ? [id] : [];
  const fleets = await store.alerts({ kind: 'fleet' });
  return [...own, ...fleets.filter((f) => f.details.members.includes(id)).map((f) => f.id)];
}

/**
 * Queues the updates, because of `event`. The same event makes one update of a card, however often it is queued. Only
 * drift has cards that point.
 */
export async function updatePointers(
  { store, clock }: PointerParts,
  alert: Alert,
  event: string,
): Promise<void> {
  const changes: Change[] = [];
  for (const older of await pointingAlerts(store, alert)) {
    for (const alertId of await shownBy(store, older.id)) {
      // An update that waits shows it as well.
      if (await store.hasNewerCard(alertId, 0)) continue;
      const key = `card:${alertId}:newer:${alert.id}:${event}`;
      changes.push({ type: 'outbox.add', key, delivery: { type: 'card', alertId }, at: clock() });
    }
  }
  if (changes.length > 0) await store.commit(changes);
}

/** The same for the alerts that only this fleet's message shows, once that message is posted. */
export async function updatePointersToFleet(
  parts: PointerParts,
  fleet: FleetAlert,
  event: string,
): Promise<void> {
  for (const id of fleet.details.members) {
    const alert = await parts.store.alert(id);
    if (alert === undefined || (await parts.store.messages(id)).length > 0) continue;
    await updatePointers(parts, alert, `${event}:fleet:${fleet.id}`);
  }
}
