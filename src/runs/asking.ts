/** Who is asked when something waits, and why that person. */
import type { Clock, Directory, Stack } from './ports.ts';
import { type OnCallNow, rotasOf } from './rights.ts';
import { onCallNow } from './rota.ts';

/** Somebody to ask by DM; `why` is one plain line that the DM shows. */
export interface Approver {
  readonly person: string;
  readonly why: string;
}

/** Platform user ids of a user group. */
export type UsergroupMembers = (id: string) => Promise<readonly string[]>;

/**
 * Resolves who is on call now, for each rota of the configuration. A rota that can't be resolved has nobody,
 * which never means anybody; `onProblem` is told why.
 */
export function createOnCall(
  directory: Directory,
  usergroup: UsergroupMembers,
  clock: Clock,
  onProblem: (rota: string, error: unknown) => void,
): () => Promise<OnCallNow> {
  return async () => {
    const entries = await Promise.all(
      Object.entries(directory.oncall).map(async ([name, rota]): Promise<[string, readonly string[]]> => {
        if (rota.kind === 'rotation') {
          const person = onCallNow(rota, clock());
          return [name, person === null ? [] : [person]];
        }
        try {
          const ids = new Set(await usergroup(rota.id));
          return [
            name,
            directory.people.filter((p) => p.slack !== null && ids.has(p.slack)).map((p) => p.key),
          ];
        } catch (error) {
          onProblem(name, error);
          return [name, []];
        }
      }),
    );
    return Object.fromEntries(entries);
  };
}

/** Those on call whom the stack's approvers name. */
export function askersOf(stack: Stack, onCall: OnCallNow): readonly Approver[] {
  const seen = new Set<string>();
  return rotasOf(stack).flatMap((rota) =>
    (onCall[rota] ?? []).flatMap((person) => {
      if (seen.has(person)) return [];
      seen.add(person);
      return [{ person, why: `You are on call (${rota})` }];
    }),
  );
}
