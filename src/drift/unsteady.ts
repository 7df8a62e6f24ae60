/** Values that the code computes anew in every plan, so that no approval of them can hold. */
import type { WrittenValue } from './configuration.ts';
import type { Json } from './finding.ts';
import { hasUnknown, leavesOf } from './json-value.ts';

/**
 * True if the desired value changes with every plan. Either it contains the time of the plan (`plantimestamp()`, in
 * any format that keeps year to minute in this order), or it is unknown although its expression refers to nothing:
 * only functions such as `timestamp()` and `uuid()` are evaluated as late as that.
 *
 * `planTime`: the plan's `timestamp` (RFC 3339, UTC), or null.
 */
export function isUnsteady(
  desired: Json,
  written: WrittenValue | undefined,
  planTime: string | null,
): boolean {
  if (hasUnknown(desired)) return written?.impure === true;
  if (planTime === null) return false;
  const minute = digitsOf(planTime).slice(0, 12);
  return leavesOf(desired).some((leaf) => typeof leaf === 'string' && digitsOf(leaf).includes(minute));
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}
