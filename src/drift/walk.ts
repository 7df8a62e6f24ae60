/** Compares the recorded, actual and desired value of a resource and lists the places where they differ. */
import type { Segment } from './attribute-path.ts';
import { below, canonical, type Equality, equal, type Placement } from './canonical.ts';
import type { Json } from './finding.ts';
import { FreeElements } from './fitting.ts';
import { field, hasUnknown, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { childMasks, isMasked, type Masks } from './masks.ts';

/** The three values of one place in a resource. */
export interface ValueTriple {
  readonly recorded: Json;
  readonly actual: Json;
  /** May be `UNKNOWN`, or contain it. */
  readonly desired: Json;
}

/** A place whose three values are not all equal. */
export interface RawRow extends ValueTriple {
  readonly segments: readonly Segment[];
  readonly masks: Masks;
}

/**
 * Compares the three values and returns the places where they differ. Maps are compared by key. A single block in a
 * list is entered; all other elements are compared as a whole and matched by value. Masked values are not entered.
 */
export function walk(
  points: ValueTriple,
  masks: Masks,
  equality: Equality,
  segments: readonly Segment[] = [],
): RawRow[] {
  const { recorded, actual, desired } = points;
  const placement = placementOf(segments);
  const cloudMoved = !equal(recorded, actual, equality, placement);
  if (!cloudMoved && equal(recorded, desired, equality, placement)) return [];
  const whole: RawRow[] = [{ segments, recorded, actual, desired, masks }];
  // A wholly unknown value is one row, unless the cloud changed something inside.
  if (desired === UNKNOWN && !cloudMoved) return whole;
  if (isMasked(masks)) return whole;

  const known = [recorded, actual, ...(desired === UNKNOWN ? [] : [desired])];
  const filled = known.filter((value) => !isEmpty(value));
  // Two maps that differ only in an entry without a value.
  if (filled.length === 0 && known.some(isObject) && !known.some(isArray))
    return walkKeys(points, masks, equality, segments);
  if (filled.length === 0) return whole;
  if (filled.every(isObject)) return walkKeys(points, masks, equality, segments);
  // In a policy document, a single value equals a list with that value.
  const listed = equality === 'iam' && filled.some(isArray);
  if (!listed && !filled.every(isArray)) return whole;

  const [recordedItems, actualItems, desiredItems] = [
    itemsOf(recorded),
    itemsOf(actual),
    desired === UNKNOWN ? null : itemsOf(desired),
  ];
  if (
    [recordedItems, actualItems, ...(desiredItems ? [desiredItems] : [])].every(
      (items) => items.length === 1 && isObject(items[0]),
    )
  ) {
    const inside = {
      recorded: recordedItems[0] ?? null,
      actual: actualItems[0] ?? null,
      desired: desiredItems ? (desiredItems[0] ?? null) : UNKNOWN,
    };
    return walk(inside, childMasks(masks, 0), equality, [...segments, 0]);
  }
  const rows = matchElements(recordedItems, actualItems, desiredItems, equality).map((row) => ({
    ...row,
    segments: [...segments, null],
    masks: childMasks(masks, null),
  }));
  // All elements match but the lists differ: the order changed.
  return rows.length > 0 ? rows : whole;
}

/** Where the value at this path is: see `Placement`. */
export function placementOf(segments: readonly Segment[]): Placement {
  const [parent, own] = [segments.at(-2), segments.at(-1)];
  if (typeof own !== 'string') return 'fixed';
  return segments.length === 1 || typeof parent !== 'string' ? 'attribute' : 'entry';
}

function walkKeys(
  points: ValueTriple,
  masks: Masks,
  equality: Equality,
  segments: readonly Segment[],
): RawRow[] {
  const { recorded, actual, desired } = points;
  const keys = new Set([recorded, actual, desired].flatMap((v) => (isObject(v) ? Object.keys(v) : [])));
  const inside = below(placementOf(segments));
  return [...keys].flatMap((key) => {
    const child = {
      recorded: field(recorded, key) ?? null,
      actual: field(actual, key) ?? null,
      desired: desired === UNKNOWN ? UNKNOWN : (field(desired, key) ?? null),
    };
    // Inside an unknown map, only what the cloud changed makes a row.
    if (desired === UNKNOWN && equal(child.recorded, child.actual, equality, inside)) return [];
    return walk(child, childMasks(masks, key), equality, [...segments, key]);
  });
}

function itemsOf(value: Json): readonly Json[] {
  if (isArray(value)) return value;
  return isEmpty(value) ? [] : [value];
}

interface Group {
  readonly recorded: Json[];
  readonly actual: Json[];
  readonly desired: Json[];
}

function matchElements(
  recorded: readonly Json[],
  actual: readonly Json[],
  desired: readonly Json[] | null,
  equality: Equality,
): ValueTriple[] {
  const groups = new Map<string, Group>();
  const put = (items: readonly Json[], place: keyof Group): void => {
    for (const item of items) {
      const key = canonical(item, equality, 'fixed');
      const group = groups.get(key) ?? { recorded: [], actual: [], desired: [] };
      group[place].push(item);
      groups.set(key, group);
    }
  };
  put(recorded, 'recorded');
  put(actual, 'actual');
  put(
    (desired ?? []).filter((item) => !hasUnknown(item)),
    'desired',
  );

  const rows: ValueTriple[] = [];
  for (const { recorded: recordedItems, actual: actualItems, desired: desiredItems } of groups.values()) {
    const count = Math.max(recordedItems.length, actualItems.length, desiredItems.length);
    for (let i = 0; i < count; i++) {
      rows.push({
        recorded: recordedItems[i] ?? null,
        actual: actualItems[i] ?? null,
        desired: desired === null ? UNKNOWN : (desiredItems[i] ?? null),
      });
    }
  }
  const unknown = (desired ?? []).filter(hasUnknown);
  if (unknown.length > 0) addUnknown(rows, unknown);
  return rows.filter(
    (row) =>
      !equal(row.recorded, row.actual, equality, 'fixed') ||
      (row.desired !== UNKNOWN && !equal(row.recorded, row.desired, equality, 'fixed')),
  );
}

/** Sets each element that is known in part as the desired value of the row that it fits, else adds a row for it. */
function addUnknown(rows: ValueTriple[], unknown: readonly Json[]): void {
  const open = rows.flatMap((row, at) => (row.desired === null ? [{ row, at }] : []));
  const free = new FreeElements(open.map(({ row }) => [row.actual, row.recorded]));
  for (const item of unknown) {
    const match = open[free.take(item) ?? -1];
    if (match === undefined) rows.push({ recorded: null, actual: null, desired: item });
    else rows[match.at] = { ...match.row, desired: item };
  }
}
