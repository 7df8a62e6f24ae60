import { smallInt, wholeNumber } from './number.ts';
import { compare, RegoNumber, type RegoObject, RegoSet, type RegoValue, sorted } from './value.ts';

/** The argument as text; undefined where it is of another type. */
export function textOf(value: RegoValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The argument as OPA's int; undefined where it is none. */
export function intOf(value: RegoValue | undefined): number | undefined {
  if (!(value instanceof RegoNumber)) return undefined;
  const whole = smallInt(value.text);
  return whole === undefined ? undefined : Number(whole);
}

/** The argument as a whole number of any size and spelling. */
export function wholeOf(value: RegoValue | undefined): bigint | undefined {
  return value instanceof RegoNumber ? wholeNumber(value.text) : undefined;
}

export function arrayOf(value: RegoValue | undefined): readonly RegoValue[] | undefined {
  return Array.isArray(value) ? (value as readonly RegoValue[]) : undefined;
}

/** The members of an array, or of a set in OPA's order. */
export function membersOf(value: RegoValue | undefined): readonly RegoValue[] | undefined {
  return value instanceof RegoSet ? sorted(value.items) : arrayOf(value);
}

/** The members where all of them are texts. */
export function textsOf(value: RegoValue | undefined): readonly string[] | undefined {
  const members = membersOf(value);
  return members?.every((m) => typeof m === 'string') === true ? (members as readonly string[]) : undefined;
}

export function equals(a: RegoValue, b: RegoValue): boolean {
  return compare(a, b) === 0;
}

/** The value under a key, undefined where there is none. */
export function lookUp(object: RegoObject, key: RegoValue): RegoValue | undefined {
  return object.entries.find(([k]) => equals(k, key))?.[1];
}
