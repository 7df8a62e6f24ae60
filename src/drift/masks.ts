/** Terraform's sensitivity masks: which parts of a value are secret. */
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';
import { field, isArray } from './json-value.ts';

/**
 * The masks of one place. What any of them marks is secret. Terraform writes a mask as `false`, `true`, an object
 * or an array.
 */
export type Masks = readonly Json[];

export const NO_MASKS: Masks = [];

/**
 * The masks one step deeper. All elements of an array share their masks, because an element may have another index
 * in another value, or after a change by hand.
 */
export function childMasks(masks: Masks, segment: Segment): Masks {
  if (masks.length === 0) return NO_MASKS;
  if (masks.includes(true)) return [true];
  if (typeof segment === 'string')
    return masks.map((mask) => field(mask, segment)).filter((m) => m !== undefined);
  return masks.flatMap((mask) => (isArray(mask) ? mask : []));
}

/** The masks at a path. */
export function masksAt(masks: Masks, segments: readonly Segment[]): Masks {
  return segments.reduce<Masks>((inner, segment) => childMasks(inner, segment), masks);
}

/** True if the whole place is masked. */
export function isMasked(masks: Masks): boolean {
  return masks.includes(true);
}
