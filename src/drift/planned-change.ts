/**
 * Planned changes: what an apply does to each address, read from the plan's changes alone. Free of context: the same
 * in a whole plan and in one with `-target`, which sees fewer resources.
 */
import type { InvocationEntry } from './action-invocations.ts';
import type { Segment } from './attribute-path.ts';
import { equal } from './canonical.ts';
import { changeHash, joinHashes, type TypedSchema } from './change-hash.ts';
import type { Json, PlannedChange } from './finding.ts';
import { field, hasUnknown, identical, isArray, isObject, UNKNOWN, withUnknowns } from './json-value.ts';
import { reorders } from './order.ts';
import type { OutputEntry, PlanParts, ResourceEntry } from './plan-parts.ts';
import { type Scrubber, shownPath } from './redact.ts';
import type { Resource } from './resource.ts';
import { ownAttribute } from './resource.ts';
import type { Schema } from './schema.ts';
import { placementOf } from './walk.ts';

/** A place in a resource that an apply changes. */
export interface ChangedPlace {
  readonly segments: readonly Segment[];
  readonly before: Json;
  /** May be `UNKNOWN`, or contain it. */
  readonly after: Json;
}

/** A planned change with the places behind its paths, for the analysis only: they may hold secrets. */
export interface PlannedWithPlaces {
  readonly planned: PlannedChange;
  readonly places: readonly ChangedPlace[];
}

/** What the planned changes of a plan depend on. */
export interface PlannedOptions {
  readonly key: string;
  readonly schema: Schema | undefined;
  readonly scrub: Scrubber;
}

/** The planned change of a resource; undefined if an apply does nothing to it, not even in the state. */
export function plannedOf(resource: Resource, options: PlannedOptions): PlannedWithPlaces | undefined {
  const { change, drift } = resource;
  if (change === undefined) return undefined;
  // A delete's `before` is not refreshed: what would be lost is what the refresh found.
  const goes = change.after === null && drift !== undefined && drift.after !== null;
  return plannedChange(change, goes ? drift.after : change.before, options);
}

/** The planned changes of objects left over from earlier replaces, of outputs, and the invocations of actions. */
export function otherPlanned(plan: PlanParts, options: PlannedOptions): PlannedChange[] {
  const keyOf = (entry: ResourceEntry): string => `${entry.address} ${entry.deposedKey ?? ''}`;
  const drifted = new Map(plan.drift.filter((entry) => entry.deposed).map((entry) => [keyOf(entry), entry]));
  const deposed = plan.changes
    .filter((entry) => entry.deposed)
    .flatMap((entry) => {
      const before = drifted.get(keyOf(entry))?.after ?? entry.before;
      const found = plannedChange(entry, before, options);
      return found === undefined ? [] : [found.planned];
    });
  return [
    ...deposed,
    ...plan.outputs.flatMap((output) => outputChange(output, options)),
    ...plan.invocations.map((invocation) => invocationChange(invocation, options)),
  ];
}

/** The address that a planned change belongs to: an invocation belongs to the resource that triggers it. */
export function ownerOf(change: Pick<PlannedChange, 'address' | 'triggeredBy'>): string {
  return change.triggeredBy ?? change.address;
}

/** The hash of everything that an apply does to one address; null if it does nothing. */
export function hashOfAddress(changes: readonly PlannedChange[], key: string): string | null {
  return changes.length === 0
    ? null
    : joinHashes(
        changes.map((change) => change.hash),
        key,
      );
}

function plannedChange(
  entry: ResourceEntry,
  before: Json,
  options: PlannedOptions,
): PlannedWithPlaces | undefined {
  const { actions, previousAddress, importId } = entry;
  const moves = previousAddress !== undefined && previousAddress !== entry.address;
  const idle = actions.every((action) => action === 'no-op' || action === 'read');
  if (actions.includes('read') || (idle && !moves && !entry.importing)) return undefined;
  const after = withUnknowns(entry.after, entry.afterUnknown);
  const places = idle ? [] : changedPlaces(before, after);
  const typed = options.schema && { schema: options.schema, type: entry.type };
  const masks = identical(before, after) ? [entry.beforeSensitive, entry.afterSensitive] : [];
  const head = [
    ...[entry.deposed ? 'deposed' : 'resource', entry.address, entry.deposedKey ?? null],
    ...[moves ? previousAddress : null, importId ?? null, actions],
    ...[entry.replacePaths.map((path) => JSON.stringify(path)).sort(), masks],
  ];
  // What is created, deleted or replaced is covered as a whole.
  const whole = actions.includes('create') || actions.includes('delete') || actions.includes('forget');
  const values = whole
    ? [before, after].map((value) => ({ segments: [], value }))
    : places.flatMap(({ segments, before: from, after: to }) =>
        [from, to].map((value) => ({ segments, value })),
      );
  const planned: PlannedChange = {
    kind: entry.deposed ? 'deposed' : 'resource',
    address: entry.address,
    ...(entry.deposedKey === undefined ? {} : { deposed: entry.deposedKey }),
    actions,
    paths: shownPaths(places, [before, after], options.scrub),
    effect: effectOf(actions, places, { typed, marks: !identical(masks[0], masks[1]) }),
    hash: changeHash({ head, values }, options.key, typed),
  };
  return { planned, places };
}

