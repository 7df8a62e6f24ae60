import { equal } from '../drift/canonical.ts';
import type { Json, ShownValue } from '../drift/finding.ts';

/** True where both are one value as the analysis compares them. Two hidden secrets count as one. */
export function sameValue(a: ShownValue, b: ShownValue): boolean {
  return equal(a as Json, b as Json, 'exact');
}
