/** The order of lists. In a set it means nothing; in a list it does. */
import { compareTexts } from '../text/words.ts';
import type { Segment } from './attribute-path.ts';
import { canonical, equal } from './canonical.ts';
import type { TypedSchema } from './change-hash.ts';
import type { Json } from './finding.ts';
import { field, identical, isArray, isObject } from './json-value.ts';

/**
 * True if a list in `before` stands in `after` with the same elements in another order, also a list inside the blocks
 * of another. For values that are equal but for spelling and order. Without a schema this tells a list from a set as
 * well: Terraform writes equal sets in the same order (measured over all plans in test/cases), so a set never has the
 * same elements in another order.
 */
export function reorders(
  before: Json,
  after: Json,
  segments: readonly Segment[],
  typed: TypedSchema | undefined,
): boolean {
  if (identical(before, after)) return false;
  if (isArray(before) && isArray(after)) {
    const collection = typed?.schema.at(typed.type, segments)?.collection;
    if (collection !== 'set' && isPermutation(before, after)) return true;
    const [from, to] = collection === 'set' ? [sorted(before), sorted(after)] : [before, after];
    const pairs = from.map((item, i) => [item, to[i] ?? null] as const);
    // An element that is spelled anew may have another place in a set.
    if (!pairs.every(([a, b]) => equal(a, b, 'keys', 'fixed'))) return collection === 'list';
    return pairs.some(([a, b], i) => reorders(a, b, [...segments, i], typed));
  }
  if (!isObject(before) || !isObject(after)) return false;
  return Object.keys(before).some((key) =>
    reorders(before[key] ?? null, field(after, key) ?? null, [...segments, key], typed),
  );
}

/** The elements, with those that are equal at the same place in every order. */
function sorted(items: readonly Json[]): readonly Json[] {
  return items
    .map((item) => ({ item, text: canonical(item, 'keys', 'fixed') }))
    .sort((a, b) => compareTexts(a.text, b.text))
    .map(({ item }) => item);
}

/** True if both lists have the same elements, in another order. */
export function isPermutation(a: readonly Json[], b: readonly Json[]): boolean {
  if (a.length !== b.length || a.length < 2 || identical(a, b)) return false;
  const texts = (list: readonly Json[]): string[] => list.map(sortedText).sort();
  return identical(texts(a), texts(b));
}

/** JSON text with sorted keys. */
function sortedText(value: Json): string {
  return JSON.stringify(value, (_key, child: Json) =>
    isObject(child) ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1))) : child,
  );
}
