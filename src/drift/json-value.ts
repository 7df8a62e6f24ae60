/** JSON values of a plan, with a marker for values that are not known yet. */
import { decimalOf, ExactNumber } from '../base/exact-json.ts';
import type { Json } from './finding.ts';

export type JsonObject = { readonly [key: string]: Json };

/**
 * Replaces each part of a desired value that is known only after an apply. It is compared by identity, so that a
 * map in the cloud that reads `{"unknown": true}` is never mistaken for it.
 */
export const UNKNOWN: Json = Object.freeze({ unknown: true });

/** True for an object that is not an array, not the unknown marker and not a number with many digits. */
export function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    value !== UNKNOWN &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  );
}

/**
 * True for a number that no JavaScript number holds, for example an integer above 2^53. It is a scalar: `String`
 * and `JSON.stringify` give its digits.
 */
export function isBigNumber(value: unknown): boolean {
  return value instanceof ExactNumber;
}

/** The same text for all numbers of one value, whatever their spelling. For JavaScript numbers and big ones. */
export function numberText(value: Json): string {
  return decimalOf(String(value));
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** An own property of an object, else undefined. Keys come from a cloud and may be `constructor` or `__proto__`. */
export function field(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/**
 * True for null, `""`, `[]` and `{}`, which providers treat as equal, and for objects with only such values. `0`
 * and `false` are not empty.
 */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (value === UNKNOWN || typeof value !== 'object' || isBigNumber(value)) return false;
  if (isArray(value)) return value.length === 0;
  return Object.values(value).every(isEmpty);
}

/** Returns the value with the unknown marker at each place where `mask` (Terraform's `after_unknown`) is true. */
export function withUnknowns(value: Json | undefined, mask: Json | undefined): Json {
  if (mask === true) return UNKNOWN;
  const plain = value ?? null;
  if (!hasTrue(mask)) return plain;
  if (isArray(mask)) {
    const items = isArray(plain) ? plain : [];
    const length = Math.max(items.length, mask.length);
    return Array.from({ length }, (_, i) => withUnknowns(items[i], mask[i]));
  }
  if (!isObject(mask)) return plain;
  const keys = new Set([...(isObject(plain) ? Object.keys(plain) : []), ...Object.keys(mask)]);
  return Object.fromEntries([...keys].map((key) => [key, withUnknowns(field(plain, key), field(mask, key))]));
}

/** True if the mask contains `true` anywhere. */
export function hasTrue(mask: Json | undefined): boolean {
  if (mask === true) return true;
  if (typeof mask !== 'object' || mask === null) return false;
  if (isArray(mask)) return mask.some(hasTrue);
  // A loop without copies, because most masks of a plan pass through here and contain nothing.
  for (const key in mask) if (hasTrue(field(mask, key))) return true;
  return false;
}

/** True if two values are built exactly alike, including how empty values are written and the order of elements. */
export function identical(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => identical(item, b[i]));
  if (!isObject(a) || !isObject(b)) return isBigNumber(a) && isBigNumber(b) && String(a) === String(b);
  let count = 0;
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !identical(a[key], b[key])) return false;
    count += 1;
  }
  return count === Object.keys(b).length;
}

/** True if the value contains the unknown marker anywhere. */
export function hasUnknown(value: Json): boolean {
  if (value === UNKNOWN) return true;
  if (isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** All scalars in the value, in order. A JSON document in a string counts as one scalar. */
export function leavesOf(value: Json | undefined): Json[] {
  if (value === undefined || value === null || value === UNKNOWN) return [];
  if (isArray(value)) return value.flatMap(leavesOf);
  if (isObject(value)) return Object.values(value).flatMap(leavesOf);
  return [value];
}
