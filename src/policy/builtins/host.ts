import type { RegoValue } from './value.ts';

/** What a builtin may know besides its arguments. */
export interface BuiltinContext {
  /** The one instant of this evaluation, in ns since epoch. */
  readonly nowNs: bigint;
}

/**
 * A builtin on values. `undefined`: the expression is undefined, as in OPA, where the arguments are of a type it
 * does not take. Throws a BuiltinFailure where it could not do its work.
 */
export type HostBuiltin = (args: readonly RegoValue[], context: BuiltinContext) => RegoValue | undefined;

/** A running module as functions below the level of values see it: by addresses in its memory, 0 for none. */
export interface Machine {
  /** The text of the number at an address; undefined where no number is there. */
  numberAt(address: number): string | undefined;
  /** The number at an address as the nearest double. */
  doubleAt(address: number): number;
  /** The text at an address; undefined where none is there. */
  stringAt(address: number): string | undefined;
  /** The keys of an object or the members of a set, in no particular order. */
  keysAt(address: number): number[];
  /** One of `TYPE` in structure.ts. */
  typeAt(address: number): number;
  valueAt(address: number): RegoValue;
  addressOf(value: RegoValue): number;
  /** A function of the library by its name, as it was before m0 took its place. */
  kept(symbol: string, ...args: readonly number[]): number;
  /** `opa_value_compare`. */
  compare(a: number, b: number): number;
}

/** A function of OPA's library that m0 answers, by addresses. */
export type RawBuiltin = (machine: Machine, ...addresses: readonly number[]) => number;
