/** Dynamic blocks: which blocks they make, and the elements of their collections. */
import type { Json } from '../../drift/finding.ts';
import { field, isArray } from '../../drift/json-value.ts';
import { addItems, removeItems } from './collections.ts';
import { type Draft, DYNAMIC, type Task } from './draft.ts';
import { alike, evaluate } from './evaluate.ts';
import { computed } from './hop.ts';
import { placeText, Refusal } from './refusals.ts';
import type { Bound, Frame } from './scope.ts';
import { setKeys } from './set-value.ts';
import { attributeOf, type Body, blocksOf, type Content, type Expr } from './syntax.ts';
import { target } from './target.ts';

/** A block that the code makes: written out, or by a dynamic block. */
export interface Made {
  readonly content: Content;
  readonly frame: Frame;
  readonly own: ReadonlySet<number>;
  /** As in a task, with the step of the dynamic block. */
  readonly shared: ReadonlyMap<number, number>;
  readonly dynamic: {
    readonly collection: Bound;
    readonly index: number;
    readonly iterator: string;
    readonly outer: ReadonlyMap<number, number>;
  } | null;
}

interface Outer {
  readonly body: Body;
  readonly frame: Frame;
  readonly own: ReadonlySet<number>;
}

/** The blocks that the dynamic blocks of a type make. Refuses a collection that is not written out in the code. */
export function dynamicBlocks(draft: Draft, outer: Outer, type: string, task: Task): readonly Made[] {
  return blocksOf(outer.body, 'dynamic', type).flatMap((block) => {
    const [content] = blocksOf(block.body, 'content');
    const forEach = attributeOf(block.body, 'for_each');
    if (content === undefined || forEach === undefined) return [];
    const unbounded = (): Refusal =>
      new Refusal(
        'computed',
        `it comes from the dynamic block in ${placeText(block.at)}, whose for_each can't be followed to a list in the code`,
      );
    const collection = literalOf(draft, { expr: forEach, frame: outer.frame, own: outer.own }, unbounded);
    const { expr } = collection;
    const written = attributeOf(block.body, 'iterator');
    const iterator = written?.kind === 'reference' ? written.root : type;
    const values =
      expr.kind === 'object'
        ? expr.elements.map((one) => one.value)
        : expr.kind === 'tuple'
          ? expr.items
          : [];
    const level = DYNAMIC + outer.frame.iterators.size;
    const shared = new Map([...task.shared, ...(values.length > 1 ? [[level, values.length] as const] : [])]);
    return values.map((value, index): Made => {
      const key = expr.kind === 'object' ? (expr.elements[index]?.key ?? '') : index;
      const own = new Set([...collection.own, level]);
      const iterators = new Map(outer.frame.iterators).set(iterator, {
        key,
        value: { ...collection, expr: value, own },
      });
      return {
        content,
        frame: { ...outer.frame, iterators },
        own: outer.own,
        shared,
        dynamic: { collection, index, iterator, outer: task.shared },
      };
    });
  });
}

/** The object or list that an expression stands for. */
function literalOf(draft: Draft, bound: Bound, unbounded: () => Refusal): Bound {
  const { expr } = bound;
  if (expr.kind === 'object' || expr.kind === 'tuple') return bound;
  if (expr.kind === 'wrapped') return literalOf(draft, { ...bound, expr: expr.inner }, unbounded);
  if (expr.kind === 'reference') return literalOf(draft, target(draft, bound), unbounded);
  const [first] = expr.kind === 'call' && ['toset', 'tolist', 'tomap'].includes(expr.name) ? expr.args : [];
  if (first === undefined) throw unbounded();
  return literalOf(draft, { ...bound, expr: first }, unbounded);
}

/** Takes the element out for which a dynamic block makes a block. */
export function removeElement(draft: Draft, { dynamic }: Made, task: Task): void {
  if (dynamic === null) return;
  const { collection, index } = dynamic;
  const { expr } = collection;
  const inner = { ...task, shared: dynamic.outer };
  if (expr.kind === 'tuple') removeItems(draft, { ...collection, expr }, inner, new Set([index]), []);
  else if (expr.kind === 'object') {
    const key = expr.elements[index]?.key;
    if (key === undefined || key === null) throw computed(expr);
    setKeys(draft, collection, inner, [{ key, before: null, value: undefined }]);
  }
}

/** Adds the element for which a dynamic block makes this block. Refuses where the content does not tell it. */
export function addElement(
  draft: Draft,
  { content, frame, own, dynamic }: Made,
  value: { readonly [key: string]: Json },
  task: Task,
): void {
  if (dynamic === null) return;
  const { collection, iterator } = dynamic;
  if (collection.expr.kind !== 'tuple' || content.body.syntax !== 'native') {
    throw new Refusal(
      'unsupported',
      `it comes from the dynamic block in ${placeText(content.at)}, and a new element needs a key, which a person must choose`,
    );
  }
  const parts = new Map<string, Json>();
  for (const { name, value: expr } of content.body.attributes) {
    const wanted = field(value, name) ?? null;
    if (invert(expr, wanted, iterator, parts)) continue;
    const written = evaluate({ expr, frame, own }, draft.world);
    if (written === undefined || !alike(written, wanted)) throw computed(expr);
  }
  const whole = parts.get('');
  const element = whole ?? Object.fromEntries(parts);
  addItems(draft, { ...collection, expr: collection.expr }, { ...task, shared: dynamic.outer }, new Set(), [
    { value: element, after: null },
  ]);
}

/** Collects what the iterator must have, so that the expression gives the value. False if the iterator is not in it. */
function invert(expr: Expr, value: Json, iterator: string, parts: Map<string, Json>): boolean {
  if (expr.kind === 'wrapped') return invert(expr.inner, value, iterator, parts);
  if (
    expr.kind === 'tuple' &&
    isArray(value) &&
    value.length === expr.items.length &&
    expr.items.length === 1
  ) {
    const [item] = expr.items;
    return item !== undefined && invert(item, value[0] ?? null, iterator, parts);
  }
  if (expr.kind !== 'reference' || expr.root !== iterator || expr.steps[0] !== 'value') return false;
  const [, key = '', ...rest] = expr.steps;
  if (rest.length > 0 || typeof key !== 'string') throw computed(expr);
  const known = parts.get(key);
  if (known !== undefined && !alike(known, value)) throw computed(expr);
  parts.set(key, value);
  return true;
}
