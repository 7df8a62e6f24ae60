/** Whether those who should be asked can be, and what is told where nobody can. */
import type { ReachView } from '../messages/view.ts';
import type { Place, ReachAlert } from './alert.ts';
import type { Clock, Directory, Store } from './ports.ts';

const notReachedName = (person: string): string => `not-reached:${person}`;

/** Where a person is written to; null where no chat knows them. */
export function placeOfPerson(directory: Directory, key: string): Place | null {
  const person = directory.people.find((p) => p.key === key);
  if (person?.slack) return { platform: 'slack', user: person.slack };
  return person?.teams ? { platform: 'teams', user: person.teams } : null;
}

/** A direct message to the person was refused for good. */
export async function notReached(store: Store, person: string, error: unknown, now: number): Promise<void> {
  const text = error instanceof Error ? error.message : String(error);
  await store.setValue(notReachedName(person), JSON.stringify({ at: now, text }));
}

/** A direct message reached the person, so an earlier refusal no longer counts. */
export async function reached(store: Store, person: string): Promise<void> {
  if (await store.value(notReachedName(person))) await store.setValue(notReachedName(person), '');
}

/** Why the last direct message to the person did not arrive; null where it did, or none was sent. */
export async function whyNotReached(store: Pick<Store, 'value'>, person: string): Promise<string | null> {
  const value = await store.value(notReachedName(person));
  if (value === undefined || value === '') return null;
  const { text } = JSON.parse(value) as { readonly text?: unknown };
  return typeof text === 'string' ? text : 'the last message was refused';
}

/** Each channel of the stacks that wait, once. */
export function placesOfReach(directory: Directory, alert: ReachAlert): readonly Place[] {
  const waiting = new Set(alert.trouble.stacks);
  const places = directory.stacks.filter((s) => waiting.has(s.name)).flatMap((s) => s.channels);
  return [...new Map(places.map((p) => [JSON.stringify(p), p])).values()];
}

export function reachView(
  { directory, clock }: { readonly directory: Directory; readonly clock: Clock },
  alert: ReachAlert,
): ReachView {
  const waiting = new Set(alert.trouble.stacks);
  const from = directory.stacks.filter((s) => waiting.has(s.name)).flatMap((s) => s.approvers.from);
  return {
    rotas: alert.stack,
    problems: alert.trouble.problems,
    stacks: alert.trouble.stacks,
    others: [...new Set(from.filter((entry) => !entry.startsWith('oncall:')))],
    since: alert.firstSeenAt,
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    outcome: alert.outcome,
    now: clock(),
    zone: directory.timezone,
  };
}
