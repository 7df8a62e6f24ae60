/** Finds elements in blocks. */
import { isRecord } from '../../base/is-record.ts';
import type { Block } from './model.ts';
import { elementsOf } from './validation/blocks.ts';

/** An action_id, the text of a button, or a predicate on the element and its block's id. */
export type ElementMatcher =
  | string
  | ((element: Readonly<Record<string, unknown>>, blockId: string) => boolean);

export interface FoundElement {
  readonly blockId: string;
  readonly element: Record<string, unknown>;
}

/** No element matches, or several do. */
export class ElementNotFound extends Error {
  override readonly name = 'ElementNotFound';
}

/** The only element that matches. Throws an ElementNotFound that lists all elements where none or several match. */
export function findElement(blocks: readonly Block[], matcher: ElementMatcher): FoundElement {
  const all = blocks.flatMap((block) =>
    elementsOf(block)
      .filter((element) => element.type !== 'image')
      .map((element) => ({ blockId: String(block.block_id), element })),
  );
  const found = all.filter((candidate) => matches(candidate, matcher));
  const [only] = found;
  if (only && found.length === 1) return only;
  const there = all.map(({ element }) => `${labelOf(element)} (${String(element.action_id)})`).join(', ');
  const wanted = typeof matcher === 'string' ? `"${matcher}"` : 'the given predicate';
  throw new ElementNotFound(
    `clicking: ${found.length} elements match ${wanted}; there are: ${there || 'none'}`,
  );
}

function matches({ element, blockId }: FoundElement, matcher: ElementMatcher): boolean {
  if (typeof matcher === 'function') return matcher(element, blockId);
  return element.action_id === matcher || labelOf(element) === matcher;
}

function labelOf(element: Record<string, unknown>): string {
  return isRecord(element.text) ? String(element.text.text) : String(element.type);
}
