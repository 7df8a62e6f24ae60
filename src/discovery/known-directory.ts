/** The stacks as the process that finds them has stored them, for processes that only read. */
import type { Directory } from '../model/directory.ts';
import type { DiscoveryParts } from './discoveries.ts';
import { readState } from './state.ts';
import { survey } from './survey.ts';

/** The directory with the stacks that were found by now. Reads no repository and stores nothing. Rejects if the store fails. */
export async function knownDirectory({
  rules,
  base,
  store,
  keyOf,
  shown,
}: Pick<DiscoveryParts, 'rules' | 'base' | 'store' | 'keyOf' | 'shown'>): Promise<Directory> {
  if (rules.length === 0) return base;
  const state = await readState(store);
  const { stacks, watching } = survey({
    ...{ rules, keyOf, shown, unreadable: new Map() },
    written: base.stacks,
    snapshots: new Map(Object.entries(state.snapshots)),
    ...{ known: state.known, gone: state.gone },
    movedTo: () => undefined,
    workspacesOf: (source, path) => state.workspaces[source]?.[path] ?? null,
  });
  const gone = Object.fromEntries(state.gone.map((one) => [one.name, one.why]));
  return { ...base, stacks, watching, gone };
}
