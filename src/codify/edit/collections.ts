/** Adds and removes elements of objects and lists that are written out. */
import type { Json } from '../../drift/finding.ts';
import { field, isObject } from '../../drift/json-value.ts';
import { alignedKeys } from './align.ts';
import { type Draft, type Task, textOf, write } from './draft.ts';
import { type Container, insertAfter, layoutAt, removeMembers } from './members.ts';
import type { Bound } from './scope.ts';
import { indentAt, lineStart, type Splice } from './splice.ts';
import type { Expr, Notation } from './syntax.ts';
import { jsonString, nativeKey, valueText } from './value-text.ts';

/** Keys with their values, in the order in which they are added. */
export type Additions = (readonly [string, Json])[];

type ObjectBound = Bound & { readonly expr: Extract<Expr, { kind: 'object' }> };
type TupleBound = Bound & { readonly expr: Extract<Expr, { kind: 'tuple' }> };

function containerOf(draft: Draft, { expr }: ObjectBound | TupleBound): Container {
  const { at } = expr;
  const native = at.notation === 'native';
  const members =
    expr.kind === 'object' ? expr.elements.map((one) => one.at) : expr.items.map((one) => one.at);
  return {
    text: textOf(draft, at),
    file: at.file,
    open: at.start + 1,
    close: at.end - 1,
    members,
    commas: native && expr.kind === 'object' ? 'allowed' : 'required',
    trailing: native,
  };
}

/** Removes elements. Where none stays, the whole object is written anew with what is added. */
export function removeElements(
  draft: Draft,
  bound: ObjectBound,
  task: Task,
  gone: ReadonlySet<number>,
  added: Additions,
): void {
  const { expr } = bound;
  if (gone.size === 0) return;
  const says = `removes ${expr.elements.flatMap(({ key }, i) => (gone.has(i) ? [key] : [])).join(', ')} from ${task.subject}`;
  const at = expr.elements[[...gone][0] ?? 0]?.at ?? expr.at;
  if (gone.size < expr.elements.length) {
    write(draft, { bound, at, says }, task, removeMembers(containerOf(draft, bound), gone, added.length > 0));
    return;
  }
  write(draft, { bound, at, says: added.length === 0 ? says : `sets ${task.subject}` }, task, [
    wholeAnew(draft, expr, Object.fromEntries(added)),
  ]);
}

export function removeItems(
  draft: Draft,
  bound: TupleBound,
  task: Task,
  gone: ReadonlySet<number>,
  added: readonly Json[],
): void {
  const { expr } = bound;
  if (gone.size === 0) return;
  const at = expr.items[[...gone][0] ?? 0]?.at ?? expr.at;
  const says = `removes ${gone.size === 1 ? 'an element' : `${gone.size} elements`} from ${task.subject}`;
  if (gone.size < expr.items.length) {
    write(draft, { bound, at, says }, task, removeMembers(containerOf(draft, bound), gone, added.length > 0));
    return;
  }
  write(draft, { bound, at, says: `sets ${task.subject}` }, task, [wholeAnew(draft, expr, added)]);
}

function wholeAnew(draft: Draft, expr: Expr, value: Json): Splice {
  const { at } = expr;
  const text = textOf(draft, at);
  const lines = text.slice(at.start, at.end).includes('\n');
  const layout = lines ? layoutAt(text, at.start) : undefined;
  return { file: at.file, start: at.start, end: at.end, text: valueText(value, at.notation, layout) };
}

/** Adds keys after the last one that stays. */
export function addElements(
  draft: Draft,
  bound: ObjectBound,
  task: Task,
  gone: ReadonlySet<number>,
  added: Additions,
): void {
  const { elements, at } = bound.expr;
  if (added.length === 0) return;
  const container = containerOf(draft, bound);
  const { text } = container;
  const last = elements.findLastIndex((_, i) => !gone.has(i));
  const { notation } = at;
  const anchor = elements[last];
  const keys = added.map(([key]) => (notation === 'native' ? keyLike(text, anchor, key) : jsonString(key)));
  const lines =
    anchor !== undefined && text.slice(lineStart(text, anchor.at.start), anchor.at.start).trim() === '';
  const layout = lines ? layoutAt(text, anchor?.at.start ?? at.start) : undefined;
  const values = added.map(([, value]) => valueText(value, notation, layout));
  const short = keys.filter((_, i) => !values[i]?.includes('\n'));
  const aligned =
    notation === 'native' && lines && short.length > 0
      ? alignedKeys(text, elements, last, short)
      : { keys: short, splices: [] };
  const equals = signOf(text, notation, anchor);
  const texts = keys.map((key, i) => {
    const place = short.indexOf(key);
    return `${place === -1 ? key : (aligned.keys[place] ?? key)}${equals}${values[i]}`;
  });
  const says = `adds ${added.map(([key]) => key).join(', ')} to ${task.subject}`;
  const splices =
    anchor === undefined ? [intoEmpty(container, texts)] : insertAfter(container, last, texts, gone);
  write(draft, { bound, at: anchor?.at ?? at, says }, task, [...aligned.splices, ...splices]);
}

