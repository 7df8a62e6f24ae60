/** Which nested blocks of the code are which elements of the plan. */
import type { Json } from '../../drift/finding.ts';
import { field, hasUnknown, isArray, isEmpty, isObject } from '../../drift/json-value.ts';
import { type Draft, same, type Task } from './draft.ts';
import type { Made } from './dynamic.ts';
import { alike, evaluate } from './evaluate.ts';
import { type Pairs, pairs } from './matching.ts';
import { placeText, Refusal } from './refusals.ts';
import { isBlockList } from './shape.ts';
import { attributeOf, blocksOf, type Content } from './syntax.ts';

export function listOf(value: Json): readonly Json[] {
  if (isArray(value)) return value;
  return isEmpty(value) ? [] : [value];
}

/** A block that is the only one in both places is the same one. */
export function pairsOfBlocks(before: readonly Json[], wanted: readonly Json[], task: Task): Pairs {
  if (before.length === 1 && wanted.length === 1) return { paired: [[0, 0]], removed: [], added: [] };
  return pairs(before, wanted, (a, b) => same(task, a, b));
}

export function blockAt(made: readonly Made[], elements: readonly number[], i: number, task: Task): Made {
  const one = made[elements.indexOf(i)];
  if (one === undefined)
    throw new Refusal('not-found', `the code has no block for an element of ${task.subject}`);
  return one;
}

/** For each block of the code, the index of its element in the plan. */
export function matchBlocks(
  draft: Draft,
  made: readonly Made[],
  before: readonly Json[],
  task: Task,
): readonly number[] {
  const free = new Set(before.keys());
  return made.map((one, i) => {
    const fits = (at: number): boolean => fitsBlock(draft, one, before[at] ?? null);
    const found = free.has(i) && fits(i) ? i : [...free].find(fits);
    if (found === undefined) {
      throw new Refusal(
        'unreadable',
        `the block in ${placeText(one.content.at)} is not one of those that the plan has for ${task.subject}`,
      );
    }
    free.delete(found);
    return found;
  });
}

/** True if the block may be the one that makes the element: nothing that it says is something else there. */
function fitsBlock(draft: Draft, { content, frame, own }: Made, element: Json): boolean {
  const { body } = content;
  const attributes =
    body.syntax === 'native'
      ? body.attributes.map(({ name, value }) => [name, value] as const)
      : body.object.elements.map(({ key, value }) => [key ?? '', value] as const);
  const own_ = attributes.every(([name, expr]) => {
    const planned = field(element, name);
    const written = evaluate({ expr, frame, own }, draft.world);
    if (written === undefined || planned === undefined || hasUnknown(planned)) return true;
    // In JSON syntax, one nested block is an object, and lacks what it does not set.
    if (body.syntax === 'json' && isBlockList(planned)) return true;
    return alike(written, planned);
  });
  if (!own_ || body.syntax === 'json') return own_;
  return body.blocks
    .filter(({ type }) => type !== 'dynamic' && type !== 'lifecycle')
    .every((block) => {
      const inner = listOf(field(element, block.type) ?? null);
      const nested: Made = {
        content: { at: block.at, body: block.body, holder: null },
        frame,
        own,
        shared: new Map(),
        dynamic: null,
      };
      return inner.some((one) => fitsBlock(draft, nested, one));
    });
}

/** What elements have that their blocks don't set: the provider's defaults. */
export function defaultsOf(
  { body }: Content,
  element: Json | undefined,
): readonly (readonly [string, Json])[] {
  if (!isObject(element)) return [];
  return Object.entries(element).filter(
    ([key]) => attributeOf(body, key) === undefined && blocksOf(body, key).length === 0,
  );
}
