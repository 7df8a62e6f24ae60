/** Which people to ask about a stack by DM. */
import type { Stack } from '../model/directory.ts';
import { instant } from '../text/instant.ts';
import { rotasOf } from './permissions.ts';
import type { RotaNow } from './rota-now.ts';

/** A person to ask by DM. `why` is one plain line that the DM shows. */
export interface PersonToAsk {
  readonly person: string;
  readonly why: string;
}

/**
 * The people on call in the rotas that the stack's approvers name, each once, with a reason. End times are written as
 * `instant` writes them.
 */
export function peopleToAsk(stack: Stack, rotas: Readonly<Record<string, RotaNow>>): readonly PersonToAsk[] {
  const seen = new Set<string>();
  return rotasOf(stack).flatMap((rota) => {
    const one = rotas[rota];
    return (one?.people ?? []).flatMap((person) => {
      if (seen.has(person)) return [];
      seen.add(person);
      const end = one?.ends[person];
      const until = end === undefined ? '' : ` until ${instant(end)}`;
      return [{ person, why: `You are on call (${rota})${until}` }];
    });
  });
}
