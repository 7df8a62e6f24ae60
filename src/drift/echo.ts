/** Removes echoes: drift that only repeats what another resource (a sibling) manages and reports itself. */
import { managesAspect, managesAttribute } from './aspects.ts';
import { type Configuration, configKey } from './configuration.ts';
import type { Json } from './finding.ts';
import { field, isEmpty, isObject } from './json-value.ts';
import {
  addressOfHost,
  areVersions,
  hasDistinctive,
  type Pool,
  poolOf,
  repeats,
  tellsDifference,
} from './repeats.ts';
import { handlesOf, namesIn, type Resource } from './resource.ts';
import type { Schema } from './schema.ts';
import { isRuleEcho } from './security-group.ts';
import type { RawRow } from './walk.ts';

/** Types that connect two resources, so that one of them shows values of the other. */
const LINK = /_(?:attachment|association)s?$/;
/** Attributes with a person's own labels, and the types that manage a single one of them. */
const LABELS = new Set([
  'tags',
  'tags_all',
  'labels',
  'effective_labels',
  'annotations',
  'effective_annotations',
]);
const LABEL_TYPE = /_(?:tags?|labels?|annotations?)$/;

/** Attributes with a resource's own name. */
const OWN_NAMES = new Set(['id', 'arn', 'name', 'url', 'self_link']);

/** A sibling with all values that it may explain. */
interface Witness {
  readonly sibling: Resource;
  readonly recorded: Pool;
  readonly actual: Pool;
}

/** Knows all resources of a plan, and therefore which drift is only an echo. */
export class Echoes {
  readonly #resources: readonly Resource[];
  readonly #configuration: Configuration;
  readonly #schema: Schema | undefined;
  #byHandle: ReadonlyMap<string, ReadonlySet<Resource>> | undefined;
  #handles: ReadonlyMap<string, readonly Resource[]> | undefined;
  #links: ReadonlyMap<string, readonly Resource[]> | undefined;

  constructor(resources: readonly Resource[], configuration: Configuration, schema?: Schema) {
    this.#resources = resources;
    this.#configuration = configuration;
    this.#schema = schema;
  }

  /**
   * The rows of a resource that are echoes of a sibling. `candidates`: rows of attributes that the resource's own
   * code does not set and that an apply would not change.
   */
  among(resource: Resource, candidates: readonly RawRow[]): ReadonlySet<RawRow> {
    const { type } = resource.entry;
    const possible = candidates.filter((row) => mayBeFilledIn(type, row, this.#schema));
    if (possible.length === 0) return new Set();
    const siblings = this.#siblingsOf(resource);
    if (siblings.length === 0) return new Set();
    const isManaged = (row: RawRow): boolean => isAspect(resource, row, siblings);
    const open = possible.filter((row) => !isManaged(row));
    const echoed = new Set(possible.filter(isManaged));
    if (open.length === 0) return echoed;
    for (const sibling of siblings) {
      if (echoed.size === possible.length) break;
      const witness = this.#witness(sibling, resource);
      for (const row of echoesOf(witness, resource, open)) echoed.add(row);
    }
    return echoed;
  }

  #siblingsOf(resource: Resource): Resource[] {
    const { type } = resource.entry;
    const key = configKey(resource.entry);
    const { referrers, blocks } = this.#configuration;
    const referring = referrers.get(key);
    const handles = handlesOf(resource);
    const isNear = (other: Resource): boolean => {
      if (isSame(other, resource)) return false;
      if (isPartOf(other.entry.type, type)) return true;
      const otherKey = configKey(other.entry);
      if (referring?.has(otherKey) === true) return true;
      // The code no longer has one of the two, so it can't say how they are connected.
      const unsaid = !blocks.has(key) || !blocks.has(otherKey);
      return unsaid && !isPartOf(type, other.entry.type) && refersTo(other, handles);
    };
    const byHandle = this.#index();
    const all = new Set([...handles].flatMap((handle) => [...(byHandle.get(handle) ?? [])]));
    return [...all].filter(isNear);
  }

  /** The values of a sibling, and of what an attachment or association connects with it. */
  #witness(sibling: Resource, resource: Resource): Witness {
    const connected = LINK.test(sibling.entry.type)
      ? namesIn(sibling).flatMap((name) => this.#handleIndex().get(name) ?? [])
      : [...handlesOf(sibling)].flatMap((handle) => this.#linkIndex().get(handle) ?? []);
    const all = [
      sibling,
      ...connected.filter((other) => !isSame(other, resource) && !isSame(other, sibling)),
    ];
    return {
      sibling,
      recorded: poolOf(all.map((one) => one.recorded)),
      actual: poolOf(all.map((one) => one.actual)),
    };
  }

  /**
   * Handle of a drifted resource -> the resources that mention it. Built in one pass, because a comparison of all
   * pairs takes minutes for a big plan.
   */
  #index(): ReadonlyMap<string, ReadonlySet<Resource>> {
    if (this.#byHandle !== undefined) return this.#byHandle;
    const drifted = this.#resources.filter((resource) => resource.drift !== undefined);
    const index = new Map<string, Set<Resource>>();
    for (const handle of drifted.flatMap((resource) => [...handlesOf(resource)]))
      index.set(handle, new Set());
    for (const resource of this.#resources) {
      for (const name of namesIn(resource)) index.get(name)?.add(resource);
    }
    this.#byHandle = index;
    return index;
  }

  /** Id or ARN -> the resources that it names. */
  #handleIndex(): ReadonlyMap<string, readonly Resource[]> {
    this.#handles ??= indexBy(this.#resources, ({ recorded, actual }) =>
      [recorded, actual].flatMap((place) => [field(place, 'id'), field(place, 'arn')]).filter(isText),
    );
    return this.#handles;
  }

