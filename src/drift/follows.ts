/**
 * The rest of a planned change: what an apply changes besides the rows that tell the drift. It either follows from
 * the rows, and is counted, or becomes a row of its own.
 */
import type { Segment } from './attribute-path.ts';
import { equal } from './canonical.ts';
import type { TypedSchema } from './change-hash.ts';
import { type ResourceCode, writtenAt } from './configuration.ts';
import { hasUnknown, isArray, isObject, UNKNOWN } from './json-value.ts';
import { childMasks, type Masks } from './masks.ts';
import { type ChangedPlace, isRespelled, ownSegments, valueAt } from './planned-change.ts';
import { ownAttribute, type Resource } from './resource.ts';
import { placementOf, type RawRow } from './walk.ts';

/** A row of drift, as far as the rest needs it. */
interface KnownRow {
  readonly raw: RawRow;
}

/** A place that the rows leave out, as a row: who changed it. */
export interface RestRow {
  readonly raw: RawRow;
  readonly origin: 'code' | 'both';
}

/** What the rows leave out. */
export interface Rest {
  readonly rows: readonly RestRow[];
  /** Places that follow: computed values, and equal values in another spelling. */
  readonly follows: readonly ChangedPlace[];
  /** Rows inside a place that becomes unknown because the code changes it. */
  readonly coded: ReadonlySet<RawRow>;
}

export const NO_REST: Rest = { rows: [], follows: [], coded: new Set() };

/** Splits the places that no row covers into rows and what follows. */
export function restOf(
  resource: Resource,
  places: readonly ChangedPlace[],
  rows: readonly KnownRow[],
  code: ResourceCode,
  typed: TypedSchema | undefined,
): Rest {
  const values = [resource.recorded, resource.actual, resource.change?.after ?? null];
  const follows: ChangedPlace[] = [];
  const told: RestRow[] = [];
  const coded = new Set<RawRow>();
  for (const place of places) {
    const segments = ownSegments(place.segments, values);
    const [outside, inside] = [
      rows.filter(({ raw }) => isInside(segments, raw.segments)),
      rowsInside(segments, rows),
    ];
    const unknown = place.after === UNKNOWN;
    if (outside.length > 0 || (inside.length > 0 && !unknown)) continue;
    if (follow(place, resource, code, typed)) {
      follows.push(place);
      continue;
    }
    for (const { raw } of inside) coded.add(raw);
    if (!coversEachKey(place, inside, segments.length)) told.push(rowOfPlace(place, resource));
  }
  return { rows: told, follows, coded };
}

function rowsInside(place: readonly Segment[], rows: readonly KnownRow[]): readonly KnownRow[] {
  return rows.filter(({ raw }) => isInside(raw.segments, place));
}

/** True if the path is the other one, or lies inside it. Indexes count as equal. */
function isInside(path: readonly Segment[], outer: readonly Segment[]): boolean {
  return (
    path.length >= outer.length &&
    outer.every((segment, i) => {
      const own = path[i];
      return own === segment || (typeof own !== 'string' && typeof segment !== 'string');
    })
  );
}

/** True if a map becomes unknown as a whole, and the rows inside it name each of its keys. */
function coversEachKey({ before }: ChangedPlace, inside: readonly KnownRow[], depth: number): boolean {
  if (!isObject(before) || inside.length === 0) return false;
  const named = new Set(inside.map(({ raw }) => raw.segments[depth]));
  return Object.keys(before).every((key) => named.has(key));
}

function follow(
  place: ChangedPlace,
  resource: Resource,
  code: ResourceCode,
  typed: TypedSchema | undefined,
): boolean {
  if (isRespelled(place, typed)) return true;
  const { segments, before, after } = place;
  if (!hasUnknown(after)) return isFilledIn(place, resource, code);
  const [head] = segments;
  // The complete map of tags is computed from what the code writes and the provider's defaults.
  if (typeof head === 'string' && ownAttribute(head) !== undefined) return true;
  const known = typed?.schema.at(typed.type, segments);
  if (known?.computed === true && !known.settable) return true;
  if (writtenAt(code, segments)?.set === true) return false;
  // A replace computes everything anew that the code does not set.
  if (resource.action === 'replace') return true;
  // A plan does not list what a `dynamic` block sets (hashicorp/terraform#28346), so a block that becomes unknown
  // counts as set by the code.
  const block = isArray(before) && before.every(isObject);
  return segments.length === 1 && !block;
}

/** For an attribute that the code does not set, providers fill in a zero and plan null for the new object. */
function isFilledIn(
  { segments, before, after }: ChangedPlace,
  resource: Resource,
  code: ResourceCode,
): boolean {
  if (resource.action !== 'replace' || writtenAt(code, segments)?.set === true) return false;
  return (before === false || before === 0) && equal(after, null, 'keys', placementOf(segments));
}

/** A place that an apply changes as a row. */
export function rowOfPlace(place: ChangedPlace, resource: Resource): RestRow {
  const { segments, before, after } = place;
  const recorded = valueAt(resource.recorded, segments);
  let masks: Masks = resource.masks;
  for (const segment of segments) masks = childMasks(masks, segment);
  const cloudMoved = !equal(recorded, before, 'keys', placementOf(segments));
  const raw = { segments, recorded, actual: before, desired: after, masks };
  return { raw, origin: cloudMoved ? 'both' : 'code' };
}
