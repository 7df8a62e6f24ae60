import type { Json } from './finding.ts';
import { field, identical, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';

/**
 * How two values are held to be equal.
 * `plan`: attributes of resources; the empty values are one, the order of elements says nothing.
 * `exact`: as `plan`, but the order of elements counts.
 * `json`: a JSON document as it is.
 * `iam`: a policy document; one value and a list of one are the same, order says nothing, `false` is `"false"`.
 */
export type Equality = 'plan' | 'exact' | 'json' | 'iam';

/** The JSON object or array in a string, else undefined. */
export function parseDocument(text: Json): Json | undefined {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const parsed = JSON.parse(text) as Json;
    return typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Which equality the inside of a JSON document asks for. */
export function equalityOf(document: Json): Equality {
  return isObject(document) && Object.hasOwn(document, 'Statement') ? 'iam' : 'json';
}

/** One text for all values that are equal: keys sorted, documents parsed. */
export function canonical(value: Json, equality: Equality): string {
  if (value === UNKNOWN) return '?';
  const inPlan = equality === 'plan' || equality === 'exact';
  if (inPlan && isEmpty(value)) return 'null';
  if (isArray(value)) {
    const items = value.map((item) => canonical(item, equality));
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

export function equal(a: Json, b: Json, equality: Equality): boolean {
  // Most values did not move at all, and seeing that is much cheaper than writing both out.
  if (identical(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return canonical(a, equality) === canonical(b, equality);
  // As `canonical` has it, key by key: a key that is not there is null.
  for (const key in a) if (!equal(a[key] ?? null, field(b, key) ?? null, equality)) return false;
  for (const key in b) if (!Object.hasOwn(a, key) && !equal(null, b[key] ?? null, equality)) return false;
  return true;
}
