/**
 * The members of Slack user groups, kept in the store for workers: they have no access to Slack, and must know who is on
 * call before they apply.
 */
import { z } from 'zod';
import type { Clock, Directory } from '../model/directory.ts';
import type { Store } from '../ports/store.ts';
import type { UsergroupMembers } from './on-call.ts';

/** How long kept members count, in ms: as long as an answer of PagerDuty counts that can't be reached. */
const COUNTS_MS = 10 * 60_000;

const kept = z.object({ members: z.array(z.string()), at: z.number() });
const nameOf = (id: string): string => `usergroup ${id}`;

/** The user groups that decide who may approve. */
function usergroupsOf({ usergroups = {}, oncall }: Directory): ReadonlySet<string> {
  const rotas = Object.values(oncall).flatMap((rota) => (rota.kind === 'slackUsergroup' ? [rota.id] : []));
  return new Set([...Object.values(usergroups), ...rotas]);
}

/** Asks Slack for the members of all user groups and stores them. Rejects with the first error, after it has tried all. */
export async function keepUsergroups(
  store: Pick<Store, 'setValue'>,
  directory: Directory,
  usergroup: UsergroupMembers,
  clock: Clock,
): Promise<void> {
  const errors: unknown[] = [];
  for (const id of usergroupsOf(directory)) {
    try {
      const members = await usergroup(id);
      await store.setValue(nameOf(id), JSON.stringify({ members, at: clock() }));
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** The members as they were kept. Rejects where nobody is known, or what is known is too old to count. */
export function keptUsergroup(store: Pick<Store, 'value'>, clock: Clock): UsergroupMembers {
  return async (id) => {
    const text = await store.value(nameOf(id));
    if (text === undefined) throw new Error(`the members of ${id} are not known to workers yet`);
    const { members, at } = kept.parse(JSON.parse(text));
    if (Math.abs(clock() - at) < COUNTS_MS) return members;
    throw new Error(
      `the members of ${id} were last read at ${new Date(at).toISOString()}: too long ago to count`,
    );
  };
}
