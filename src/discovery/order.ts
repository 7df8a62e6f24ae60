/** Looks at the order that m0.yaml names (`after`) once all stacks are known: those written out and those found. Pure. */

import type { Stack } from '../model/directory.ts';
import { ringIn } from '../model/order.ts';
import { misspelled } from '../text/nearest.ts';

export interface CheckedOrder {
  /** The stacks, without what would make a ring: none of its stacks could be first, so none of its edges counts. */
  readonly stacks: readonly Stack[];
  /** What people should know, by the stack. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export function checkOrder(stacks: readonly Stack[]): CheckedOrder {
  const names = stacks.map(({ name }) => name);
  const known = new Set(names);
  const notes = new Map<string, string[]>();
  const note = (stack: string, text: string): void => {
    notes.set(stack, [...(notes.get(stack) ?? []), text]);
  };
  for (const { name, after = [] } of stacks) {
    for (const other of after.filter((each) => !known.has(each))) {
      const meant = misspelled(other, names);
      note(name, `after: there is no stack "${other}"${meant === null ? '' : `, did you mean "${meant}"?`}`);
    }
  }
  let left = stacks;
  for (let ring = ringIn(left); ring !== null; ring = ringIn(left)) {
    const next = new Map(ring.slice(0, -1).map((name, i) => [name, ring?.[i + 1]]));
    for (const name of next.keys()) {
      note(name, `after: makes a ring, so this order does not count: ${ring.join(' → ')}`);
    }
    left = left.map((stack) => without(stack, next.get(stack.name)));
  }
  return { stacks: left, notes };
}

function without(stack: Stack, other: string | undefined): Stack {
  if (other === undefined) return stack;
  const { after = [], ...rest } = stack;
  const kept = after.filter((name) => name !== other);
  return kept.length === 0 ? rest : { ...rest, after: kept };
}
