/** Which elements of a list in the code are which elements of a list in the cloud. */
import type { Json } from '../../drift/finding.ts';
import { field, isEmpty, isObject } from '../../drift/json-value.ts';

export interface Pairs {
  /** Index in the first list, index in the second: the same element, equal or changed inside. */
  readonly paired: readonly (readonly [number, number])[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/** Elements that are equal are paired first; then those that have a name or most of their content in common. */
export function pairs(
  before: readonly (Json | undefined)[],
  after: readonly Json[],
  same: (a: Json | undefined, b: Json | undefined) => boolean,
): Pairs {
  const paired: (readonly [number, number])[] = [];
  const left = new Set(before.keys());
  const right = new Set(after.keys());
  const take = (i: number, j: number): void => {
    paired.push([i, j]);
    left.delete(i);
    right.delete(j);
  };
  // At the same place first: of several that are equal, those stay that did not move.
  for (const i of [...left]) if (right.has(i) && same(before[i], after[i])) take(i, i);
  for (const i of [...left]) {
    const j = [...right].find((one) => same(before[i], after[one]));
    if (j !== undefined) take(i, j);
  }
  const candidates = [...left].flatMap((i) =>
    [...right].map((j) => ({ i, j, score: likeness(before[i], after[j] ?? null, same) })),
  );
  for (const { i, j, score } of candidates.sort((a, b) => b.score - a.score)) {
    if (score > 0.5 && left.has(i) && right.has(j)) take(i, j);
  }
  // A list of texts or numbers in which some changed: in their order.
  const scalars = [...left].every((i) => isScalar(before[i])) && [...right].every((j) => isScalar(after[j]));
  if (scalars && left.size === right.size) {
    const open = [...right];
    for (const [n, i] of [...left].entries()) take(i, open[n] ?? -1);
  }
  return { paired, removed: [...left], added: [...right] };
}

/** The same for lists whose order counts: what is paired has the same order in both. */
export function orderedPairs(
  before: readonly (Json | undefined)[],
  after: readonly Json[],
  same: (a: Json | undefined, b: Json | undefined) => boolean,
): Pairs {
  const paired: (readonly [number, number])[] = [];
  const [removed, added]: [number[], number[]] = [[], []];
  let [i, j] = [0, 0];
  const longest = longestCommon(before, after, same);
  const unmoved = after.flatMap((one, at) => (same(before[at], one) ? [[at, at] as const] : []));
  const common = before.length === after.length && unmoved.length >= longest.length ? unmoved : longest;
  for (const [nextI, nextJ] of [...common, [before.length, after.length] as const]) {
    while (i < nextI && j < nextJ) {
      const scalars = isScalar(before[i]) && isScalar(after[j]);
      if (scalars || likeness(before[i], after[j] ?? null, same) > 0.5) paired.push([i++, j++]);
      else if (nextI - i > nextJ - j) removed.push(i++);
      else if (nextI - i < nextJ - j) added.push(j++);
      else {
        removed.push(i++);
        added.push(j++);
      }
    }
    while (i < nextI) removed.push(i++);
    while (j < nextJ) added.push(j++);
    if (i < before.length && j < after.length) paired.push([i++, j++]);
  }
  return { paired, removed, added };
}

/** The longest list of equal elements that has the same order in both, as pairs of indexes. */
function longestCommon(
  before: readonly (Json | undefined)[],
  after: readonly Json[],
  same: (a: Json | undefined, b: Json | undefined) => boolean,
): readonly (readonly [number, number])[] {
  const lengths = before.map(() => after.map(() => 0));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const equal = before.map((one) => after.map((other) => same(one, other)));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const row = lengths[i] ?? [];
      row[j] = equal[i]?.[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: (readonly [number, number])[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    if (equal[i]?.[j]) found.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

function isScalar(value: Json | undefined): boolean {
  return value !== undefined && (typeof value !== 'object' || value === null);
}

const NAMES = ['name', 'Name', 'Sid', 'sid', 'id', 'Id', 'ID', 'key', 'Key', 'rule_no'];
/** What identifies a firewall rule. */
const PORTS = ['protocol', 'from_port', 'to_port'];

/** From 0 (nothing in common) to 2 (the same name). */
function likeness(a: Json | undefined, b: Json, same: (a: Json | undefined, b: Json) => boolean): number {
  if (!isObject(a) || !isObject(b)) return 0;
  for (const name of NAMES) {
    const [mine, other] = [field(a, name), field(b, name)];
    if (!isEmpty(mine) && !isEmpty(other)) return same(mine, other ?? null) ? 2 : 0;
  }
  const isRule = PORTS.every((key) => field(a, key) !== undefined && field(b, key) !== undefined);
  if (isRule && PORTS.every((key) => same(field(a, key), field(b, key) ?? null))) return 1.5;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => !isEmpty(field(a, key)) || !isEmpty(field(b, key)),
  );
  const equal = keys.filter((key) => same(field(a, key), field(b, key) ?? null)).length;
  return keys.length === 0 ? 0 : equal / keys.length;
}
