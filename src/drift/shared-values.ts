/** Shares equal values of a plan in memory. */
import type { Json } from './finding.ts';
import { identical, isObject } from './json-value.ts';

/**
 * Returns a function to call once with each resource of a plan while the plan is read. It replaces equal values by
 * one shared object: a plan contains most values four times (planned, before, after, prior state). A big plan then
 * takes half the memory, and equal values are found equal by identity. The content does not change.
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
      assign(change, {
        after,
        before,
        after_sensitive: one(change.after_sensitive, change.before_sensitive),
      });
      if (isObject(before)) known.set(address, before);
    } else if (isObject(element.values)) {
      const values = one(element.values, known.get(address)) ?? null;
      assign(element, { values });
      known.set(address, values);
    }
  };
}

/** Writes into the object, which is safe because it was just parsed and nothing else refers to it yet. */
function assign(object: Json, values: { readonly [key: string]: Json | undefined }): void {
  const target = object as { [key: string]: Json };
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && target[key] !== value) target[key] = value;
  }
}
