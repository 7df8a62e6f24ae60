import type { Json } from './finding.ts';
import { identical, isObject } from './json-value.ts';

/**
 * A plan says most things four times: planned, before, after, and in the prior state. Gives a function that is
 * to see each resource of a plan once, as it is read, and makes equal values one object, so that a big plan
 * takes half the memory and equal values are seen to be equal at a glance. What a plan says stays the same.
 */
export function valueSharer(): (element: Json) => void {
  const known = new Map<string, Json>();
  return (element) => {
    if (!isObject(element) || typeof element.address !== 'string') return;
    const { address, change } = element;
    const one = (value: Json | undefined, other: Json | undefined): Json | undefined =>
      isObject(value) && identical(value, other) ? other : value;
    if (isObject(change)) {
      const after = one(change.after, known.get(address));
      const before = one(one(change.before, known.get(address)), after);
      put(change, { after, before, after_sensitive: one(change.after_sensitive, change.before_sensitive) });
      if (isObject(before)) known.set(address, before);
    } else if (isObject(element.values)) {
      const values = one(element.values, known.get(address)) ?? null;
      put(element, { values });
      known.set(address, values);
    }
  };
}

/** Only a document that was just parsed, and is nobody else's yet, is written to. */
function put(object: Json, values: { readonly [key: string]: Json | undefined }): void {
  const target = object as { [key: string]: Json };
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && target[key] !== value) target[key] = value;
  }
}
