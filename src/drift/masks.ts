import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';
import { field, isArray } from './json-value.ts';

/**
 * Sensitivity masks that hold together for one place: what any of them masks is masked. Terraform writes them
 * as `false`, `true`, an object or an array.
 */
export type Masks = readonly Json[];

export const NO_MASKS: Masks = [];

/**
 * The masks one step further in. Elements of arrays share theirs: in another place, or after a change by
 * hand, an element may stand at another index than the one that was masked.
 */
export function childMasks(masks: Masks, segment: Segment): Masks {
  if (masks.length === 0) return NO_MASKS;
  if (masks.includes(true)) return [true];
  if (typeof segment === 'string')
    return masks.map((mask) => field(mask, segment)).filter((m) => m !== undefined);
  return masks.flatMap((mask) => (isArray(mask) ? mask : []));
}

/** True where the place itself is masked, as a whole. */
export function isMasked(masks: Masks): boolean {
  return masks.includes(true);
}
