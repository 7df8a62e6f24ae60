/** Direct messages that a chat refused for good: why, and when the person is tried again. */
import { errorText } from '../base/error-text.ts';
import type { RunAlert } from '../model/alert.ts';
import type { Store } from '../ports/store.ts';

/** Whoever could not be written to may have been added since: so long after a refusal it is tried again. */
const AGAIN_MS = 60 * 60_000;

/** What is remembered of a person to whom a message was refused. */
interface Refusals {
  /** When the newest was, in ms since epoch. */
  readonly at: number;
  /** Why it was; null where a message has arrived since. */
  readonly text: string | null;
  /** Where it was to go, as `slack:U0DANA`; null: no chat knew the person. */
  readonly to: string | null;
  /** The open alerts that the person still has no copy of, by number: how often that was tried, and when last. */
  readonly alerts: Readonly<Record<string, { readonly times: number; readonly at: number }>>;
}

const refusalsName = (person: string): string => `not-reached:${person}`;
/** When the person was last seen to be there, in ms since epoch. */
const thereName = (person: string): string => `there:${person}`;

async function refusalsOf(store: Pick<Store, 'value'>, person: string): Promise<Refusals | null> {
  const value = await store.value(refusalsName(person));
  if (value === undefined || value === '') return null;
  const { at = 0, text = null, to = null, alerts = {} } = JSON.parse(value) as Partial<Refusals>;
  return { at, text, to, alerts };
}

/** A direct message about the alert was refused for good. `to`: where it was to go, null: no chat knows the person. */
export async function markRefused(
  store: Store,
  person: string,
  what: { readonly alert: number; readonly to: string | null; readonly error: unknown; readonly now: number },
): Promise<void> {
  const { alert, to, error, now } = what;
  const text = errorText(error);
  const known = (await refusalsOf(store, person))?.alerts ?? {};
  const alerts: Record<string, { times: number; at: number }> = {};
  for (const [id, tried] of Object.entries(known)) {
    // Of what is over nobody is told any more.
    if ((await store.alert(Number(id)))?.state === 'open') alerts[id] = tried;
  }
  alerts[alert] = { times: (known[alert]?.times ?? 0) + 1, at: now };
  const refusals: Refusals = { at: now, text, to, alerts };
  await store.setValue(refusalsName(person), JSON.stringify(refusals));
}

/** The person got the alert's card at `at`: earlier refusals no longer count, and what was refused is tried again. */
export async function markDelivered(store: Store, person: string, alert: number, at: number): Promise<void> {
  const refusals = await refusalsOf(store, person);
  if (refusals === null) return;
  await markReachable(store, person, at);
  const { [alert]: _arrived, ...alerts } = refusals.alerts;
  const text = refusals.at > at ? refusals.text : null;
  const isOver = text === null && Object.keys(alerts).length === 0;
  await store.setValue(refusalsName(person), isOver ? '' : JSON.stringify({ ...refusals, text, alerts }));
}

/** The person wrote to m0, or gave it a way to write to them: what was refused is tried again soon. */
export async function markReachable(
  store: Pick<Store, 'value' | 'setValue'>,
  person: string,
  now: number,
): Promise<void> {
  if ((await refusalsOf(store, person)) !== null) await store.setValue(thereName(person), String(now));
}

/**
 * Why the newest direct message to the person did not arrive; null where it did, none was sent, or it went
 * elsewhere than to `to`, where m0.yaml has the person now.
 */
export async function refusalOf(
  store: Pick<Store, 'value'>,
  person: string,
  to: string,
): Promise<string | null> {
  const refusals = await refusalsOf(store, person);
  return refusals === null || refusals.to !== to ? null : refusals.text;
}

/**
 * The key under which the person is asked about the alert now: for the first time, or, `again`, after a refusal, at
 * most once an hour unless there is a sign that they can be reached. Null: they have been, or are about to be.
 */
export async function nextAsk(
  store: Pick<Store, 'value' | 'hasOutboxKey'>,
  { id }: Pick<RunAlert, 'id'>,
  person: string,
  to: string | null,
  now: number,
): Promise<{ readonly key: string; readonly again: boolean } | null> {
  const first = `alert:${id}:dm:${person}`;
  if (!(await store.hasOutboxKey(first))) return { key: first, again: false };
  const refusals = await refusalsOf(store, person);
  const tried = refusals?.alerts[id];
  if (refusals === null || tried === undefined || to === null) return null;
  const there = Number((await store.value(thereName(person))) ?? Number.NEGATIVE_INFINITY);
  // Where the clock was set back, that is now.
  const isDue = there > tried.at || refusals.to !== to || Math.abs(now - tried.at) >= AGAIN_MS;
  const key = `${first}:again:${tried.times}`;
  return isDue && !(await store.hasOutboxKey(key)) ? { key, again: true } : null;
}
