import { wholeOf } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import { integer, type RegoValue } from './value.ts';

/** Wider results serve nobody, and take memory. */
const MOST_BITS = 100_000n;

type Args = readonly RegoValue[];

function both(apply: (a: bigint, b: bigint) => bigint): (args: Args) => RegoValue | undefined {
  return ([first, second]) => {
    const [a, b] = [wholeOf(first), wholeOf(second)];
    return a === undefined || b === undefined ? undefined : integer(apply(a, b));
  };
}

function shift(apply: (a: bigint, b: bigint) => bigint): (args: Args) => RegoValue | undefined {
  return ([first, second]) => {
    const [a, by] = [wholeOf(first), wholeOf(second)];
    if (a === undefined || by === undefined || by < 0n) return undefined;
    if (by > MOST_BITS) throw new BuiltinFailure(`bits: a shift by more than ${MOST_BITS}`);
    return integer(apply(a, by));
  };
}

/** `bits.and` and its siblings, on whole numbers of any size. */
export const bitsAnd = both((a, b) => a & b);
export const bitsOr = both((a, b) => a | b);
export const bitsXor = both((a, b) => a ^ b);
export const bitsLeft = shift((a, b) => a << b);
export const bitsRight = shift((a, b) => a >> b);

/** `bits.negate`. */
export function bitsNegate([value]: Args): RegoValue | undefined {
  const whole = wholeOf(value);
  return whole === undefined ? undefined : integer(~whole);
}
