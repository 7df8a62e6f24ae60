/** Makes an expression say another value, with the least edit. */
import { equalityOf, parseDocument } from '../../drift/canonical.ts';
import type { Json } from '../../drift/finding.ts';
import { isArray, isEmpty, isObject } from '../../drift/json-value.ts';
import { type Additions, addElements, addItems, removeElements, removeItems } from './collections.ts';
import { type Draft, same, type Task, textOf, write } from './draft.ts';
import { alike, evaluate } from './evaluate.ts';
import { setHeredoc } from './heredoc.ts';
import { computed } from './hop.ts';
import { changesOf, itemValues, type KeyChange, mergeChanges } from './key-changes.ts';
import { orderedPairs, pairs } from './matching.ts';
import { layoutAt } from './members.ts';
import type { Bound } from './scope.ts';
import type { Expr } from './syntax.ts';
import { target } from './target.ts';
import { valueText } from './value-text.ts';

type ObjectExpr = Extract<Expr, { kind: 'object' }>;
type TupleExpr = Extract<Expr, { kind: 'tuple' }>;
type CallExpr = Extract<Expr, { kind: 'call' }>;

/** Edits the code so that the expression says the wanted value. Refuses where it can't. */
export function setValue(draft: Draft, bound: Bound, task: Task): void {
  const { expr } = bound;
  const current = evaluate(bound, draft.world) ?? task.before;
  const { wanted } = task;
  if (current !== undefined && same(task, current, wanted)) return;
  switch (expr.kind) {
    case 'wrapped':
      setValue(draft, { ...bound, expr: expr.inner }, task);
      return;
    case 'reference':
      setValue(draft, target(draft, bound), task);
      return;
    case 'literal':
      replace(draft, bound, task);
      return;
    case 'object':
      if (isEmpty(wanted) || !isObject(wanted)) {
        replace(draft, bound, task);
        return;
      }
      setKeys(draft, bound, task, changesOf(current, task, expr));
      return;
    case 'tuple':
      if (!isArray(wanted) || wanted.length === 0) {
        replace(draft, bound, task);
        return;
      }
      setItems(draft, { ...bound, expr }, task);
      return;
    case 'call':
      setCall(draft, { ...bound, expr }, task, current);
      return;
    case 'heredoc':
      setHeredoc(draft, { ...bound, expr }, task, setValue);
      return;
    case 'template':
    case 'other':
      throw computed(expr);
  }
}

/** Replaces a whole literal, object or list. */
function replace(draft: Draft, bound: Bound, task: Task): void {
  const { expr } = bound;
  const { wanted } = task;
  const { at } = expr;
  const empty =
    isEmpty(wanted) && wanted !== '' ? { object: {}, tuple: [] }[expr.kind as 'object' | 'tuple'] : undefined;
  const value = empty ?? (expr.kind === 'literal' ? inStyleOf(expr.value, wanted) : wanted);
  const text = valueText(value, at.notation, layoutAt(textOf(draft, at), at.start));
  write(draft, { bound, at, says: `sets ${task.subject}` }, task, [
    { file: at.file, start: at.start, end: at.end, text },
  ]);
}

/** A number stays quoted where the code has it so, and the other way round. */
function inStyleOf(written: Json, wanted: Json): Json {
  if (typeof written === 'string' && (typeof wanted === 'number' || typeof wanted === 'boolean'))
    return String(wanted);
  const bare = typeof written === 'number' ? /^-?(?:0|[1-9]\d{0,14})$/ : /^(?:true|false)$/;
  const plain = (typeof written === 'number' || typeof written === 'boolean') && typeof wanted === 'string';
  return plain && bare.test(wanted) ? (JSON.parse(wanted) as Json) : wanted;
}

/** Changes keys of a map, in the place of the code that decides each of them. */
export function setKeys(draft: Draft, bound: Bound, task: Task, changes: readonly KeyChange[]): void {
  const { expr } = bound;
  if (changes.length === 0) return;
  if (expr.kind === 'wrapped') {
    setKeys(draft, { ...bound, expr: expr.inner }, task, changes);
    return;
  }
  if (expr.kind === 'reference') {
    setKeys(draft, target(draft, bound), task, changes);
    return;
  }
  if (expr.kind === 'object') {
    setElements(draft, { ...bound, expr }, task, changes);
    return;
  }
  if (expr.kind !== 'call' || expr.spread) throw computed(expr);
  const [first] = expr.args;
  if (expr.name === 'tomap' && first !== undefined) {
    setKeys(draft, { ...bound, expr: first }, task, changes);
    return;
  }
  if (expr.name !== 'merge') throw computed(expr);
  mergeChanges(draft, { ...bound, expr }, changes).forEach((own, i) => {
    const arg = expr.args[i];
    if (arg !== undefined) setKeys(draft, { ...bound, expr: arg }, task, own);
  });
}

