/** When two values count as equal, and a canonical text for each value. */
import { parseExact } from '../base/exact-json.ts';
import type { Json } from './finding.ts';
import {
  field,
  identical,
  isArray,
  isBigNumber,
  isEmpty,
  isObject,
  numberText,
  UNKNOWN,
} from './json-value.ts';

/**
 * The kinds of equality.
 * `plan`: for attributes of resources; all empty values are equal, and the order of elements does not count.
 * `keys`: like `plan`, but an entry of a map whose value is `""` counts: providers store tags and labels without a
 * value. For resources that an apply changes; where it changes nothing, the plan itself says that they are equal.
 * `exact`: like `plan`, but the order counts.
 * `json`: a JSON document, compared as it is; but an empty list equals a missing one, because APIs return either.
 * `iam`: a policy document; a value equals a list with only that value, the order does not count, and `false`
 * equals `"false"`.
 */
export type Equality = 'plan' | 'keys' | 'exact' | 'json' | 'iam';

/**
 * Where a value is. `fixed`: a resource or an element of a list or set; its schema fixes its keys. `attribute`: the
 * value of such a key; an object there is a map with keys from people. `entry`: a value in a map.
 */
export type Placement = 'fixed' | 'attribute' | 'entry';

/** The placement of the value of a key in an object at `parent`. */
export function below(parent: Placement): Placement {
  return parent === 'fixed' ? 'attribute' : 'entry';
}

/** How deep the JSON in a string may be nested. Deeper ones are no documents that people write, and stay texts. */
const MAX_DEPTH = 200;

/** The JSON object or array in a string; undefined if it contains none, or one that is nested too deep. */
export function parseDocument(text: Json): Json | undefined {
  if (typeof text !== 'string' || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const parsed = parseExact(text) as Json;
    return typeof parsed === 'object' && !isDeeper(parsed, MAX_DEPTH) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** True if the value has more than `levels` arrays and objects inside each other. */
function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (isArray(value)) return value.some((item) => isDeeper(item, levels - 1));
  if (!isObject(value)) return false;
  for (const key in value) if (isDeeper(value[key] ?? null, levels - 1)) return true;
  return false;
}

/** The equality to use inside a JSON document. */
export function equalityOf(document: Json): Equality {
  return isObject(document) && Object.hasOwn(document, 'Statement') ? 'iam' : 'json';
}

/** The same text for all values that are equal, with keys sorted and JSON documents parsed. */
export function canonical(value: Json, equality: Equality, placement: Placement = 'attribute'): string {
  if (value === UNKNOWN) return '?';
  const inPlan = equality !== 'json' && equality !== 'iam';
  if (inPlan && isBlank(value, equality, placement)) return 'null';
  if (isArray(value)) {
    // Empty here only in a document. As an element of a list it is something of its own, and not the same as null.
    if (value.length === 0) return 'null';
    const items = value.map((item) =>
      !inPlan && isArray(item) && item.length === 0 ? '[]' : canonical(item, equality, 'fixed'),
    );
    if (equality === 'iam' && items.length === 1) return items[0] ?? 'null';
    if (equality !== 'exact' && equality !== 'json') items.sort();
    return `[${items.join(',')}]`;
  }
  if (isObject(value)) {
    const inside = below(placement);
    const entries = Object.keys(value)
      .sort()
      .map((key) => [key, canonical(value[key] ?? null, equality, inside)] as const)
      .filter(([, text]) => text !== 'null');
    return `{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
  }
  if (isBigNumber(value)) return equality === 'iam' ? JSON.stringify(numberText(value)) : numberText(value);
  if (inPlan) {
    const document = parseDocument(value);
    if (document !== undefined) return `json${canonical(document, equalityOf(document))}`;
  }
  return equality === 'iam' && value !== null ? JSON.stringify(String(value)) : JSON.stringify(value);
}

/** True for a value that equals null under this equality. */
function isBlank(value: Json, equality: Equality, placement: Placement): boolean {
  if (equality !== 'keys') return isEmpty(value);
  if (value === '') return placement !== 'entry';
  if (!isObject(value)) return isEmpty(value);
  const inside = below(placement);
  for (const key in value) if (!isBlank(value[key] ?? null, equality, inside)) return false;
  return true;
}

/** True if both values have the same canonical text. */
export function equal(a: Json, b: Json, equality: Equality, placement: Placement = 'attribute'): boolean {
  // Most values did not change, and this check is much cheaper than two canonical texts.
  if (identical(a, b)) return true;
  if (!isObject(a) || !isObject(b))
    return canonical(a, equality, placement) === canonical(b, equality, placement);
  // The same rules as `canonical`, key by key: a missing key equals null.
  const inside = below(placement);
  for (const key in a) {
    if (!equal(a[key] ?? null, field(b, key) ?? null, equality, inside)) return false;
  }
  for (const key in b) {
    if (!Object.hasOwn(a, key) && !equal(null, b[key] ?? null, equality, inside)) return false;
  }
  return true;
}
