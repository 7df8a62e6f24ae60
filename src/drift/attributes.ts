/** Decides for each attribute that differs whether the cloud, the code or both changed it. */
import { equal } from './canonical.ts';
import { type ResourceCode, type WrittenValue, writtenAt } from './configuration.ts';
import type { Action, AttributeDrift, Json, Origin } from './finding.ts';
import { field, hasUnknown, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { documentDifferences, hidesAnything, kindOf, pathOf, type Scrubber, shown } from './redact.ts';
import type { Resource } from './resource.ts';
import { type RawRow, walk } from './walk.ts';

/** A place in a resource where the values differ, and who changed it. */
export interface JudgedRow {
  readonly raw: RawRow;
  readonly origin: Origin;
  /** True if an apply would not change the cloud's value. */
  readonly leftInPlace: boolean;
  /** Whether the code sets the attribute; undefined if the plan does not say. */
  readonly set: boolean | undefined;
  /** The data sources from which the code computes the value. */
  readonly data?: readonly string[] | undefined;
}

/**
 * The attributes of a resource whose three values are not all equal, each with its origin. If the whole object is
 * created or removed, only those that the cloud changed.
 */
export function judgeAttributes(resource: Resource, code: ResourceCode): JudgedRow[] {
  const { recorded, actual, action } = resource;
  if (recorded === null || actual === null) return [];
  const goes = action === 'delete' || action === 'forget' || action === 'create';
  // Compared with the recorded value, only what the cloud changed is left.
  const desired = goes ? recorded : resource.desired;
  const rows = walk({ recorded, actual, desired }, resource.masks, 'plan');
  return rows.flatMap((raw) => {
    const written = writtenAt(code, raw.segments);
    if (goes)
      return [
        { raw: { ...raw, desired: null }, origin: 'cloud' as const, leftInPlace: false, set: written?.set },
      ];
    const judged = judge(raw, written, action);
    return judged === undefined ? [] : [judged];
  });
}

function judge(found: RawRow, written: WrittenValue | undefined, action: Action): JudgedRow | undefined {
  const set = written?.set;
  const raw =
    set !== true && action === 'update' && isCounter(found) ? { ...found, desired: UNKNOWN } : found;
  const { recorded, actual, desired } = raw;
  const row = (origin: Origin, leftInPlace = false): JudgedRow => ({
    raw,
    origin,
    leftInPlace: leftInPlace,
    set,
    data: origin === 'cloud' ? undefined : written?.data,
  });
  const cloudMoved = !equal(recorded, actual, 'plan');
  if (hasUnknown(desired)) {
    // An attribute that the code does not set can become unknown without anybody changing it.
    if (cloudMoved) return row(set === true ? 'both' : 'cloud');
    return set === true ? row('code') : undefined;
  }
  // For an attribute that the code does not set, providers fill in a zero and plan it as null.
  const silent = set !== true && isEmpty(desired) && (recorded === false || recorded === 0);
  if (!cloudMoved) return silent && action === 'replace' ? undefined : row('code');
  if (silent || equal(desired, recorded, 'plan')) return row('cloud');
  if (!equal(desired, actual, 'plan')) return row('both');
  return row(codeCaughtUp(raw, written) ? 'both' : 'cloud', true);
}

/**
 * True for a number that the cloud raises with each change, such as the `version` of a parameter. Some providers
 * plan its current value, but the coming update raises it again, so its desired value is unknown.
 */
function isCounter({ segments, recorded, actual, desired }: RawRow): boolean {
  const [name] = segments;
  return (
    segments.length === 1 &&
    typeof name === 'string' &&
    /^(latest_)?(version|revision|generation)$/.test(name) &&
    Number.isInteger(recorded) &&
    Number.isInteger(actual) &&
    recorded !== actual &&
    desired === actual
  );
}

/** True if the code contains exactly the cloud's current value: then the code changed as well. */
function codeCaughtUp(raw: RawRow, written: WrittenValue | undefined): boolean {
  const constant = written?.constant;
  if (constant === undefined) return false;
  if (raw.segments.at(-1) !== null) return equal(constant, raw.actual, 'plan');
  const elements: readonly Json[] = isArray(constant) ? constant : [];
  // If in doubt, the code did not change. An element counts for it only if the whole element matches, and against
  // it if any part matches.
  return isEmpty(raw.actual)
    ? !elements.some((element) => matchesWritten(element, raw.recorded, () => true))
    : elements.some((element) => matchesWritten(element, raw.actual, isBlank));
}

/**
 * True if the value matches what the code writes. `fills` decides about fields that the code leaves empty and the
 * provider fills in.
 */
function matchesWritten(written: Json, value: Json, fills: (filled: Json | undefined) => boolean): boolean {
  if (!isObject(written) || !isObject(value)) return equal(written, value, 'plan');
  return Object.keys(written).every((key) => {
    const expected = written[key] ?? null;
    return isEmpty(expected)
      ? fills(field(value, key))
      : matchesWritten(expected, field(value, key) ?? null, fills);
  });
}

function isBlank(value: Json | undefined): boolean {
  return isEmpty(value) || value === false || value === 0;
}

/**
 * For an update or replace without a visible difference: the rows that explain it, which are the order of a list,
 * or values that are not known yet. Undefined if the only cause is another spelling of an empty value.
 */
export function judgeHiddenCause(resource: Resource): JudgedRow[] | undefined {
  const { recorded, actual, desired, masks, change, action } = resource;
  const reordered = walk({ recorded, actual, desired }, masks, 'exact').filter(
    (row) => row.desired !== UNKNOWN && !equal(row.recorded, row.desired, 'exact'),
  );
  const rows = reordered.map(
    (raw): JudgedRow => ({ raw, origin: 'code', leftInPlace: false, set: undefined }),
  );
  if (rows.length > 0 || action === 'replace') return rows;
  const unknown = walk({ recorded, actual, desired }, masks, 'plan').filter((row) => hasUnknown(row.desired));
  if (unknown.length > 0)
    return unknown.map((raw) => ({ raw, origin: 'code', leftInPlace: false, set: undefined }));
  // Only the sensitivity changed. The code changed it, and an apply writes it to the state.
  const [was, will] = [change?.beforeSensitive, change?.afterSensitive].map((m) =>
    JSON.stringify(m ?? false),
  );
  if (
    was !== will &&
    equal(actual, desired, 'exact') &&
    JSON.stringify(change?.before) === JSON.stringify(change?.after)
  ) {
    return [];
  }
  return undefined;
}

/** The row in the form that people may see: secrets hidden. */
export function showAttribute(judged: JudgedRow, resource: Resource, scrub: Scrubber): AttributeDrift {
  const { raw, origin } = judged;
  const cloudMoved = !equal(raw.recorded, raw.actual, 'plan');
  const json = documentDifferences(raw, scrub);
  return {
    path: pathOf(raw, scrub),
    origin,
    kind: kindOf(raw, cloudMoved),
    recorded: shown(raw.recorded, raw.masks, scrub),
    actual: shown(raw.actual, raw.masks, scrub),
    desired: shown(raw.desired, raw.masks, scrub),
    sensitive: holdsSecret(raw, scrub),
    ...(judged.leftInPlace && holdsSecret(raw, scrub) ? { leftInPlace: true as const } : {}),
    ...(json === undefined || json.length === 0 ? {} : { json }),
    ...(judged.data === undefined ? {} : { inputs: judged.data }),
    ...(forcesReplacement(raw, resource) ? { forcesReplacement: true as const } : {}),
  };
}

/** True if any value of the row is a secret or contains one. */
export function holdsSecret(raw: RawRow, scrub: Scrubber): boolean {
  return [raw.recorded, raw.actual, raw.desired].some((value) => hidesAnything(value, raw.masks, scrub));
}

function forcesReplacement(raw: RawRow, resource: Resource): boolean {
  if (resource.action !== 'replace') return false;
  return (resource.change?.replacePaths ?? []).some(
    (path) =>
      isArray(path) &&
      path.every((step, i) => {
        const segment = raw.segments[i];
        // Indexes in sets have no meaning, and the path may be longer than the row.
        return segment === undefined || segment === null || typeof step !== 'string' || step === segment;
      }),
  );
}
