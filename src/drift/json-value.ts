import type { Json } from './finding.ts';

export type JsonObject = { readonly [key: string]: Json };

/**
 * Stands in a desired value wherever it is known only after an apply. Compared by identity, so that a map
 * in the cloud that happens to read `{"unknown": true}` is never taken for it.
 */
export const UNKNOWN: Json = Object.freeze({ unknown: true });

/** True for an object that is neither an array nor the unknown marker. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && value !== UNKNOWN && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Own property of an object, else undefined: keys come from a cloud and may be `constructor` or `__proto__`. */
export function field(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Null, `""`, `[]` and `{}` are one value to providers. `0` and `false` are values of their own. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (value === UNKNOWN || typeof value !== 'object') return false;
  if (isArray(value)) return value.length === 0;
  return Object.values(value).every(isEmpty);
}

/** Puts the unknown marker wherever `mask` (Terraform's `after_unknown`) says so. */
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

/** True where a mask says `true` anywhere inside. */
export function hasTrue(mask: Json | undefined): boolean {
  if (mask === true) return true;
  if (typeof mask !== 'object' || mask === null) return false;
  if (isArray(mask)) return mask.some(hasTrue);
  // A loop without copies: most of a plan's masks pass through here and hold nothing.
  for (const key in mask) if (hasTrue(field(mask, key))) return true;
  return false;
}

/** True where two values are built alike, down to the spelling of empty values and the order of elements. */
export function identical(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => identical(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  let count = 0;
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !identical(a[key], b[key])) return false;
    count += 1;
  }
  return count === Object.keys(b).length;
}

/** True where the unknown marker stands anywhere inside. */
export function hasUnknown(value: Json): boolean {
  if (value === UNKNOWN) return true;
  if (isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** All scalars inside, in order; JSON documents in strings count as one string. */
export function leavesOf(value: Json | undefined): Json[] {
  if (value === undefined || value === null || value === UNKNOWN) return [];
  if (isArray(value)) return value.flatMap(leavesOf);
  if (isObject(value)) return Object.values(value).flatMap(leavesOf);
  return [value];
}
