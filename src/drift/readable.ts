/**
 * Attributes as people read them: a firewall rule is one thing, and two elements of the same name are one element
 * that changed inside.
 */
import { compareTexts } from '../text/words.ts';
import { type Equality, equal } from './canonical.ts';
import type { AttributeDrift, Json, JsonDifference, Origin, ShownValue } from './finding.ts';
import { field, isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { NO_MASKS } from './masks.ts';
import { kindOf, pathOf } from './redact.ts';
import { HIDDEN } from './secrets.ts';
import { isMarker, ruleText } from './value-text.ts';
import { walk } from './walk.ts';

type Place = JsonDifference & { readonly origin?: Origin };
type PlaceName = 'recorded' | 'actual' | 'desired';
const PLACES = ['recorded', 'actual', 'desired'] as const satisfies readonly PlaceName[];

/** Rows of one list that tell of the same element, and that element in all three places. */
interface Pair<P> {
  readonly rows: readonly P[];
  readonly recorded: ShownValue;
  readonly actual: ShownValue;
  readonly desired: ShownValue;
}

/**
 * The attributes with rows that belong together made one:
 * - Rows inside a single firewall rule become that rule, with its whole values.
 * - A removed and an added rule with the same protocol and ports, or else the same sources, become one changed rule.
 * - A removed and an added element with the same `name`, `Sid`, `id` or `key` become one attribute whose `json` lists
 *   what differs inside; also within JSON documents.
 *
 * The order is kept. Two elements with hidden parts stay apart, because what is hidden can't be compared.
 */
export function readableAttributes(attributes: readonly AttributeDrift[]): readonly AttributeDrift[] {
  // Most resources have nothing to join, and a card asks for thousands of them.
  const whole = attributes.every(({ element, json }) => element === undefined && json === undefined);
  if (whole && attributes.filter(isElement).length < 2) return attributes;
  return pairRules(pairNamed(joinElements(attributes))).map((attribute) =>
    attribute.json === undefined ? attribute : { ...attribute, json: pairInside(attribute.json) },
  );
}

/** True for an element of a list or set that is told as a whole. */
function isElement({ path }: Pick<Place, 'path'>): boolean {
  return path.endsWith('[*]');
}

/** One attribute for all rows inside the same firewall rule. */
function joinElements(attributes: readonly AttributeDrift[]): readonly AttributeDrift[] {
  const groups = Map.groupBy(attributes, (attribute) => attribute.element?.path);
  return attributes.flatMap((attribute) => {
    const { element } = attribute;
    if (element === undefined || looksAlike(element)) return [attribute];
    const rows = groups.get(element.path) ?? [];
    if (rows[0] !== attribute) return [];
    const { recorded, actual, desired } = element;
    return [joined({ rows, recorded, actual, desired }, element.path)];
  });
}

/** The attribute that replaces the rows of a pair. */
function joined(pair: Pair<AttributeDrift>, path: string, json?: readonly JsonDifference[]): AttributeDrift {
  const { rows, recorded, actual, desired } = pair;
  const inputs = [...new Set(rows.flatMap((row) => row.inputs ?? []))];
  const every = (flag: 'computed' | 'unsteady' | 'orderOnly'): boolean => rows.every((row) => row[flag]);
  return {
    path,
    origin: originOf(rows),
    kind: kindOfPlace(pair),
    recorded,
    actual,
    desired,
    sensitive: rows.some((row) => row.sensitive),
    ...(json === undefined ? {} : { json }),
    ...(inputs.length === 0 ? {} : { inputs }),
    ...(rows.some((row) => row.forcesReplacement) ? { forcesReplacement: true as const } : {}),
    ...(every('orderOnly') ? { orderOnly: true as const } : {}),
    ...(every('computed') ? { computed: true as const } : {}),
    ...(rows.some((row) => row.unsteady) ? { unsteady: true as const } : {}),
  };
}

function originOf(rows: readonly AttributeDrift[]): Origin {
  const origins = new Set(rows.map((row) => row.origin));
  const [only] = origins;
  return origins.size === 1 && only !== undefined ? only : 'both';
}

function kindOfPlace(place: Pick<Place, PlaceName>): JsonDifference['kind'] {
  const points = revived(place);
  return kindOf(points, !equal(points.recorded, points.actual, 'exact'));
}

function pairNamed(attributes: readonly AttributeDrift[]): readonly AttributeDrift[] {
  return paired(attributes, nameOf, (pair, name) => {
    const json = insideOf(pair, 'plan');
    return json === undefined ? undefined : joined(pair, pathWithName(pair.rows, name), json);
  });
}

function pairRules(attributes: readonly AttributeDrift[]): readonly AttributeDrift[] {
  const join = (pair: Pair<AttributeDrift>): AttributeDrift | undefined =>
    looksAlike(pair) ? undefined : joined(pair, pair.rows[0]?.path ?? '');
  return [numberOf, portsOf, sourcesOf].reduce((rows, keyOf) => paired(rows, keyOf, join), attributes);
}

/** True if the places differ and yet read the same: then the difference would be invisible. */
function looksAlike({ recorded, actual, desired }: Pick<Place, PlaceName>): boolean {
  const rules = [recorded, actual, desired].filter((rule) => !isEmpty(rule as Json));
  return new Set(rules.map((rule) => ruleText(rule as Json))).size < 2;
}

/** The differences inside a JSON document, with elements of the same name made one. */
function pairInside(rows: readonly JsonDifference[]): readonly JsonDifference[] {
  return paired(rows, nameOf, (pair, name) => {
    const path = pathWithName(pair.rows, name);
    // A policy document is the only one with statements.
    const inner = insideOf(pair, path.startsWith('Statement[') ? 'iam' : 'json');
    return inner?.map((row) => ({ ...row, path: innerPath(path, row.path) }));
  });
}

const innerPath = (outer: string, inner: string): string =>
  inner.startsWith('[') ? `${outer}${inner}` : `${outer}.${inner}`;

function pathWithName(rows: readonly Place[], name: string): string {
  const path = rows[0]?.path ?? '';
  return `${path.slice(0, -'[*]'.length)}[${name}]`;
}

/**
 * Replaces all rows of one list that have the same key by what `join` makes of them. Left as they are: rows whose key
 * is undefined, a row alone, and rows of which two are in the same place, because it is not clear which belong together.
 */
function paired<P extends Place>(
  rows: readonly P[],
  keyOf: (row: P) => string | undefined,
  join: (pair: Pair<P>, key: string) => P | readonly P[] | undefined,
): readonly P[] {
  if (rows.filter(isElement).length < 2) return rows;
  const groups = new Map<string, { readonly key: string; readonly rows: P[] }>();
  const groupOf = new Map<P, string>();
  for (const row of rows) {
    const key = isElement(row) ? keyOf(row) : undefined;
    if (key === undefined) continue;
    const id = JSON.stringify([row.path, key]);
    groupOf.set(row, id);
    const group = groups.get(id) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(id, group);
  }
  const made = new Map<string, readonly P[] | undefined>();
  for (const [id, group] of groups) {
    const pair = pairOf(group.rows);
    const result = pair === undefined ? undefined : join(pair, group.key);
    made.set(id, result === undefined || isList(result) ? result : [result]);
  }
  return rows.flatMap((row) => {
    const id = groupOf.get(row);
    const result = id === undefined ? undefined : made.get(id);
    if (id === undefined || result === undefined) return [row];
    return groups.get(id)?.rows[0] === row ? result : [];
  });
}

function isList<P>(value: P | readonly P[]): value is readonly P[] {
  return Array.isArray(value);
}

function pairOf<P extends Place>(rows: readonly P[]): Pair<P> | undefined {
  if (rows.length < 2) return undefined;
  const found: Record<PlaceName, ShownValue> = { recorded: null, actual: null, desired: null };
  for (const place of PLACES) {
    const filled = rows.filter((row) => !isEmpty(row[place] as Json) && !isUnknown(row[place]));
    if (filled.length > 1) return undefined;
    const unknown = rows.find((row) => isUnknown(row[place]));
    found[place] = filled[0]?.[place] ?? unknown?.[place] ?? null;
  }
  return { rows, ...found };
}

function isUnknown(value: ShownValue): boolean {
  return isMarker(value as Json, 'unknown');
}

/** The names of elements, in the order in which they are looked for. */
const NAMES = ['name', 'Name', 'Sid', 'sid', 'id', 'Id', 'ID', 'key', 'Key'];

/** `Sid="Open"`: the name of an element that people see; undefined if it has none. */
function nameOf(row: Place): string | undefined {
  const element = elementOf(row);
  for (const name of NAMES) {
    const value = field(element, name);
    if (typeof value === 'string' && value !== '' && !value.includes(HIDDEN))
      return `${name}=${JSON.stringify(value)}`;
    if (typeof value === 'number') return `${name}=${value}`;
  }
  return undefined;
}

function elementOf(row: Place): Json {
  return PLACES.map((place) => row[place]).find(
    (value) => !isEmpty(value as Json) && !isUnknown(value),
  ) as Json;
}

/** The number of a rule of a network ACL, which identifies it. */
function numberOf(row: Place): string | undefined {
  const rule = elementOf(row);
  const number = field(rule, 'rule_no');
  return ruleText(rule) === undefined || number === undefined ? undefined : String(number);
}

function portsOf(row: Place): string | undefined {
  const rule = elementOf(row);
  if (ruleText(rule) === undefined) return undefined;
  return JSON.stringify(['protocol', 'from_port', 'to_port'].map((key) => field(rule, key)));
}

const SOURCES = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'security_groups', 'self'];

