/** Makes the body of a resource or a block say other values: its attributes and its nested blocks. */
import type { Json } from '../../drift/finding.ts';
import { field, hasUnknown, isEmpty, isObject } from '../../drift/json-value.ts';
import { addAttribute, addBlock, blockText, contentOf, removeMember, styleOf } from './body-text.ts';
import { addElements, addItems, removeElements, removeItems } from './collections.ts';
import { type Draft, named, same, type Task, textOf, write } from './draft.ts';
import { addElement, dynamicBlocks, type Made, removeElement } from './dynamic.ts';
import { alike, evaluate } from './evaluate.ts';
import { blockAt, defaultsOf, listOf, matchBlocks, pairsOfBlocks } from './match-blocks.ts';
import { placeText, Refusal } from './refusals.ts';
import type { Bound, Frame } from './scope.ts';
import { setValue } from './set-value.ts';
import { GUESSED, isBlockList } from './shape.ts';
import { attributeOf, type Body, blocksOf, type Content, type Expr, type Place } from './syntax.ts';
import { target } from './target.ts';

/** A body with the names that it may use. */
export interface BoundBody {
  readonly body: Body;
  readonly frame: Frame;
  readonly own: ReadonlySet<number>;
}

/** Edits these attributes and nested blocks of a body. `task.before` and `task.wanted` are whole objects. */
export function setBody(draft: Draft, bound: BoundBody, task: Task, keys: readonly string[]): void {
  for (const key of keys) {
    const [before, wanted] = [field(task.before, key), field(task.wanted, key) ?? null];
    const known = before !== undefined && hasUnknown(before) ? undefined : before;
    if (known !== undefined && same(task, known, wanted)) continue;
    // The provider computes it anew: it follows from what is edited.
    if (known === undefined && before !== undefined && !isSet(bound.body, key)) continue;
    const inner: Task = {
      ...task,
      before: known,
      wanted,
      subject: task.subject === task.address ? `${key} of ${task.address}` : `${key} in ${task.subject}`,
    };
    named(inner, () => setAttribute(draft, bound, key, inner));
  }
}

function isSet(body: Body, key: string): boolean {
  return (
    attributeOf(body, key) !== undefined ||
    blocksOf(body, key).length + blocksOf(body, 'dynamic', key).length > 0
  );
}

function setAttribute(draft: Draft, bound: BoundBody, key: string, task: Task): void {
  const { body, frame, own } = bound;
  const value = attributeOf(body, key);
  const dynamic = blocksOf(body, 'dynamic', key).length > 0;
  const asBlocks = body.syntax === 'json' && (isBlockList(task.before) || isBlockList(task.wanted));
  const hasBlocks = dynamic || blocksOf(body, key).length > 0;
  if (value !== undefined && !asBlocks) {
    checkPlan(draft, { expr: value, frame, own }, task);
    const written = ['literal', 'object', 'tuple', 'heredoc'].includes(value.kind);
    if (task.wanted === null && written) {
      removeAttribute(draft, bound, value, key, task);
      return;
    }
    setValue(draft, { expr: value, frame, own }, task);
    return;
  }
  const shape = task.shape ?? GUESSED;
  if (asBlocks || (body.syntax === 'native' && hasBlocks) || shape.written(key, task.wanted) === 'block') {
    setBlocks(draft, bound, key, task);
    return;
  }
  if (isEmpty(task.wanted) && task.wanted !== '') {
    throw new Refusal(
      'unsupported',
      `it is not set in ${placeText(body.at)}, and the provider sets another value than the cloud has`,
    );
  }
  const says = `sets ${task.subject}`;
  if (body.syntax === 'json') {
    addElements(draft, { expr: body.object, frame, own }, { ...task, subject: task.address }, new Set(), [
      [key, shape.attribute(key, task.wanted)],
    ]);
    return;
  }
  const at = body.attributes.at(-1)?.at ?? body.at;
  write(
    draft,
    { bound, at, says },
    task,
    addAttribute(textOf(draft, body.at), body, key, shape.attribute(key, task.wanted)),
  );
}

/** The plan must have what the code says, else m0 reads the code wrongly and would edit the wrong place. */
function checkPlan(draft: Draft, bound: Bound, task: Task): void {
  const written = evaluate(bound, draft.world);
  if (written === undefined || task.before === undefined || alike(written, task.before)) return;
  // A variable that is set outside Git has a sentence of its own.
  const expr = bound.expr.kind === 'wrapped' ? bound.expr.inner : bound.expr;
  if (expr.kind === 'reference') target(draft, { ...bound, expr });
  throw new Refusal(
    'unreadable',
    `it has another value in the plan than in ${placeText(bound.expr.at)}, so m0 may not edit that place`,
  );
}

function removeAttribute(draft: Draft, bound: BoundBody, value: Expr, key: string, task: Task): void {
  const { body } = bound;
  const says = `removes ${task.subject}`;
  if (body.syntax === 'json') {
    const index = body.object.elements.findIndex((one) => one.key === key);
    removeElements(
      draft,
      { ...bound, expr: body.object },
      { ...task, subject: task.address },
      new Set([index]),
      [],
    );
    return;
  }
  const attribute = body.attributes.find((one) => one.name === key);
  if (attribute === undefined) return;
  write(draft, { bound, at: value.at, says }, task, [removeMember(textOf(draft, body.at), attribute.at)]);
}

