/** Direct messages that a chat refused for good: why, and when the person is tried again. */
import { errorText } from '../base/error-text.ts';
import type { RunAlert } from '../model/alert.ts';
import type { ReachStore } from '../ports/reach-store.ts';
import type { Store } from '../ports/store.ts';

/** Whoever could not be written to may have been added since: so long after a refusal it is tried again. */
const AGAIN_MS = 60 * 60_000;

/** A direct message about the alert was refused for good. `to`: where it was to go, null: no chat knows the person. */
export async function markRefused(
  store: Pick<ReachStore, 'addRefusal'>,
  person: string,
  what: { readonly alert: number; readonly to: string | null; readonly error: unknown; readonly now: number },
): Promise<void> {
  const { alert, to, error, now } = what;
  const text = errorText(error);
  await store.addRefusal({ person, alertId: alert, address: to, error: text, at: now });
}

/**
 * Why the newest direct message to the person did not arrive; null where it did, none was sent, or it went
 * elsewhere than to `to`, where m0.yaml has the person now.
 */
export async function refusalOf(
  store: Pick<ReachStore, 'refusals'>,
  person: string,
  to: string,
): Promise<string | null> {
  const refusals = await store.refusals(person);
  return refusals === undefined || refusals.address !== to ? null : refusals.error;
}

/**
 * The key under which the person is asked about the alert now: for the first time, or, `again`, after a refusal, at
 * most once an hour unless there is a sign that they can be reached. Null: they have been, or are about to be.
 */
export async function nextAsk(
  store: Pick<Store, 'refusals' | 'hasOutboxKey'>,
  { id }: Pick<RunAlert, 'id'>,
  person: string,
  to: string | null,
  now: number,
): Promise<{ readonly key: string; readonly again: boolean } | null> {
  const first = `alert:${id}:dm:${person}`;
  if (!(await store.hasOutboxKey(first))) return { key: first, again: false };
  const refusals = await store.refusals(person);
  const tried = refusals?.alerts.get(id);
  if (refusals === undefined || tried === undefined || to === null) return null;
  const reachableAt = refusals.reachableAt ?? Number.NEGATIVE_INFINITY;
  // Where the clock was set back, that is now.
  const isDue = reachableAt > tried.at || refusals.address !== to || Math.abs(now - tried.at) >= AGAIN_MS;
  const key = `${first}:again:${tried.times}`;
  return isDue && !(await store.hasOutboxKey(key)) ? { key, again: true } : null;
}
