/** Takes a resource that was deleted by hand out of the code. */
import { field, isArray, isObject } from '../../drift/json-value.ts';
import { type Address, configName } from './address.ts';
import { removeMember } from './body-text.ts';
import type { ModuleCode } from './code.ts';
import { removeElements } from './collections.ts';
import { type Draft, type Task, textOf, write } from './draft.ts';
import { evaluate } from './evaluate.ts';
import { placeText, Refusal } from './refusals.ts';
import { findResource, hasBlock, type ResourcePlace } from './resource-block.ts';
import { bind } from './scope.ts';
import { setKeys, setValue } from './set-value.ts';
import { attributeOf, type Expr, expressionsIn, type Place, partsOf } from './syntax.ts';

/** Removes the resource's block, or the instance's key. Refuses where something else refers to it. */
export function dropInstance(draft: Draft, address: Address, mode: 'edit' | 'check'): void {
  const gone = mode === 'check' && !hasBlock(draft, address);
  if (gone) return;
  const place = findResource(draft, address);
  checkReferences(place.outer.scope.module, address, place);
  if (address.key === null && address.modules.every(({ key }) => key === null))
    removeBlock(draft, address, place);
  else removeKey(draft, address, place);
}

function taskOf(address: Address, wanted: Task['wanted']): Task {
  const name = `${address.type}.${address.name}`;
  return {
    before: undefined,
    wanted,
    equality: 'keys',
    shared: new Map(),
    instances: 1,
    subject: name,
    address: name,
  };
}

function removeBlock(draft: Draft, address: Address, { blocks, outer }: ResourcePlace): void {
  const bound = { frame: outer, own: new Set<number>() };
  for (const { at, body, holder } of blocks) {
    const says = `removes ${configName(address)}`;
    const task = taskOf(address, null);
    if (body.syntax === 'native')
      write(draft, { bound, at, says }, task, [removeMember(textOf(draft, at), at)]);
    else if (holder !== null) removeFromJson(draft, address, outer, at);
  }
}

/** In JSON syntax, the name goes, and its type where no other name is left. */
function removeFromJson(draft: Draft, address: Address, frame: ResourcePlace['outer'], at: Place): void {
  const file = frame.scope.module.files.find(({ path }) => path === at.file);
  const body = file?.body.syntax === 'json' ? file.body : undefined;
  const resources = body && attributeOf(body, 'resource');
  const types = resources?.kind === 'object' ? resources : undefined;
  const type = types?.elements.find(({ key }) => key === address.type);
  const names = type?.value.kind === 'object' ? type.value : undefined;
  if (types === undefined || names === undefined)
    throw new Refusal(
      'unsupported',
      `${configName(address)} is in a list of blocks in ${placeText(at)}, which m0 does not edit`,
    );
  const task = taskOf(address, null);
  const own = new Set<number>();
  if (names.elements.length > 1) {
    const index = names.elements.findIndex(({ key }) => key === address.name);
    removeElements(draft, { expr: names, frame, own }, task, new Set([index]), []);
    return;
  }
  const index = types.elements.findIndex(({ key }) => key === address.type);
  removeElements(draft, { expr: types, frame, own }, task, new Set([index]), []);
}

/** Takes the key of the instance out of `for_each`. */
function removeKey(draft: Draft, address: Address, { blocks, outer }: ResourcePlace): void {
  const [block] = blocks;
  const forEach = block && attributeOf(block.body, 'for_each');
  const at = forEach?.at ?? block?.at;
  if (address.key === null || typeof address.key === 'number' || forEach === undefined || at === undefined) {
    throw new Refusal(
      'each-key',
      `${configName(address)} has several instances by count or by its module${at === undefined ? '' : ` (${placeText(at)})`}, and only one of them was deleted`,
    );
  }
  const bound = bind(forEach, outer);
  const value = evaluate(bound, draft.world);
  const { key } = address;
  const instances = draft.world.plan.instances(address);
  const shared = new Map(
    address.modules.flatMap((_, level) => {
      const keys = new Set(instances.map((one) => one.modules[level]?.key));
      return keys.size > 1 ? [[level, keys.size] as const] : [];
    }),
  );
  const task = {
    ...taskOf(address, null),
    shared,
    instances: instances.length,
    subject: `for_each of ${configName(address)}`,
  };
  if (isArray(value)) {
    if (value.includes(key))
      setValue(draft, bound, { ...task, before: value, wanted: value.filter((one) => one !== key) });
    return;
  }
  if (isObject(value) && field(value, key) === undefined) return;
  setKeys(draft, bound, task, [{ key, before: field(value, key) ?? null, value: undefined }]);
}

/** Refuses where another part of the module refers to what is removed. */
function checkReferences(module: ModuleCode, address: Address, { blocks }: ResourcePlace): void {
  const own = new Set(blocks.map(({ at }) => at));
  for (const { body, path } of [...module.files, ...module.overrides]) {
    for (const expr of expressionsIn(body)) {
      const found = referenceIn(expr, address);
      if (found !== undefined && !inside(found, own)) {
        throw new Refusal(
          'unsupported',
          `${configName(address)} was deleted by hand, but ${placeText({ file: path, line: found.line })} still refers to it, so its block can't be removed`,
        );
      }
    }
  }
}

function inside(place: Place, blocks: ReadonlySet<Place>): boolean {
  return [...blocks].some(
    (block) => block.file === place.file && block.start <= place.start && place.end <= block.end,
  );
}

/** Where an expression refers to the resource, or to this instance of it. */
function referenceIn(expr: Expr, address: Address): Place | undefined {
  if (expr.kind === 'reference' && expr.root === address.type && expr.steps[0] === address.name) {
    const key = expr.steps[1];
    const other = address.key !== null && key !== undefined && key !== null && key !== address.key;
    // All instances at once, as in `aws_x.y[*].id`, hold without one of them.
    const whole = address.key !== null && (key === undefined || key === null);
    if (!other && !whole) return expr.at;
  }
  // In JSON syntax, `depends_on` has names as plain texts.
  if (
    expr.kind === 'literal' &&
    expr.at.notation === 'json' &&
    expr.value === `${address.type}.${address.name}`
  )
    return expr.at;
  for (const part of partsOf(expr)) {
    const found = referenceIn(part, address);
    if (found !== undefined) return found;
  }
  return undefined;
}
