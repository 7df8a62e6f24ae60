/** Which keys of a map change, and which part of the code decides each of them. */
import type { Json } from '../../drift/finding.ts';
import { field, isEmpty, isObject } from '../../drift/json-value.ts';
import { type Draft, same, type Task } from './draft.ts';
import { alike, evaluate } from './evaluate.ts';
import { computed, follow } from './hop.ts';
import type { Bound } from './scope.ts';
import type { Expr } from './syntax.ts';

type CallExpr = Extract<Expr, { kind: 'call' }>;
type TupleExpr = Extract<Expr, { kind: 'tuple' }>;

/** A change of one key of a map. `value` undefined: the key goes. */
export interface KeyChange {
  readonly key: string;
  readonly before: Json | undefined;
  readonly value: Json | undefined;
}

/** The keys that differ. Refuses where the code does not tell what it has. */
export function changesOf(current: Json | undefined, task: Task, expr: Expr): readonly KeyChange[] {
  const { wanted } = task;
  if (current === undefined || !(isObject(current) || isEmpty(current))) throw computed(expr);
  const keys = new Set([
    ...(isObject(current) ? Object.keys(current) : []),
    ...(isObject(wanted) ? Object.keys(wanted) : []),
  ]);
  return [...keys].flatMap((key) => {
    const [before, value] = [field(current, key), field(wanted, key)];
    // As entries of a map: there, an empty text is a value.
    return same(task, entryOf(before), entryOf(value)) ? [] : [{ key, before, value }];
  });
}

function entryOf(value: Json | undefined): Json {
  return value === undefined ? {} : { value };
}

/** The changes for each argument of `merge`. If several arguments have a key, the last of them gives its value. */
export function mergeChanges(
  draft: Draft,
  bound: Bound & { expr: CallExpr },
  changes: readonly KeyChange[],
): readonly (readonly KeyChange[])[] {
  const { args } = bound.expr;
  const keys = args.map((arg) => keysOf(draft, { ...bound, expr: arg }));
  const result: KeyChange[][] = args.map(() => []);
  const unknown = args.findLastIndex((_, i) => keys[i] === undefined);
  for (const change of changes) {
    const owner = keys.findLastIndex((own) => own?.has(change.key));
    const hidden = args[unknown];
    // An argument that is not known may be the one that decides.
    if (hidden !== undefined && (owner < unknown || change.value === undefined)) {
      if (owner !== -1 || change.before !== undefined) throw computed(hidden);
    }
    if (owner !== -1 && change.value !== undefined) result[owner]?.push(change);
    else if (owner !== -1) {
      for (const [i, own] of keys.entries()) {
        if (own?.has(change.key)) result[i]?.push(change);
      }
    } else {
      const literal = args.findLastIndex((arg, i) => arg.kind === 'object' && i > unknown);
      const known = keys.findLastIndex((own, i) => own !== undefined && i > unknown);
      const at = literal === -1 ? known : literal;
      if (at === -1) throw computed(bound.expr);
      result[at]?.push(change);
    }
  }
  return result;
}

/** The keys of a map, as far as the code tells them. */
function keysOf(draft: Draft, bound: Bound): ReadonlySet<string> | undefined {
  const value = evaluate(bound, draft.world);
  if (value !== undefined) return isObject(value) ? new Set(Object.keys(value)) : new Set();
  const found = follow(bound, draft.world);
  const expr = found.to === 'expression' ? found.bound.expr : undefined;
  if (expr?.kind !== 'object') return undefined;
  const keys = expr.elements.map(({ key }) => key);
  return keys.includes(null) ? undefined : new Set(keys.filter((key) => key !== null));
}

/** The values of the items of a list: from the code, else from the plan by what is left over. */
export function itemValues(
  draft: Draft,
  bound: Bound & { expr: TupleExpr },
  before: readonly Json[] | undefined,
): readonly (Json | undefined)[] {
  const { items } = bound.expr;
  const values = items.map((item) => evaluate({ ...bound, expr: item }, draft.world));
  const open = values.flatMap((value, i) => (value === undefined ? [i] : []));
  if (open.length === 0) return values;
  const left = [...(before ?? [])];
  for (const value of values) {
    const at = value === undefined ? -1 : left.findIndex((one) => alike(one, value));
    if (at !== -1) left.splice(at, 1);
  }
  const [first] = open;
  const item = items[first ?? 0];
  if (left.length !== open.length && item !== undefined) throw computed(item);
  const filled = [...values];
  open.forEach((i, n) => {
    filled[i] = left[n];
  });
  return filled;
}
