/** Finds lists whose order changed, as rows of drift. */
import type { Segment } from './attribute-path.ts';
import type { JudgedRow } from './attributes.ts';
import type { TypedSchema } from './change-hash.ts';
import { type ResourceCode, writtenAt } from './configuration.ts';
import type { Json } from './finding.ts';
import { field, identical, isArray, isObject } from './json-value.ts';
import { masksAt } from './masks.ts';
import { isPermutation } from './order.ts';
import type { Resource } from './resource.ts';
import type { RawRow, ValueTriple } from './walk.ts';

/**
 * The lists whose elements are the same but in another order, where the order matters: an apply changes it, or the
 * schema calls the attribute a list that the code may set.
 */
export function judgeOrder(resource: Resource, code: ResourceCode, typed?: TypedSchema): JudgedRow[] {
  const { recorded, actual, desired, action } = resource;
  const stays = action === 'update' || action === 'replace' || (action === 'none' && typed !== undefined);
  if (!stays || recorded === null || actual === null) return [];
  const rows: JudgedRow[] = [];
  const visit = (points: ValueTriple, segments: readonly Segment[]): void => {
    const { recorded: r, actual: a, desired: d } = points;
    if (isArray(a) || isArray(d)) {
      const order = orderOf(points, segments, typed);
      if (order !== undefined) {
        rows.push({
          ...orderRow({ ...points, segments, masks: masksAt(resource.masks, segments) }, code),
          order,
        });
      } else if (
        isArray(r) &&
        isArray(a) &&
        isArray(d) &&
        r.length === 1 &&
        a.length === 1 &&
        d.length === 1
      ) {
        enter({ recorded: r[0] ?? null, actual: a[0] ?? null, desired: d[0] ?? null }, segments, 0);
      }
      return;
    }
    for (const object of [a, d]) {
      if (!isObject(object)) continue;
      for (const key in object) {
        // A key that both have was visited with the first.
        if (object === d && isObject(a) && Object.hasOwn(a, key)) continue;
        const at = (value: Json): Json => field(value, key) ?? null;
        enter({ recorded: at(r), actual: at(a), desired: at(d) }, segments, key);
      }
    }
  };
  const enter = (points: ValueTriple, segments: readonly Segment[], segment: Segment): void => {
    const { recorded: r, actual: a, desired: d } = points;
    // Only lists have an order, and most values are scalars that did not change.
    if (!isContainer(a) && !isContainer(d)) return;
    if (identical(a, d) && identical(r, a)) return;
    visit(points, [...segments, segment]);
  };
  visit({ recorded, actual, desired }, []);
  return rows;
}

function isContainer(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}

function orderOf(
  { recorded, actual, desired }: ValueTriple,
  segments: readonly Segment[],
  typed: TypedSchema | undefined,
): JudgedRow['order'] {
  const place = typed?.schema.at(typed.type, segments);
  if (place?.collection === 'set') return undefined;
  const permuted = (a: Json, b: Json): boolean => isArray(a) && isArray(b) && isPermutation(a, b);
  if (permuted(actual, desired)) return 'planned';
  const matters = place?.collection === 'list' && place.settable;
  return matters && permuted(recorded, actual) ? 'schema' : undefined;
}

function orderRow(raw: RawRow, code: ResourceCode): JudgedRow {
  const set = writtenAt(code, raw.segments)?.set;
  const leftInPlace = identical(raw.actual, raw.desired);
  const cloud = !identical(raw.recorded, raw.actual);
  const coded = !leftInPlace && !identical(raw.recorded, raw.desired);
  return { raw, origin: cloud ? (coded ? 'both' : 'cloud') : 'code', leftInPlace, set };
}