/** Adds, changes and removes nested blocks of one type. */
function setBlocks(draft: Draft, bound: BoundBody, type: string, task: Task): void {
  const { body } = bound;
  if (task.before === undefined)
    throw new Refusal(
      'computed',
      `its blocks in ${placeText(body.at)} have parts that are known only after an apply`,
    );
  const before = listOf(task.before);
  const wanted = listOf(task.wanted);
  const siblings = blocksOf(body, type);
  const made: readonly Made[] = [
    ...siblings.map(
      (content): Made => ({
        content,
        frame: bound.frame,
        own: bound.own,
        shared: task.shared,
        dynamic: null,
      }),
    ),
    ...dynamicBlocks(draft, bound, type, task),
  ];
  const elements = matchBlocks(draft, made, before, task);
  const { paired, removed, added } = pairsOfBlocks(before, wanted, task);
  for (const [i, j] of paired) {
    const [from, to] = [before[i], wanted[j]];
    if (from === undefined || to === undefined || same(task, from, to)) continue;
    const one = blockAt(made, elements, i, task);
    const keys = [...new Set([from, to].flatMap((value) => (isObject(value) ? Object.keys(value) : [])))];
    const shape = (task.shape ?? GUESSED).inside(type);
    const inner = { ...task, before: from, wanted: to, shared: one.shared, shape };
    setBody(draft, { body: one.content.body, frame: one.frame, own: one.own }, inner, keys);
  }
  const gone = removed.map((i) => blockAt(made, elements, i, task));
  removeBlocks(draft, bound, type, task, gone);
  const defaults = new Map(made.flatMap((one, i) => defaultsOf(one.content, before[elements[i] ?? -1])));
  for (const j of added) {
    const value = wanted[j];
    if (!isObject(value)) continue;
    const dynamic = made.find((one) => one.dynamic !== null);
    if (dynamic !== undefined && siblings.length === 0) addElement(draft, dynamic, value, task);
    else
      addOne(
        draft,
        bound,
        type,
        task,
        { siblings, gone: new Set(gone.map(({ content }) => content.at)), defaults },
        value,
      );
  }
}

function removeBlocks(draft: Draft, bound: BoundBody, type: string, task: Task, gone: readonly Made[]): void {
  const { body } = bound;
  for (const one of gone) if (one.dynamic !== null) removeElement(draft, one, task);
  const written = gone.filter((one) => one.dynamic === null);
  const says = `removes the ${type} block from ${task.address}`;
  if (body.syntax === 'native') {
    for (const { content } of written)
      write(draft, { bound, at: content.at, says }, task, [
        removeMember(textOf(draft, content.at), content.at),
      ]);
    return;
  }
  if (written.length === 0) return;
  const index = body.object.elements.findIndex(({ key }) => key === type);
  const holder = body.object.elements[index]?.value;
  if (holder?.kind === 'tuple') {
    const items = new Set(
      written.map(({ content }) => holder.items.findIndex(({ at }) => at === content.at)),
    );
    removeItems(draft, { ...bound, expr: holder }, task, items, []);
  } else
    removeElements(
      draft,
      { ...bound, expr: body.object },
      { ...task, subject: task.address },
      new Set([index]),
      [],
    );
}

/** What is beside a new block: those of its type, those that go, and what the provider sets in them. */
interface Beside {
  readonly siblings: readonly Content[];
  readonly gone: ReadonlySet<Place>;
  readonly defaults: ReadonlyMap<string, Json>;
}

function addOne(
  draft: Draft,
  bound: BoundBody,
  type: string,
  task: Task,
  beside: Beside,
  value: { readonly [key: string]: Json },
): void {
  const { body } = bound;
  const { siblings, gone, defaults } = beside;
  const text = textOf(draft, body.at);
  const style = styleOf(text, siblings);
  const unset = (key: string, one: Json): boolean => defaults.has(key) && alike(defaults.get(key), one);
  const entries = contentOf(value, style.keys, unset);
  const left = siblings.filter((one) => !gone.has(one.at));
  const at = left.at(-1)?.at ?? body.at;
  const says = `adds the ${type} block to ${task.address}`;
  if (body.syntax === 'native') {
    const splices = addBlock(text, body, { siblings: left, gone }, (layout) =>
      blockText(type, entries, style, layout, (task.shape ?? GUESSED).inside(type)),
    );
    write(draft, { bound, at, says }, task, splices);
    return;
  }
  addJsonBlock(draft, bound, type, task, Object.fromEntries(entries));
}

/** In JSON syntax, a second block makes a list of the first. */
function addJsonBlock(draft: Draft, bound: BoundBody, type: string, task: Task, value: Json): void {
  const { body } = bound;
  if (body.syntax !== 'json') return;
  const holder = attributeOf(body, type);
  const says = `adds the ${type} block to ${task.address}`;
  if (holder === undefined) {
    addElements(draft, { ...bound, expr: body.object }, { ...task, subject: task.address }, new Set(), [
      [type, value],
    ]);
    return;
  }
  if (holder.kind === 'tuple') {
    const container = { ...bound, expr: holder };
    addItems(draft, container, task, new Set(), [{ value, after: null }]);
    return;
  }
  const { at } = holder;
  const text = `, ${JSON.stringify(value).replace(/([$%])\{/g, '$1$1{')}]`;
  write(draft, { bound, at, says }, task, [
    { file: at.file, start: at.start, end: at.start, text: '[' },
    { file: at.file, start: at.end, end: at.end, text },
  ]);
}
