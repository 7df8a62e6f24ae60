/** Finds the block of a resource in the code. */
import type { Address } from './address.ts';
import { declarations } from './code.ts';
import type { Draft } from './draft.ts';
import { Refusal } from './refusals.ts';
import { type Frame, instanceFrame, moduleFrame } from './scope.ts';
import { attributeOf, type Body, blocksOf, type Content } from './syntax.ts';

export interface ResourcePlace {
  /** The block, and those of override files after it. */
  readonly blocks: readonly Content[];
  /** The frame of this instance. */
  readonly frame: Frame;
  /** The frame of the module, without an instance. */
  readonly outer: Frame;
}

/** The block of a resource. Refuses where the code does not have it, or is not in this repository. */
export function findResource({ world }: Draft, address: Address): ResourcePlace {
  const outer = moduleFrame(world, address);
  const blocks = declarations(outer.scope.module, 'resource', address.type, address.name);
  const [first] = blocks;
  if (first === undefined) {
    const { folder } = outer.scope.module;
    throw new Refusal(
      'not-found',
      `${address.type}.${address.name} is not in the code of ${folder === '' ? 'the top folder' : folder}`,
    );
  }
  return { blocks, outer, frame: instanceFrame(outer, first, address.key, address.modules.length) };
}

/** True if the code of this repository has a block of the resource. */
export function hasBlock(draft: Draft, address: Address): boolean {
  try {
    findResource(draft, address);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'not-found') return false;
    throw error;
  }
}

/** The body that decides an attribute or a type of nested block: that of an override, where one has it. */
export function resourceBodies({ blocks }: ResourcePlace, key: string): { readonly body: Body } {
  const setting = blocks.findLast(
    ({ body }) =>
      attributeOf(body, key) !== undefined ||
      blocksOf(body, key).length + blocksOf(body, 'dynamic', key).length > 0,
  );
  const body = (setting ?? blocks[0])?.body;
  if (body === undefined) throw new Refusal('not-found', 'the resource has no block');
  return { body };
}
