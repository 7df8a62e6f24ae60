/** When two values count as equal, and a canonical text for each value. */
import type { Json } from './finding.ts';
import { field, identical, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';

/**
 * The kinds of equality.
 * `plan`: for attributes of resources; all empty values are equal, and the order of elements does not count.
 * `exact`: like `plan`, but the order counts.
 * `json`: a JSON document, compared as it is; but an empty list equals a missing one, because APIs return either.
 * `iam`: a policy document; a value equals a list with only that value, the order does not count, and `false`
 * equals `"false"`.
 */
export type Equality = 'plan' | 'exact' | 'json' | 'iam';

/** The JSON object or array in a string; undefined if it contains none. */
export function parseDocument(text: Json): Json | undefined {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const parsed = JSON.parse(text) as Json;
    return typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The equality to use inside a JSON document. */
export function equalityOf(document: Json): Equality {
  return isObject(document) && Object.hasOwn(document, 'Statement') ? 'iam' : 'json';
}

/** The same text for all values that are equal, with keys sorted and JSON documents parsed. */
export function canonical(value: Json, equality: Equality): string {
  if (value === UNKNOWN) return '?';
  const inPlan = equality === 'plan' || equality === 'exact';
  if (inPlan && isEmpty(value)) return 'null';
  if (isArray(value)) {
    if (value.length === 0) return 'null';
    // An empty list is an element of its own: it is not the same as null.
    const items = value.map((item) =>
      !inPlan && isArray(item) && item.length === 0 ? '[]' : canonical(item, equality),
    );
    if (equality === 'iam' && items.length === 1) return items[0] ?? 'null';
    if (equality === 'plan' || equality === 'iam') items.sort();
    return `[${items.join(',')}]`;
  }
  if (isObject(value)) {
    const entries = Object.keys(value)
      .sort()
      .map((key) => [key, canonical(value[key] ?? null, equality)] as const)
      .filter(([, text]) => text !== 'null');
    return `{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
  }
  if (inPlan) {
    const document = parseDocument(value);
    if (document !== undefined) return `json${canonical(document, equalityOf(document))}`;
  }
  return equality === 'iam' && value !== null ? JSON.stringify(String(value)) : JSON.stringify(value);
}

/** True if both values have the same canonical text. */
export function equal(a: Json, b: Json, equality: Equality): boolean {
  // Most values did not change, and this check is much cheaper than two canonical texts.
  if (identical(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return canonical(a, equality) === canonical(b, equality);
  // The same rules as `canonical`, key by key: a missing key equals null.
  for (const key in a) if (!equal(a[key] ?? null, field(b, key) ?? null, equality)) return false;
  for (const key in b) if (!Object.hasOwn(a, key) && !equal(null, b[key] ?? null, equality)) return false;
  return true;
}
