import { equal } from './canonical.ts';
import { type Code, type Written, writtenAt } from './configuration.ts';
import type { Action, AttributeDrift, Json, Origin } from './finding.ts';
import { field, hasUnknown, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { documentDifferences, hidesAnything, kindOf, pathOf, type Scrubber, shown } from './redact.ts';
import type { Resource } from './resource.ts';
import { type RawRow, walk } from './walk.ts';

/** A place that differs, and who moved it. */
export interface JudgedRow {
  readonly raw: RawRow;
  readonly origin: Origin;
  /** True where an apply would leave the cloud's value as it is. */
  readonly kept: boolean;
  /** Whether the code sets the attribute; undefined where the plan doesn't tell. */
  readonly set: boolean | undefined;
  /** The data sources the code works the value out from. */
  readonly data?: readonly string[] | undefined;
}

/**
 * The attributes of a resource whose three values are not all equal, each with its origin. Where the object
 * comes or goes as a whole, only what the cloud moved.
 */
export function judgeAttributes(resource: Resource, code: Code): JudgedRow[] {
  const { recorded, actual, action } = resource;
  if (recorded === null || actual === null) return [];
  const goes = action === 'delete' || action === 'forget' || action === 'create';
  // Comparing with what was recorded leaves exactly what the cloud moved.
  const desired = goes ? recorded : resource.desired;
  const rows = walk({ recorded, actual, desired }, resource.masks, 'plan');
  return rows.flatMap((raw) => {
    const written = writtenAt(code, raw.segments);
    if (goes)
      return [{ raw: { ...raw, desired: null }, origin: 'cloud' as const, kept: false, set: written?.set }];
    const judged = judge(raw, written, action);
    return judged === undefined ? [] : [judged];
  });
}

function judge(found: RawRow, written: Written | undefined, action: Action): JudgedRow | undefined {
  const set = written?.set;
  const raw =
    set !== true && action === 'update' && isCounter(found) ? { ...found, desired: UNKNOWN } : found;
  const { recorded, actual, desired } = raw;
  const row = (origin: Origin, kept = false): JudgedRow => ({
    raw,
    origin,
    kept,
    set,
    data: origin === 'cloud' ? undefined : written?.data,
  });
  const cloudMoved = !equal(recorded, actual, 'plan');
  if (hasUnknown(desired)) {
    // What the code doesn't set merely follows; that it becomes unknown is nobody's change.
    if (cloudMoved) return row(set === true ? 'both' : 'cloud');
    return set === true ? row('code') : undefined;
  }
  // Where the code is silent, providers fill in a zero and plan it as nothing.
  const silent = set !== true && isEmpty(desired) && (recorded === false || recorded === 0);
  if (!cloudMoved) return silent && action === 'replace' ? undefined : row('code');
  if (silent || equal(desired, recorded, 'plan')) return row('cloud');
  if (!equal(desired, actual, 'plan')) return row('both');
  return row(codeCaughtUp(raw, written) ? 'both' : 'cloud', true);
}

/**
 * A number that the cloud raises with each change, such as the `version` of a parameter. Some providers plan
 * it as it is now, but the update that is coming raises it again: it is not known.
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

/** True where the code says literally what the cloud has now: then the code moved as well. */
function codeCaughtUp(raw: RawRow, written: Written | undefined): boolean {
  const constant = written?.constant;
  if (constant === undefined) return false;
  if (raw.segments.at(-1) !== null) return equal(constant, raw.actual, 'plan');
  const elements: readonly Json[] = isArray(constant) ? constant : [];
  // In doubt the code did not move: only what it says in full speaks for it, and anything like it against.
  return isEmpty(raw.actual)
    ? !elements.some((element) => saysSo(element, raw.recorded, () => true))
    : elements.some((element) => saysSo(element, raw.actual, isBlank));
}

/** True where the value is what the code says; `fills` judges what a provider fills in where the code is silent. */
function saysSo(written: Json, value: Json, fills: (filled: Json | undefined) => boolean): boolean {
  if (!isObject(written) || !isObject(value)) return equal(written, value, 'plan');
  return Object.keys(written).every((key) => {
    const said = written[key] ?? null;
    return isEmpty(said) ? fills(field(value, key)) : saysSo(said, field(value, key) ?? null, fills);
  });
}

function isBlank(value: Json | undefined): boolean {
  return isEmpty(value) || value === false || value === 0;
}

/**
 * For an update or replace in which nothing differs: what makes Terraform want it. The order of a list, or
 * values that are not known yet. Undefined where there is only another spelling of an empty value.
 */
export function judgeHiddenCause(resource: Resource): JudgedRow[] | undefined {
  const { recorded, actual, desired, masks, change, action } = resource;
  const reordered = walk({ recorded, actual, desired }, masks, 'exact').filter(
    (row) => row.desired !== UNKNOWN && !equal(row.recorded, row.desired, 'exact'),
  );
  const rows = reordered.map((raw): JudgedRow => ({ raw, origin: 'code', kept: false, set: undefined }));
  if (rows.length > 0 || action === 'replace') return rows;
  const unknown = walk({ recorded, actual, desired }, masks, 'plan').filter((row) => hasUnknown(row.desired));
  if (unknown.length > 0) return unknown.map((raw) => ({ raw, origin: 'code', kept: false, set: undefined }));
  // Only what is sensitive changed: an apply writes that to the state, and somebody wrote it in the code.
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

/** The row as it may be shown. */
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
    ...(json === undefined || json.length === 0 ? {} : { json }),
    ...(judged.data === undefined ? {} : { inputs: judged.data }),
    ...(forcesReplacement(raw, resource) ? { forcesReplacement: true as const } : {}),
  };
}

/** True where any of the row's values is a secret or holds one. */
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
        // Indexes of sets mean nothing, and a path may be longer than the row.
        return segment === undefined || segment === null || typeof step !== 'string' || step === segment;
      }),
  );
}
