/** Decides for each attribute that differs whether the cloud, the code or both changed it. */
import { type Equality, equal } from './canonical.ts';
import { type ResourceCode, type WrittenValue, writtenAt } from './configuration.ts';
import type { Action, AttributeDrift, Json, Origin, ShownValue, WholeElement } from './finding.ts';
import { field, hasUnknown, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { childMasks } from './masks.ts';
import {
  decodedTexts,
  documentDifferences,
  hidesAnything,
  kindOf,
  pathOf,
  type Scrubber,
  shown,
} from './redact.ts';
import type { Resource } from './resource.ts';
import { ruleText } from './value-text.ts';
import { placementOf, type RawRow, walk } from './walk.ts';

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
  /**
   * Set if only the order of a list differs. `planned`: an apply changes it. `schema`: only the schema says that the
   * order matters, so the row does not enter the fingerprint, which must be the same without a schema.
   */
  readonly order?: 'planned' | 'schema';
  /** True if the desired value changes with every plan. */
  readonly unsteady?: boolean;
}

/** The equality for a resource: where an apply changes nothing, the plan says that all empty values are equal. */
function equalityFor(action: Action): Equality {
  return action === 'none' ? 'plan' : 'keys';
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
  const equality = equalityFor(action);
  const rows = walk({ recorded, actual, desired }, resource.masks, equality);
  return rows.flatMap((raw) => {
    const written = writtenAt(code, raw.segments);
    if (goes)
      return [
        { raw: { ...raw, desired: null }, origin: 'cloud' as const, leftInPlace: false, set: written?.set },
      ];
    const judged = judge(raw, written, action, equality);
    return judged === undefined ? [] : [judged];
  });
}

function judge(
  found: RawRow,
  written: WrittenValue | undefined,
  action: Action,
  equality: Equality,
): JudgedRow | undefined {
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
  const placement = placementOf(raw.segments);
  const cloudMoved = !equal(recorded, actual, equality, placement);
  if (hasUnknown(desired)) {
    // An attribute that the code does not set can become unknown without anybody changing it.
    if (cloudMoved) return row(set === true ? 'both' : 'cloud');
    return set === true ? row('code') : undefined;
  }
  // For an attribute that the code does not set, providers fill in a zero and plan it as null.
  const silent = set !== true && isEmpty(desired) && (recorded === false || recorded === 0);
  if (!cloudMoved) return silent && action === 'replace' ? undefined : row('code');
  if (silent || equal(desired, recorded, equality, placement)) return row('cloud');
  if (!equal(desired, actual, equality, placement)) return row('both');
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

/** The row in the form that people may see: secrets hidden. */
export function showAttribute(judged: JudgedRow, resource: Resource, scrub: Scrubber): AttributeDrift {
  const { raw, origin } = judged;
  const cloudMoved =
    judged.order === undefined
      ? !equal(raw.recorded, raw.actual, equalityFor(resource.action), placementOf(raw.segments))
      : origin !== 'code';
  const json = documentDifferences(raw, scrub);
  const decoded = decodedTexts(raw, scrub);
  const element = ruleAround(raw, resource, scrub);
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
    ...(decoded === undefined ? {} : { decoded }),
    ...(element === undefined ? {} : { element }),
    ...(judged.order === undefined ? {} : { orderOnly: true as const }),
    ...(judged.unsteady === true ? { unsteady: true as const } : {}),
    ...(judged.data === undefined ? {} : { inputs: judged.data }),
    ...(forcesReplacement(raw, resource) ? { forcesReplacement: true as const } : {}),
  };
}

/** The firewall rule in which the row lies, if the list has only this one; its ports and sources belong together. */
function ruleAround(raw: RawRow, resource: Resource, scrub: Scrubber): WholeElement | undefined {
  const [list, index] = raw.segments;
  if ((list !== 'ingress' && list !== 'egress') || index !== 0 || raw.segments.length < 3) return undefined;
  const masks = childMasks(childMasks(resource.masks, list), index);
  const at = (place: Json): ShownValue => {
    if (place === UNKNOWN || field(place, list) === UNKNOWN) return { unknown: true };
    const rules = field(place, list);
    return shown((isArray(rules) ? rules[0] : undefined) ?? null, masks, scrub);
  };
  const { recorded, actual, desired } = resource;
  const element = {
    path: `${list}[0]`,
    recorded: at(recorded),
    actual: at(actual),
    desired: at(desired),
  };
  return [element.recorded, element.actual].every((rule) => ruleText(rule as Json) !== undefined)
    ? element
    : undefined;
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