/** Quoted, where the keys around it are quoted without need. */
function keyLike(
  text: string,
  anchor: { readonly at: { readonly start: number } } | undefined,
  key: string,
): string {
  const bare = nativeKey(key);
  return anchor !== undefined && text[anchor.at.start] === '"' && !bare.startsWith('"') ? `"${bare}"` : bare;
}

/** What is between a key and its value: as in the element before. */
function signOf(
  text: string,
  notation: Notation,
  anchor: Extract<Expr, { kind: 'object' }>['elements'][number] | undefined,
): string {
  const between = anchor === undefined ? '' : text.slice(anchor.at.start, anchor.value.at.start);
  if (notation !== 'native') return /:$/.test(between) ? ':' : ': ';
  if (/:\s*$/.test(between)) return ': ';
  return /[^\s]=$/.test(between) ? '=' : ' = ';
}

/** An item that is added. `after`: the index of the item before it; -1: it is the first; null: it comes last. */
export interface AddedItem {
  readonly value: Json;
  readonly after: number | null;
}

/** Adds items, each after its neighbour that stays. */
export function addItems(
  draft: Draft,
  bound: TupleBound,
  task: Task,
  gone: ReadonlySet<number>,
  added: readonly AddedItem[],
): void {
  const { items, at } = bound.expr;
  if (added.length === 0) return;
  const container = containerOf(draft, bound);
  const { text } = container;
  const last = items.findLastIndex((_, i) => !gone.has(i));
  const textOfItem = (value: Json): string => {
    const anchor = items[last];
    const multi = anchor !== undefined && text.slice(anchor.at.start, anchor.at.end).includes('\n');
    const layout = multi ? layoutAt(text, anchor.at.start) : undefined;
    return valueText(withKeysOf(items, value), at.notation, layout);
  };
  const says = `adds ${added.length === 1 ? 'an element' : `${added.length} elements`} to ${task.subject}`;
  const place = items[last]?.at ?? at;
  if (items[last] === undefined) {
    const texts = added.map(({ value }) => textOfItem(value));
    write(draft, { bound, at: place, says }, task, [intoEmpty(container, texts)]);
    return;
  }
  const groups = Map.groupBy(added, ({ after }) => after ?? last);
  const splices = [...groups].flatMap(([index, own]) =>
    insertAfter(
      container,
      index,
      own.map(({ value }) => textOfItem(value)),
      gone,
    ),
  );
  write(draft, { bound, at: place, says }, task, splices);
}

/** Objects in a list often must have all keys, also those without a value: as those beside them have. */
function withKeysOf(items: readonly Expr[], value: Json): Json {
  const sibling = items.find((item) => item.kind === 'object');
  if (!isObject(value) || sibling?.kind !== 'object') return value;
  const keys = new Set(sibling.elements.flatMap(({ key }) => key ?? []));
  const filled = Object.keys(value).filter((key) => {
    const one = field(value, key);
    return (
      keys.has(key) ||
      !(one === null || one === '' || (typeof one === 'object' && Object.keys(one).length === 0))
    );
  });
  const ordered = [
    ...[...keys].filter((key) => filled.includes(key)),
    ...filled.filter((key) => !keys.has(key)),
  ];
  return Object.fromEntries(ordered.map((key) => [key, field(value, key) ?? null]));
}

/** The first members between two brackets. */
function intoEmpty(
  { text, file, open, close, commas, trailing }: Container,
  texts: readonly string[],
): Splice {
  const inner = text.slice(open, close);
  const object = text[open - 1] === '{';
  if (!inner.includes('\n')) {
    const joined = texts.join(', ');
    return { file, start: open, end: close, text: object ? ` ${joined} ` : joined };
  }
  const layout = layoutAt(text, close);
  const start = lineStart(text, close);
  const comma = commas === 'required' ? ',' : '';
  const lines = texts.map((one, i) => {
    const end = i === texts.length - 1 && !trailing ? '' : comma;
    return `${indentAt(text, close)}${layout.step}${one}${end}${layout.eol}`;
  });
  return { file, start, end: start, text: lines.join('') };
}
