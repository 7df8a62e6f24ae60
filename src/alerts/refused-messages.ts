/** Direct messages that a chat refused for good: the reason, and when m0 tries the person again. */
import { errorText } from '../base/error-text.ts';
import type { RunAlert } from '../model/alert.ts';
import type { ReachStore } from '../ports/reach-store.ts';
import type { Store } from '../ports/store.ts';

/** m0 tries again this long after a refusal, because the person may have installed the app since. */
const RETRY_MS = 60 * 60_000;

/**
 * Stores that a direct message about the alert was refused for good. `to`: the address it was sent to, null if no
 * chat knows the person. `now` is in ms since epoch. Rejects if the store fails.
 */
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
 * Why the newest direct message to the person did not arrive. Null if it arrived, if none was sent, or if it was sent
 * to another address than `to`, the person's current one.
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
 * The outbox key for asking the person about the alert now: for the first time, or (`again`) after a refusal. After
 * a refusal m0 asks once an hour, or at once if a sign shows that the person can be reached. Null if the person has
 * been asked or the message is already queued.
 */
export async function nextQuestion(
  store: Pick<Store, 'refusals' | 'hasOutboxKey'>,
  { id }: Pick<RunAlert, 'id'>,
  person: string,
  to: string | null,
  now: number,
): Promise<{ readonly key: string; readonly again: boolean } | null> {
  const first = `alert:${id}:dm:${person}`;
  if (!(await store.hasOutboxKey(first))) return { key: first, again: false };
  const refusals = await store.refusals(person);
  const lastTry = refusals?.alerts.get(id);
  if (refusals === undefined || lastTry === undefined || to === null) return null;
  const reachableAt = refusals.reachableAt ?? Number.NEGATIVE_INFINITY;
  // The distance is absolute, so a clock that was set back does not delay the next try.
  const isDue = reachableAt > lastTry.at || refusals.address !== to || Math.abs(now - lastTry.at) >= RETRY_MS;
  const key = `${first}:again:${lastTry.times}`;
  return isDue && !(await store.hasOutboxKey(key)) ? { key, again: true } : null;
}
