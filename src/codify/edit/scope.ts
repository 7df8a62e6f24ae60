/** Where an expression is evaluated: the module, its call, and the instance. */
import { posix } from 'node:path';
import type { Address, Key } from './address.ts';
import { type Code, declarations, type ModuleCode } from './code.ts';
import type { PlanValues } from './plan-values.ts';
import { placeText, Refusal } from './refusals.ts';
import { attributeOf, type Content, type Expr } from './syntax.ts';

/** Everything that the editor reads. */
export interface World {
  readonly code: Code;
  readonly plan: PlanValues;
  /** The stack's folder. */
  readonly root: string;
  readonly varFiles: readonly string[];
  readonly setOutside: ReadonlySet<string>;
}

/** One module of the stack. */
export interface Scope {
  readonly module: ModuleCode;
  /** `module.web["a"]`; empty for the root. */
  readonly address: string;
  /** The call, and where it is evaluated; null for the root. */
  readonly call: { readonly block: Content; readonly frame: Frame } | null;
}

/** An instance of a block with `for_each` or `count`. */
export interface Each {
  readonly key: Key;
  /** The step of the address that has this key: modules first, then the resource. */
  readonly level: number;
  readonly forEach: Bound | null;
}

/** The names that an expression may use. */
export interface Frame {
  readonly scope: Scope;
  readonly each: Each | null;
  /** The iterators of dynamic blocks around it. */
  readonly iterators: ReadonlyMap<string, Iterated>;
}

/** The element for which a dynamic block makes a block. */
export interface Iterated {
  readonly key: Key;
  readonly value: Bound;
}

/** An expression with the names that it may use. */
export interface Bound {
  readonly expr: Expr;
  readonly frame: Frame;
  /** The steps of the address for which only this instance uses the expression. */
  readonly own: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

export function bind(expr: Expr, frame: Frame, own: ReadonlySet<number> = NONE): Bound {
  return { expr, frame, own };
}

/** The frame of the root module. */
export function rootFrame(world: World): Frame {
  const scope: Scope = { module: world.code.module(world.root), address: '', call: null };
  return { scope, each: null, iterators: new Map() };
}

/** The frame of an instance of a block in a module. */
export function instanceFrame(outer: Frame, block: Content, key: Key | null, level: number): Frame {
  if (key === null) return outer;
  const forEach = attributeOf(block.body, 'for_each');
  return { ...outer, each: { key, level, forEach: forEach === undefined ? null : bind(forEach, outer) } };
}

/**
 * The frame of the module of an address, in which the resource's block is. Refuses a module of another repository,
 * and a module that the code does not have.
 */
export function moduleFrame(world: World, address: Address): Frame {
  let frame = rootFrame(world);
  address.modules.forEach(({ name, key }, level) => {
    const { scope } = frame;
    const block = declarations(scope.module, 'module', name).at(-1);
    if (block === undefined)
      throw new Refusal(
        'not-found',
        `module.${name} is not in the code of ${folderText(scope.module.folder)}`,
      );
    const inner = instanceFrame(frame, block, key, level);
    const suffix = key === null ? '' : `[${JSON.stringify(key)}]`;
    const module = world.code.module(moduleFolder(block, scope.module.folder, name));
    if (module.files.length === 0)
      throw new Refusal('not-found', `the folder ${module.folder} of module.${name} has no code`);
    frame = {
      scope: {
        module,
        address: `${scope.address === '' ? '' : `${scope.address}.`}module.${name}${suffix}`,
        call: { block, frame: inner },
      },
      each: null,
      iterators: new Map(),
    };
  });
  return frame;
}

function folderText(folder: string): string {
  return folder === '' ? 'the top folder' : folder;
}

/** The folder of a module of the same repository. */
function moduleFolder(block: Content, from: string, name: string): string {
  const folder = localFolder(block, from);
  if (folder !== undefined) return folder;
  const [source, version] = [attributeOf(block.body, 'source'), attributeOf(block.body, 'version')];
  const text = source?.kind === 'literal' ? String(source.value) : 'computed source';
  const at = version?.kind === 'literal' ? `@${String(version.value)}` : '';
  throw new Refusal(
    'outside-module',
    `the code is in module.${name}, which comes from ${text}${at} (${placeText(block.at)}), not from this repository`,
  );
}

/** The folder that a call names by a path; undefined if it names something else. */
export function localFolder(block: Content, from: string): string | undefined {
  const source = attributeOf(block.body, 'source');
  if (source?.kind !== 'literal' || !/^\.\.?(?:\/|$)/.test(String(source.value))) return undefined;
  const joined = posix.normalize(posix.join(from, String(source.value))).replace(/\/$/, '');
  return joined === '.' ? '' : joined;
}

/** How many calls of the stack lead to a folder; 1 for the root. */
export function callsOf(world: World, folder: string): number {
  const count = (at: string, above: readonly string[]): number => {
    // A module can't call itself; such code has no plan.
    if (above.includes(at)) return 0;
    const own = at === folder ? 1 : 0;
    return callsIn(world, at).reduce((sum, next) => sum + count(next, [...above, at]), own);
  };
  return count(world.root, []);
}

/** The folders that the calls of a folder lead to, one for each call. */
function callsIn(world: World, folder: string): readonly string[] {
  const { files } = world.code.module(folder);
  return files.flatMap(({ body }) => moduleCalls(body).flatMap((block) => localFolder(block, folder) ?? []));
}

/** All `module` blocks of a file, with any label. */
function moduleCalls(body: ModuleCode['files'][number]['body']): readonly Content[] {
  if (body.syntax === 'native')
    return body.blocks
      .filter(({ type }) => type === 'module')
      .map(({ at, body: inner }) => ({ at, body: inner, holder: null }));
  return body.object.elements
    .filter(({ key }) => key === 'module')
    .flatMap(({ value }) => (value.kind === 'tuple' ? value.items : [value]))
    .flatMap((one) => (one.kind === 'object' ? one.elements : []))
    .flatMap(({ value }) => (value.kind === 'tuple' ? value.items : [value]))
    .flatMap((one) =>
      one.kind === 'object'
        ? [{ at: one.at, body: { syntax: 'json' as const, at: one.at, object: one }, holder: one }]
        : [],
    );
}