function setElements(
  draft: Draft,
  bound: Bound & { expr: ObjectExpr },
  task: Task,
  changes: readonly KeyChange[],
): void {
  const { elements } = bound.expr;
  const named = elements.map(({ key, keyExpr }) => {
    const value = key === null && keyExpr !== null ? evaluate({ ...bound, expr: keyExpr }, draft.world) : key;
    return value === undefined || value === null ? null : String(value);
  });
  const hidden = elements[named.indexOf(null)];
  const gone = new Set<number>();
  const added: Additions = [];
  for (const { key, before, value } of changes) {
    const at = named.lastIndexOf(key);
    const element = elements[at];
    if (element === undefined && hidden !== undefined) throw computed(hidden.value);
    if (element === undefined && value !== undefined && value !== null) added.push([key, value]);
    else if (element !== undefined && value === undefined) gone.add(at);
    else if (element !== undefined && value !== undefined)
      setValue(
        draft,
        { ...bound, expr: element.value },
        { ...task, before, wanted: value, subject: `${key} in ${task.subject}` },
      );
  }
  removeElements(draft, bound, task, gone, added);
  if (gone.size < elements.length || gone.size === 0) addElements(draft, bound, task, gone, added);
}

/** Changes elements of a list: as many as possible stay as they are written. */
function setItems(draft: Draft, bound: Bound & { expr: TupleExpr }, task: Task): void {
  const { items } = bound.expr;
  const wanted = isArray(task.wanted) ? task.wanted : [];
  const before = isArray(task.before) ? task.before : undefined;
  const values = itemValues(draft, bound, before);
  // A set has an order of its own in the plan; where the code has the same, the order is kept.
  const ordered = before?.length === values.length && before.every((one, i) => alike(one, values[i]));
  const match = ordered ? orderedPairs : pairs;
  const { paired, removed, added } = match(values, wanted, (a, b) => same(task, a, b));
  for (const [i, j] of paired) {
    const item = items[i];
    const value = wanted[j];
    if (item === undefined || value === undefined || same(task, values[i], value)) continue;
    setValue(draft, { ...bound, expr: item }, { ...task, before: values[i], wanted: value });
  }
  for (const i of removed) {
    const item = items[i];
    if (item !== undefined && evaluate({ ...bound, expr: item }, draft.world) === undefined)
      throw computed(item);
  }
  const gone = new Set(removed);
  const additions = added.map((j) => {
    const previous = paired.findLast(([, other]) => other < j);
    return { value: wanted[j] ?? null, after: ordered ? (previous?.[0] ?? -1) : null };
  });
  removeItems(
    draft,
    bound,
    task,
    gone,
    additions.map(({ value }) => value),
  );
  if (gone.size < items.length || gone.size === 0) addItems(draft, bound, task, gone, additions);
}

function setCall(
  draft: Draft,
  bound: Bound & { expr: CallExpr },
  task: Task,
  current: Json | undefined,
): void {
  const { name, args, spread } = bound.expr;
  const [first] = args;
  if (first === undefined || spread) throw computed(bound.expr);
  const inner = { ...bound, expr: first };
  switch (name) {
    case 'merge':
      setKeys(draft, bound, task, changesOf(current, task, bound.expr));
      return;
    case 'concat':
      setConcat(draft, bound, task);
      return;
    case 'toset':
    case 'tolist':
    case 'tomap':
    case 'tostring':
    case 'tonumber':
      setValue(draft, inner, task);
      return;
    case 'trimspace':
    case 'chomp': {
      const { wanted } = task;
      const heredoc = first.kind === 'heredoc' && typeof wanted === 'string' ? `${wanted}\n` : wanted;
      setValue(draft, inner, { ...task, wanted: heredoc });
      return;
    }
    case 'jsonencode': {
      const wanted = parseDocument(task.wanted);
      if (wanted === undefined) throw computed(bound.expr);
      const before = parseDocument(task.before ?? null);
      setValue(draft, inner, { ...task, before, wanted, equality: equalityOf(wanted) });
      return;
    }
    default:
      throw computed(bound.expr);
  }
}

/** Elements go from the list that has them; new ones come into the last that is written out. */
function setConcat(draft: Draft, bound: Bound & { expr: CallExpr }, task: Task): void {
  const { args } = bound.expr;
  const left = isArray(task.wanted) ? [...task.wanted] : [];
  const own = args.map((arg) => evaluate({ ...bound, expr: arg }, draft.world));
  const kept = own.map((value, i) => {
    const arg = args[i];
    if (!isArray(value)) throw computed(arg ?? bound.expr);
    return value.filter((item) => {
      const at = left.findIndex((one) => same(task, one, item));
      if (at !== -1) left.splice(at, 1);
      return at !== -1;
    });
  });
  const last = args.findLastIndex((arg) => arg.kind === 'tuple');
  if (left.length > 0 && last === -1) throw computed(bound.expr);
  args.forEach((arg, i) => {
    const wanted = [...(kept[i] ?? []), ...(i === last ? left : [])];
    setValue(draft, { ...bound, expr: arg }, { ...task, before: own[i], wanted });
  });
}
