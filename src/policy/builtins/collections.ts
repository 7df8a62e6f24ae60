import { arrayOf, equals, intOf, lookUp, membersOf, wholeOf } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import { compare, integer, RegoObject, RegoSet, type RegoValue } from './value.ts';

type Args = readonly RegoValue[];

/** More numbers than this are a mistake, and take memory. */
const MOST_NUMBERS = 1_000_000n;
const MOST_PATHS = 100_000;

/** `array.slice`: bounds are clamped. */
export function slice([array, from, to]: Args): RegoValue | undefined {
  const items = arrayOf(array);
  const [start, stop] = [intOf(from), intOf(to)];
  if (items === undefined || start === undefined || stop === undefined) return undefined;
  const end = Math.min(Math.max(stop, 0), items.length);
  return items.slice(Math.min(Math.max(start, 0), end), end);
}

function rangeBy(from: bigint, to: bigint, step: bigint): RegoValue {
  const distance = from <= to ? to - from : from - to;
  const count = distance / step + 1n;
  if (count > MOST_NUMBERS) throw new BuiltinFailure(`numbers.range: more than ${MOST_NUMBERS} numbers`);
  const by = from <= to ? step : -step;
  return Array.from({ length: Number(count) }, (_, i) => integer(from + BigInt(i) * by));
}

/** `numbers.range`, both ends included, up or down. */
export function range([from, to]: Args): RegoValue | undefined {
  const [a, b] = [wholeOf(from), wholeOf(to)];
  return a === undefined || b === undefined ? undefined : rangeBy(a, b, 1n);
}

/** `numbers.range_step`. */
export function rangeStep([from, to, step]: Args): RegoValue | undefined {
  const [a, b, by] = [wholeOf(from), wholeOf(to), wholeOf(step)];
  if (a === undefined || b === undefined || by === undefined) return undefined;
  if (by <= 0n) throw new BuiltinFailure('numbers.range_step: a step that is not positive');
  return rangeBy(a, b, by);
}

function includesAll(all: RegoSet, some: RegoSet): boolean {
  return some.items.every((s) => all.items.some((a) => equals(a, s)));
}

/** True where one array stands in the other, one element after the other. OPA's own way of looking. */
function standsIn(all: readonly RegoValue[], some: readonly RegoValue[]): boolean {
  for (let from = 0; from + some.length <= all.length; from++) {
    if (some.every((s, i) => equals(s, all[from + i] as RegoValue))) return true;
  }
  return false;
}

function isSubset(all: RegoValue, some: RegoValue): boolean | undefined {
  if (all instanceof RegoObject && some instanceof RegoObject) {
    return some.entries.every(([key, value]) => {
      const other = lookUp(all, key);
      if (other === undefined) return false;
      if (equals(value, other)) return true;
      // An array holding a set's members counts at the top only.
      return !(Array.isArray(other) && value instanceof RegoSet) && isSubset(other, value) === true;
    });
  }
  if (all instanceof RegoSet && some instanceof RegoSet) return includesAll(all, some);
  if (Array.isArray(all) && Array.isArray(some)) return standsIn(all, some);
  return undefined;
}

/** Whether an array holds a set. OPA counts an element twice that stands there twice. */
function arrayHolds(all: readonly RegoValue[], some: RegoSet): boolean {
  let missing = some.items.length;
  return all.some((a) => {
    if (some.items.some((s) => equals(a, s))) missing--;
    return missing === 0;
  });
}

/** `object.subset`, of objects, sets, arrays, or a set in an array. */
export function objectSubset([all = null, some = null]: Args): RegoValue | undefined {
  if (Array.isArray(all) && some instanceof RegoSet) return arrayHolds(all as readonly RegoValue[], some);
  return isSubset(all, some);
}

/** `graph.reachable_paths`: every way from the roots until it ends or comes back to where it was. */
export function reachablePaths([graph, roots]: Args): RegoValue | undefined {
  const initial = membersOf(roots);
  if (!(graph instanceof RegoObject) || initial === undefined) return undefined;
  const paths: RegoValue[] = [];
  const edgesOf = (node: RegoValue): readonly RegoValue[] | undefined => {
    const edges = lookUp(graph, node);
    return edges === undefined ? undefined : (membersOf(edges) ?? []);
  };
  const add = (path: readonly RegoValue[]): void => {
    if (paths.length >= MOST_PATHS)
      throw new BuiltinFailure(`graph.reachable_paths: over ${MOST_PATHS} paths`);
    paths.push(path);
  };
  const follow = (node: RegoValue, path: readonly RegoValue[]): void => {
    const edges = edgesOf(node);
    const here = [...path, node];
    // A node that is not in the graph ends the path before itself.
    if (edges === undefined) add(path);
    else if (edges.length === 0) add(here);
    for (const next of edges ?? []) {
      if (here.some((n) => equals(n, next))) add(here);
      else follow(next, here);
    }
  };
  for (const root of initial) {
    const edges = edgesOf(root);
    if (edges === undefined) continue;
    if (edges.length === 0) add([root]);
    for (const next of edges) follow(next, [root]);
  }
  return new RegoSet(unique(paths));
}

function unique(values: readonly RegoValue[]): RegoValue[] {
  return [...values].sort(compare).filter((v, i, all) => i === 0 || !equals(v, all[i - 1] as RegoValue));
}

/** `cast_set` and `cast_array`, of older policies. */
export function castSet([value]: Args): RegoValue | undefined {
  const members = membersOf(value);
  return members === undefined ? undefined : new RegoSet(unique(members));
}

export function castArray([value]: Args): RegoValue | undefined {
  return membersOf(value);
}
