/** Values that the code computes anew in every plan, so that no approval of them can hold. */
import type { WrittenValue } from './configuration.ts';
import type { Json } from './finding.ts';
import { hasUnknown, isArray, isObject, leavesOf, UNKNOWN } from './json-value.ts';

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
  return planTime !== null && leavesOf(desired).some((leaf) => holdsTime(leaf, planTime));
}

/** The value without what contains the time of the plan, which is unknown instead. `planTime`: as above. */
export function withoutPlanTime(value: Json, planTime: string | null): Json {
  if (planTime === null || value === UNKNOWN) return value;
  if (isArray(value)) return value.map((item) => withoutPlanTime(item, planTime));
  if (!isObject(value)) return holdsTime(value, planTime) ? UNKNOWN : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutPlanTime(inner, planTime)]),
  );
}

/** Year, month, day, hour and minute. */
const MINUTE_DIGITS = 12;

function holdsTime(leaf: Json, planTime: string): boolean {
  // Most values are too short to hold year to minute.
  if (typeof leaf !== 'string' || leaf.length < MINUTE_DIGITS) return false;
  return digitsOf(leaf).includes(digitsOf(planTime).slice(0, MINUTE_DIGITS));
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}
