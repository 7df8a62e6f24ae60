/** Ignored attributes that an apply would change, in words. */
import { clip } from '../text/words.ts';
import type { IgnoredAttribute } from './finding.ts';
import { describeValue } from './value-text.ts';

/** The longest value and the longest reason, in characters. */
const VALUE = 60;
const REASON = 80;

/** `desired_capacity 40 → 5, which m0.yaml ignores (autoscaler)`; several are joined by semicolons. */
export function ignoredChangeText(attributes: readonly IgnoredAttribute[]): string {
  return attributes.map(one).join('; ');
}

function one({ path, reason, actual, desired }: IgnoredAttribute): string {
  const values = [actual, desired].map((value) => describeValue(value, VALUE));
  return `${path.replaceAll('[*]', '')} ${values.join(' → ')}, which m0.yaml ignores (${clip(reason, REASON)})`;
}