  /** Text -> the attachments and associations that mention it. */
  #linkIndex(): ReadonlyMap<string, readonly Resource[]> {
    this.#links ??= indexBy(
      this.#resources.filter(({ entry }) => LINK.test(entry.type)),
      namesIn,
    );
    return this.#links;
  }
}

/** True for two views of one resource. */
function isSame(a: Resource, b: Resource): boolean {
  return a.entry === b.entry;
}

/** True if resources of the type `part` manage something of resources of the type `whole`. */
function isPartOf(part: string, whole: string): boolean {
  return (
    managesAspect(part, whole) ||
    part.startsWith(`${whole}_`) ||
    (whole === 'aws_security_group' && part.startsWith('aws_vpc_security_group_'))
  );
}

/**
 * True if an argument of the resource names the other one, as `instance_id` does. What only lists the other one
 * somewhere inside is its parent, and two resources must never count as each other's echo.
 */
function refersTo({ recorded, actual }: Resource, handles: ReadonlySet<string>): boolean {
  return [recorded, actual].some(
    (place) =>
      isObject(place) &&
      Object.entries(place).some(
        ([name, value]) => !OWN_NAMES.has(name) && typeof value === 'string' && handles.has(value),
      ),
  );
}

function indexBy(
  resources: readonly Resource[],
  namesOf: (resource: Resource) => readonly string[],
): ReadonlyMap<string, readonly Resource[]> {
  const index = new Map<string, Resource[]>();
  for (const resource of resources) {
    for (const name of new Set(namesOf(resource))) {
      const known = index.get(name);
      if (known === undefined) index.set(name, [resource]);
      else known.push(resource);
    }
  }
  return index;
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

/**
 * False if the provider never fills the attribute in by itself, so that it can't repeat anything. A schema does not say
 * so about blocks.
 */
function mayBeFilledIn(type: string, row: RawRow, schema: Schema | undefined): boolean {
  const place = schema?.at(type, row.segments.slice(0, 1));
  return place === undefined || place.block || place.computed;
}

/** True if siblings manage the row's attribute as a whole. */
function isAspect(resource: Resource, row: RawRow, siblings: readonly Resource[]): boolean {
  const [attribute] = row.segments;
  if (typeof attribute !== 'string') return false;
  const { type } = resource.entry;
  if (type === 'aws_security_group' && (attribute === 'ingress' || attribute === 'egress')) {
    return isRuleEcho(resource, attribute, row, siblings);
  }
  return siblings.some((sibling) => managesAttribute(sibling, type, attribute));
}

/** The rows that one sibling explains by its values. */
function echoesOf(witness: Witness, resource: Resource, rows: readonly RawRow[]): RawRow[] {
  const own = { recorded: poolOf([witness.sibling.recorded]), actual: poolOf([witness.sibling.actual]) };
  return rows.filter((row) => {
    const [attribute] = row.segments;
    if (typeof attribute !== 'string' || isRule(resource, attribute)) return false;
    if (LABELS.has(attribute) && !isLabelOf(witness.sibling, row)) return false;
    const earlier = versionOf(row, rows);
    if (earlier !== undefined) {
      const now = row.actual === null ? earlier : row;
      const before = row.actual === null ? row : earlier;
      const { sibling, actual } = witness;
      return (
        repeats(now.actual, actual) &&
        hasDistinctive([now.actual], own.actual) &&
        tellsDifference(before.recorded, now.actual, actual, [sibling.actual])
      );
    }
    if (pointsAt(row, attribute, witness.sibling)) return true;
    if (!repeats(row.recorded, witness.recorded) || !repeats(row.actual, witness.actual)) return false;
    return (
      namesSibling(row, witness.sibling) ||
      hasDistinctive([row.recorded], own.recorded) ||
      hasDistinctive([row.actual], own.actual)
    );
  });
}

function isRule({ entry }: Resource, attribute: string): boolean {
  return entry.type === 'aws_security_group' && (attribute === 'ingress' || attribute === 'egress');
}

/** The row of the same collection with another version of the element; undefined if there is none. */
function versionOf(row: RawRow, rows: readonly RawRow[]): RawRow | undefined {
  if (row.segments.at(-1) !== null || isEmpty(row.recorded) === isEmpty(row.actual)) return undefined;
  const collection = JSON.stringify(row.segments);
  return rows.find((other) => {
    if (JSON.stringify(other.segments) !== collection) return false;
    return isEmpty(row.actual)
      ? isEmpty(other.recorded) && areVersions(row.recorded, other.actual)
      : isEmpty(other.actual) && areVersions(other.recorded, row.actual);
  });
}

/** True if the sibling manages this one label, and no other. */
function isLabelOf({ entry, recorded, actual }: Resource, row: RawRow): boolean {
  const label = row.segments[1];
  if (!LABEL_TYPE.test(entry.type) || typeof label !== 'string') return false;
  return [recorded, actual].some(
    (place) =>
      field(place, 'key') === label ||
      (isObject(place) && Object.values(place).some((value) => field(value, label) !== undefined)),
  );
}

/** True if an element is the name of the sibling, however short. */
function namesSibling(row: RawRow, sibling: Resource): boolean {
  const values = [row.recorded, row.actual].filter((value) => !isEmpty(value));
  const names = ['id', 'identifier', 'name', 'arn'];
  return (
    values.length > 0 &&
    values.every((value) =>
      [sibling.recorded, sibling.actual].some((place) => names.some((name) => field(place, name) === value)),
    )
  );
}

/**
 * True if the attribute now has what an attachment or association gives it, instead of a default: the value of its
 * attribute with the same name (`main_route_table_id` from `route_table_id`, `association_id` from `id`), or the host
 * name of its address.
 */
function pointsAt(row: RawRow, attribute: string, { entry, actual }: Resource): boolean {
  if (!LINK.test(entry.type) || !isText(row.actual) || !isObject(actual)) return false;
  if (row.segments.length !== 1 || !(row.recorded === null || typeof row.recorded === 'string')) return false;
  const address = addressOfHost(row.actual);
  if (address !== undefined) {
    const before = isEmpty(row.recorded) || addressOfHost(row.recorded) !== undefined;
    return before && Object.values(actual).includes(address);
  }
  return Object.entries(actual).some(
    ([name, value]) => value === row.actual && (attribute === name || attribute.endsWith(`_${name}`)),
  );
}
