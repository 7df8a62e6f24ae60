/** The resources of a plan, each with its recorded, actual and desired values. */
import type { Action, Json } from './finding.ts';
import { field, isEmpty, isObject, type JsonObject, leavesOf, UNKNOWN, withUnknowns } from './json-value.ts';
import type { Masks } from './masks.ts';
import type { PlanParts, ResourceEntry } from './plan-parts.ts';

/** One managed resource with its three whole values, from its entries in `resource_drift` and `resource_changes`. */
export interface Resource {
  readonly entry: ResourceEntry;
  readonly drift: ResourceEntry | undefined;
  readonly change: ResourceEntry | undefined;
  readonly action: Action;
  readonly recorded: Json;
  readonly actual: Json;
  /** Null if the object is removed; may contain `UNKNOWN`. */
  readonly desired: Json;
  /** The masks for before and after, from both entries. */
  readonly masks: Masks;
}

/** Pairs the entries of both lists by address. Data sources and deposed objects are left out. */
export function pairResources(plan: PlanParts): Resource[] {
  const relevant = (entry: ResourceEntry): boolean =>
    entry.mode === 'managed' && !entry.deposed && !entry.actions.includes('read');
  const unpaired = new Map(plan.drift.filter(relevant).map((entry) => [entry.address, entry]));
  const take = (address: string | undefined): ResourceEntry | undefined => {
    const found = address === undefined ? undefined : unpaired.get(address);
    if (found !== undefined) unpaired.delete(found.address);
    return found;
  };
  const changes = plan.changes.filter(relevant);
  const resources = changes.map((change) => {
    const drift = take(change.address);
    return { change, drift };
  });
  // By previous address only after every address found its own entry, because a chain of moves may reuse an old
  // address.
  return [
    ...resources.map(({ change, drift }) => resourceOf(drift ?? take(change.previousAddress), change)),
    ...[...unpaired.values()].map((drift) => resourceOf(drift, undefined)),
  ];
}

function resourceOf(drift: ResourceEntry | undefined, change: ResourceEntry | undefined): Resource {
  const entry = change ?? drift;
  if (entry === undefined) throw new Error('a resource of a plan stands in at least one of its lists');
  const known = drift !== undefined && !entry.importing ? drift : undefined;
  const recorded = known ? known.before : (change?.before ?? null);
  const actual = known ? known.after : (change?.before ?? null);
  // Without a change entry, an apply would not touch it.
  const desired = change ? withUnknowns(change.after, change.afterUnknown) : actual;
  const masks = [
    drift?.beforeSensitive,
    drift?.afterSensitive,
    change?.beforeSensitive,
    change?.afterSensitive,
  ];
  return {
    entry,
    drift: known,
    change,
    action: change ? actionOf(change.actions) : 'none',
    recorded,
    actual,
    desired,
    masks: masks.filter((mask) => mask !== undefined && mask !== null && mask !== false),
  };
}

/** What Terraform's list of actions does to a resource. */
export function actionOf(actions: readonly string[]): Action {
  const has = (action: string): boolean => actions.includes(action);
  if (has('create') && (has('delete') || has('forget'))) return 'replace';
  if (has('create')) return 'create';
  if (has('delete')) return 'delete';
  if (has('forget')) return 'forget';
  return has('update') ? 'update' : 'none';
}

/**
 * Pairs of attributes with the same content: what the code writes, and the complete map with the provider's
 * defaults.
 */
const TWINS = [
  { own: 'tags', all: 'tags_all' },
  { own: 'labels', all: 'effective_labels' },
  { own: 'annotations', all: 'effective_annotations' },
] as const;

/** The attribute that the code writes, for the name of its twin or echo; undefined for every other attribute. */
export function ownAttribute(name: string): string | undefined {
  if (name === 'terraform_labels') return 'labels';
  return TWINS.find(({ all }) => all === name)?.own;
}

/**
 * Merges each pair of twin attributes into the one that the code writes. The complete map wins, because only there
 * a changed default shows as old -> new.
 */
export function withoutTwins(resource: Resource): Resource {
  let { recorded, actual, desired, masks } = resource;
  for (const { own, all } of TWINS) {
    const places = [recorded, actual, desired].filter(isObject);
    if (!places.some((p) => isObject(p[all])) || !places.every((p) => Object.hasOwn(p, own))) continue;
    const mine = asObject(field(recorded, own));
    const defaults = Object.entries(asObject(field(recorded, all))).filter(
      ([key]) => !Object.hasOwn(mine, key),
    );
    const merge = (place: Json): Json => mergeTwins(place, own, all, defaults);
    [recorded, actual, desired] = [merge(recorded), merge(actual), merge(desired)];
    masks = masks.map((mask) => mergeMasks(mask, own, all));
  }
  return { ...resource, recorded, actual, desired, masks };
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function mergeTwins(
  place: Json,
  own: string,
  all: string,
  defaults: readonly (readonly [string, Json])[],
): Json {
  if (!isObject(place)) return place;
  const { [own]: mine, [all]: complete, terraform_labels: _echo, ...rest } = place;
  if (mine === UNKNOWN) return { ...rest, [own]: UNKNOWN };
  if (complete === UNKNOWN) {
    // What the code writes is known. The defaults are assumed to stay, because nothing says otherwise.
    return { ...rest, [own]: { ...Object.fromEntries(defaults), ...asObject(mine) } };
  }
  if (isEmpty(complete)) return { ...rest, [own]: mine ?? null };
  return { ...rest, [own]: { ...asObject(mine), ...asObject(complete) } };
}

function mergeMasks(mask: Json, own: string, all: string): Json {
  if (!isObject(mask)) return mask;
  const { [own]: mine, [all]: complete, ...rest } = mask;
  if (mine === true || complete === true) return { ...rest, [own]: true };
  const [a, b] = [asObject(mine), asObject(complete)];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const both = keys.map((key) => [key, field(a, key) === true || field(b, key) === true] as const);
  return { ...rest, [own]: Object.fromEntries(both) };
}

/** The names by which other resources refer to this one. */
export function handlesOf(resource: Resource): Set<string> {
  const names = ['id', 'arn', 'name', 'bucket', 'url'];
  const values = [resource.recorded, resource.actual].flatMap((place) =>
    names.map((name) => field(place, name)),
  );
  return new Set(values.filter((v): v is string => typeof v === 'string' && v !== ''));
}

/** All strings in a resource's three values. */
export function namesIn({ recorded, actual, desired }: Resource): string[] {
  return [...new Set([recorded, actual, desired])]
    .flatMap(leavesOf)
    .filter((leaf) => typeof leaf === 'string');
}
