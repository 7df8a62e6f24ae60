/** Compares values as people see them. */
import { equal } from '../drift/canonical.ts';
import type { Json, ShownValue } from '../drift/finding.ts';

/** True if both values are equal in the sense of the analysis. Two hidden secrets count as equal. */
export function sameValue(a: ShownValue, b: ShownValue): boolean {
  return equal(a as Json, b as Json, 'exact');
}