function sourcesOf(row: Place): string | undefined {
  const rule = elementOf(row);
  if (ruleText(rule) === undefined) return undefined;
  return JSON.stringify(
    SOURCES.map((key) => {
      const value = field(rule, key);
      return isArray(value) ? value.map(String).sort() : (value ?? null);
    }),
  );
}

/**
 * What differs inside a pair; undefined if that can't be told: parts are hidden, the element is missing in the cloud or
 * not recorded, or only the order differs.
 */
function insideOf(pair: Pair<Place>, equality: Equality): readonly JsonDifference[] | undefined {
  const given = revived(pair);
  if (isEmpty(given.recorded) || isEmpty(given.actual)) return undefined;
  const gone = isEmpty(given.desired);
  if (gone && pair.rows.some((row) => row.origin !== undefined && row.origin !== 'cloud')) return undefined;
  // Without a desired element, only what the cloud changed is a difference.
  const points = gone ? { ...given, desired: given.recorded } : given;
  if (PLACES.some((place) => hasHidden(points[place]))) return undefined;
  const rows = walk(points, NO_MASKS, equality);
  if (rows.length === 0 || rows.some((row) => row.segments.length === 0)) return undefined;
  const inner = rows.map(
    (row): JsonDifference => ({
      path: pathOf(row, (key) => key),
      kind: kindOf(row, !equal(row.recorded, row.actual, equality)),
      recorded: shownAgain(row.recorded),
      actual: shownAgain(row.actual),
      desired: gone ? null : shownAgain(row.desired),
    }),
  );
  return pairInside(inner.sort((a, b) => compareTexts(a.path, b.path)));
}

function hasHidden(value: Json): boolean {
  if (typeof value === 'string') return value.includes(HIDDEN);
  if (isArray(value)) return value.some(hasHidden);
  if (isMarker(value, 'sensitive')) return true;
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, child]) => key.includes(HIDDEN) || hasHidden(child));
}

/** Shown values as the analysis compares them: a marker is again the value that is not known. */
function revived(place: Pick<Place, PlaceName>): Record<PlaceName, Json> {
  return {
    recorded: revive(place.recorded as Json),
    actual: revive(place.actual as Json),
    desired: revive(place.desired as Json),
  };
}

function revive(value: Json): Json {
  if (isUnknown(value)) return UNKNOWN;
  if (isArray(value)) return value.map(revive);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, revive(child)]));
}

function shownAgain(value: Json): ShownValue {
  return value === UNKNOWN ? { unknown: true } : value;
}
