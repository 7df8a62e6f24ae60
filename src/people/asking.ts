/** Which people to ask about a stack by DM. */
import type { Stack } from '../model/directory.ts';
import { whenText } from '../text/when.ts';
import { rotasOf } from './permissions.ts';
import type { RotaNow } from './rota-now.ts';

/** A person to ask by DM. `why` is one plain line that the DM shows. */
export interface PersonToAsk {
  readonly person: string;
  readonly why: string;
}

/**
 * The people on call in the rotas that the stack's approvers name, each once, with a reason. End times are in the
 * stack's time zone.
 */
export function peopleToAsk(
  stack: Stack,
  rotas: Readonly<Record<string, RotaNow>>,
  now: number,
): readonly PersonToAsk[] {
  const seen = new Set<string>();
  return rotasOf(stack).flatMap((rota) => {
    const one = rotas[rota];
    return (one?.people ?? []).flatMap((person) => {
      if (seen.has(person)) return [];
      seen.add(person);
      const end = one?.ends[person];
      const until = end === undefined ? '' : ` until ${whenText(end, now, stack.timezone)}`;
      return [{ person, why: `You are on call (${rota})${until}` }];
    });
  });
}
