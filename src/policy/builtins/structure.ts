import { BuiltinFailure } from './failure.ts';
import type { Machine, RawBuiltin } from './host.ts';
import { smallInt } from './number.ts';
import { RegoNumber } from './value.ts';

/** Types in OPA's library, as its values carry them in their first byte. */
export const TYPE = {
  null: 1,
  boolean: 2,
  number: 3,
  text: 4,
  array: 5,
  object: 6,
  set: 7,
  constantText: 8,
  constantBoolean: 9,
} as const;

/** Keys that may be kept in all; then everything is forgotten, and walks under way begin anew where they were. */
const MOST_KEYS = 1_000_000;
/** Fewer keys than these are found again sooner than they are kept. */
const FEW = 64;

interface Walk {
  readonly keys: readonly number[];
  /** Where the walk is: the same collection may be walked inside its own walk. */
  last: number;
}

/**
 * `opa_value_iter`: the key after `previous` (0: the first one), 0 at the end. The library goes by hashes; OPA
 * goes by its order of values, and what a comprehension gathers, or a `concat` says, is in that order.
 */
export function createIterate(): RawBuiltin {
  const walks = new Map<number, Walk>();
  let held = 0;

  function begin(machine: Machine, node: number): Walk {
    const keys = machine.keysAt(node).sort((a, b) => machine.compare(a, b));
    if (held > MOST_KEYS) {
      walks.clear();
      held = 0;
    }
    held += keys.length - (walks.get(node)?.keys.length ?? 0);
    const walk = { keys, last: -1 };
    // What lies at this address may be another collection than before: a walk always begins anew.
    walks.set(node, walk);
    return walk;
  }

  function find(machine: Machine, walk: Walk, key: number): number {
    const at = walk.keys.indexOf(key);
    return at >= 0 ? at : walk.keys.findIndex((k) => machine.compare(k, key) === 0);
  }

  return (machine, node = 0, previous = 0) => {
    const walk = (previous === 0 ? undefined : walks.get(node)) ?? begin(machine, node);
    if (previous === 0) walk.last = -1;
    else if (walk.keys[walk.last] !== previous) walk.last = find(machine, walk, previous);
    walk.last++;
    const next = walk.keys[walk.last];
    if (next !== undefined) return next;
    if (walk.keys.length < FEW) {
      walks.delete(node);
      held -= walk.keys.length;
    }
    return 0;
  };
}

const DOUBLE = new Float64Array(1);
const HALVES = new Int32Array(DOUBLE.buffer);

/** `opa_number_hash`: equal numbers must hash alike, however they are written (the library takes 1e10 apart). */
export const hashNumber: RawBuiltin = (machine, address = 0) => {
  const value = machine.doubleAt(address);
  if (!Number.isFinite(value)) throw new BuiltinFailure('a number beyond 64 bits of float');
  // -0 equals 0.
  DOUBLE[0] = value === 0 ? 0 : value;
  return Math.imul((HALVES[0] ?? 0) ^ Math.imul(HALVES[1] ?? 0, 0x9e3779b1), 0x85ebca6b);
};

/**
 * `opa_value_get` where the library found nothing for a number: an array has an element 1.0 where it has one 1.
 * OPA finds data under the text of a number too, and only data; m0 can't tell data from the rest here, so it
 * decides nothing where that makes a difference.
 */
export const getByNumber: RawBuiltin = (machine, node = 0, key = 0) => {
  const type = node === 0 ? 0 : machine.typeAt(node);
  const text = machine.numberAt(key);
  if (text === undefined) return 0;
  if (type === TYPE.array) {
    const index = /^-?\d+$/.test(text) ? undefined : smallInt(text);
    if (index === undefined || index < 0n) return 0;
    return machine.kept('opa_value_get', node, machine.addressOf(new RegoNumber(index.toString())));
  }
  if (type === TYPE.object && machine.kept('opa_value_get', node, machine.addressOf(text)) !== 0) {
    throw new BuiltinFailure(
      `an object with the key ${JSON.stringify(text)} is asked for the number ${text}`,
    );
  }
  return 0;
};
