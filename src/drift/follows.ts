/**
 * The rest of a planned change: what an apply changes besides the rows that tell the drift. It either follows from
 * the rows, and is counted, or becomes a row of its own.
 */
import type { Segment } from './attribute-path.ts';
import { canonical, equal } from './canonical.ts';
import type { TypedSchema } from './change-hash.ts';
import { type ResourceCode, writtenAt } from './configuration.ts';
import type { Json, Origin } from './finding.ts';
import { hasUnknown, identical, isArray, isObject, UNKNOWN } from './json-value.ts';
import { masksAt } from './masks.ts';
import { reorders } from './order.ts';
import { type ChangedPlace, isRespelled, ownSegments, valueAt } from './planned-change.ts';
import { ownAttribute, type Resource } from './resource.ts';
import { RowPaths } from './row-paths.ts';
import { placementOf, type RawRow } from './walk.ts';

/** A row of drift, as far as the rest needs it. */
interface KnownRow {
  readonly raw: RawRow;
}

/** A place that the rows leave out, as a row: who changed it. */
export interface RestRow {
  readonly raw: RawRow;
  readonly origin: Origin;
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

/** A resource as the plan has it, and with its twins merged, as its rows were read. */
export interface ResourceViews {
  readonly whole: Resource;
  readonly merged: Resource;
}

/** Splits the places that no row covers into rows and what follows. */
export function restOf(
  { whole, merged: resource }: ResourceViews,
  places: readonly ChangedPlace[],
  rows: readonly KnownRow[],
  code: ResourceCode,
  typed: TypedSchema | undefined,
): Rest {
  const values = [resource.recorded, resource.actual, resource.change?.after ?? null];
  const known = new RowPaths(rows);
  const follows: ChangedPlace[] = [];
  const told: RestRow[] = [];
  const coded = new Set<RawRow>();
  for (const place of places) {
    const segments = ownSegments(place.segments, values);
    if (known.isCovered(segments)) continue;
    const inside = known.inside(segments);
    if (inside.length > 0 && place.after !== UNKNOWN && tellsElements(place, inside)) continue;
    if (follow(place, resource, code, typed)) {
      follows.push(place);
      continue;
    }
    if (place.after === UNKNOWN) for (const raw of inside) coded.add(raw);
    if (!coversEachKey(place, inside, segments.length)) told.push(rowOfPlace(place, whole, typed));
  }
  return { rows: told, follows, coded };
}

/**
 * True if the rows inside a list tell all of its change: the elements that no row tells are the same before and after.
 * Else one of them has another order inside, or becomes unknown in part.
 */
function tellsElements({ before, after }: ChangedPlace, inside: readonly RawRow[]): boolean {
  if (!isArray(before) || !isArray(after)) return true;
  const [from, to] = [
    untold(
      before,
      inside.map((row) => row.actual),
    ),
    untold(
      after,
      inside.map((row) => row.desired),
    ),
  ];
  return identical(from, to);
}

/** The texts of the elements that are not among those that are told, each of which stands for one of them. */
function untold(items: readonly Json[], told: readonly Json[]): readonly string[] {
  const textOf = (item: Json): string => canonical(item, 'exact', 'fixed');
  const left = new Map<string, number>();
  for (const item of told) left.set(textOf(item), (left.get(textOf(item)) ?? 0) + 1);
  const texts = items.map(textOf).filter((text) => {
    const times = left.get(text) ?? 0;
    if (times > 0) left.set(text, times - 1);
    return times === 0;
  });
  return texts.sort();
}

/** True if a map becomes unknown as a whole, and the rows inside it name each of its keys. */
function coversEachKey({ before }: ChangedPlace, inside: readonly RawRow[], depth: number): boolean {
  if (!isObject(before) || inside.length === 0) return false;
  const named = new Set(inside.map((row) => row.segments[depth]));
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

/** A place that an apply changes as a row. `resource`: with the twins as the plan has them, like the place. */
export function rowOfPlace(place: ChangedPlace, resource: Resource, typed?: TypedSchema): RestRow {
  const { segments, before, after } = place;
  const recorded = valueAt(resource.recorded, segments);
  const masks = masksAt(resource.masks, segments);
  const raw = { segments, recorded, actual: before, desired: after, masks };
  if (sameButSpelling(recorded, before, segments, typed)) return { raw, origin: 'code' };
  const reverts = !hasUnknown(after) && sameButSpelling(recorded, after, segments, typed);
  return { raw, origin: reverts ? 'cloud' : 'both' };
}

function sameButSpelling(
  a: Json,
  b: Json,
  segments: readonly Segment[],
  typed: TypedSchema | undefined,
): boolean {
  return equal(a, b, 'keys', placementOf(segments)) && !reorders(a, b, segments, typed);
}