function outputChange(output: OutputEntry, options: PlannedOptions): PlannedChange[] {
  if (output.actions.every((action) => action === 'no-op')) return [];
  const address = `output.${output.name}`;
  const after = withUnknowns(output.after, output.afterUnknown);
  const values = [output.before, after].map((value) => ({ segments: [], value }));
  const head = ['output', address, [...output.actions]];
  const hash = changeHash({ head, values }, options.key);
  return [{ kind: 'output', address, actions: output.actions, paths: [], effect: 'change', hash }];
}

function invocationChange(invocation: InvocationEntry, options: PlannedOptions): PlannedChange {
  const { address, type, triggeredBy, event, configValues } = invocation;
  const head = ['invocation', address, type, triggeredBy, event];
  const hash = changeHash({ head, values: [{ segments: [], value: configValues }] }, options.key);
  const by = triggeredBy === null ? {} : { triggeredBy };
  return { kind: 'invocation', address, ...by, actions: ['invoke'], paths: [], effect: 'change', hash };
}

function effectOf(
  actions: readonly string[],
  places: readonly ChangedPlace[],
  { typed, marks }: { readonly typed: TypedSchema | undefined; readonly marks: boolean },
): PlannedChange['effect'] {
  if (actions.every((action) => action === 'no-op' || action === 'forget')) return 'state';
  const updates = actions.length === 1 && actions[0] === 'update';
  const respelled = (place: ChangedPlace): boolean => isRespelled(place, typed);
  // Where only what counts as sensitive differs, Terraform writes the state and does not call the provider.
  const equalValues = places.length > 0 ? places.every(respelled) : marks;
  return updates && equalValues ? 'spelling' : 'change';
}

/** True if before and after are equal in value, so that only the spelling would change. */
export function isRespelled({ segments, before, after }: ChangedPlace, typed?: TypedSchema): boolean {
  if (hasUnknown(after) || !equal(before, after, 'keys', placementOf(segments))) return false;
  return !reorders(before, after, segments, typed);
}

/**
 * The places that differ between two values, exactly: also an empty value spelled anew, and the order of a list.
 * Maps are compared by key, and a single block in a list is entered. Every other list is one place. An absent key
 * equals null.
 */
export function changedPlaces(before: Json, after: Json): ChangedPlace[] {
  const places: ChangedPlace[] = [];
  addPlaces(places, before, after, []);
  return places;
}

function addPlaces(places: ChangedPlace[], before: Json, after: Json, segments: readonly Segment[]): void {
  if (identical(before, after)) return;
  // A resource that is created or deleted has no object on one side.
  const none = segments.length === 0 ? {} : null;
  const [was, will] = [before ?? none, after ?? none];
  if (isObject(was) && isObject(will)) {
    for (const key in was) addPlace(places, was, will, segments, key);
    for (const key in will) if (!Object.hasOwn(was, key)) addPlace(places, was, will, segments, key);
    return;
  }
  if (isArray(before) && isArray(after) && before.length === 1 && after.length === 1) {
    const [from, to] = [before[0] ?? null, after[0] ?? null];
    if (isObject(from) && isObject(to)) {
      addPlaces(places, from, to, [...segments, 0]);
      return;
    }
  }
  places.push({ segments, before, after });
}

function addPlace(
  places: ChangedPlace[],
  before: Json,
  after: Json,
  segments: readonly Segment[],
  key: string,
): void {
  const [from, to] = [field(before, key) ?? null, field(after, key) ?? null];
  if (!identical(from, to)) addPlaces(places, from, to, [...segments, key]);
}

/**
 * The paths of the places, sorted, as people and policies read them: without secrets, and what a twin (`tags_all`)
 * repeats is named once. `values`: the resource as it is in one place or another.
 */
export function shownPaths(
  places: readonly ChangedPlace[],
  values: readonly Json[],
  scrub: Scrubber,
): string[] {
  const paths = places.map(({ segments }) => shownPath(ownSegments(segments, values), scrub));
  return [...new Set(paths)].sort();
}

/** The path with a twin's name replaced by the attribute that the code writes: `tags_all.Owner` is `tags.Owner`. */
export function ownSegments(segments: readonly Segment[], values: readonly Json[]): readonly Segment[] {
  const [head, ...rest] = segments;
  if (typeof head !== 'string') return segments;
  const own = ownAttribute(head);
  return own !== undefined && values.some((value) => isObject(value) && Object.hasOwn(value, own))
    ? [own, ...rest]
    : segments;
}

/** The value at a path; null where there is none. Inside an unknown value everything is unknown. */
export function valueAt(value: Json, segments: readonly Segment[]): Json {
  let at: Json = value;
  for (const segment of segments) {
    if (at === UNKNOWN) return UNKNOWN;
    if (typeof segment === 'string') at = field(at, segment) ?? null;
    else at = isArray(at) && typeof segment === 'number' ? (at[segment] ?? null) : null;
  }
  return at;
}
