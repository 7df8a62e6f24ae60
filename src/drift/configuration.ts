/**
 * Reads from a plan's `configuration` what the code sets. A plan contains expressions there, and no values that are
 * computed.
 */
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';
import { field, isArray, isObject, type JsonObject } from './json-value.ts';
import type { PlanParts, ResourceEntry } from './plan-parts.ts';

/** What the code says about one attribute. `constant`: only for a literal, or for an expression of one variable. */
export interface WrittenValue {
  readonly set: boolean;
  readonly constant?: Json;
  /** The data sources from which the value is computed. */
  readonly data?: readonly string[];
  /** True for an expression that refers to nothing and is no literal: a function without arguments of the code's. */
  readonly impure?: true;
}

/** The code of a plan, indexed. `known` is false if the plan has no configuration. */
export interface Configuration {
  readonly known: boolean;
  /** Config key (module path without instance keys, type, name) -> the resource's block. */
  readonly blocks: ReadonlyMap<string, JsonObject>;
  /** Config key -> keys of the blocks in the same module that refer to it. */
  readonly referrers: ReadonlyMap<string, ReadonlySet<string>>;
  /** The values of the root module's variables. */
  readonly variables: Json;
}

/** Indexes `configuration` once, so that each look-up is cheap even with many resources. */
export function readConfiguration(plan: PlanParts): Configuration {
  const blocks = new Map<string, JsonObject>();
  const referrers = new Map<string, Set<string>>();
  const root = field(plan.configuration, 'root_module');
  const visit = (module: Json | undefined, prefix: string): void => {
    const resources = field(module, 'resources');
    for (const block of isArray(resources) ? resources : []) {
      if (!isObject(block) || block.mode === 'data') continue;
      const key = `${prefix}${String(block.type)}.${String(block.name)}`;
      blocks.set(key, block);
      for (const reference of referencesIn(block.expressions)) {
        const [type, name] = reference.split('.');
        const target = `${prefix}${type}.${name?.replace(/\[.*$/, '')}`;
        const from = referrers.get(target) ?? new Set();
        referrers.set(target, from.add(key));
      }
    }
    const calls = field(module, 'module_calls');
    for (const [name, call] of isObject(calls) ? Object.entries(calls) : []) {
      visit(field(call, 'module'), `${prefix}module.${name}.`);
    }
  };
  visit(root, '');
  return { known: root !== undefined, blocks, referrers, variables: plan.variables };
}

/** The key of a resource's block in `Configuration`. */
export function configKey(entry: ResourceEntry): string {
  const module = entry.moduleAddress.replace(/\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g, '');
  return `${module === '' ? '' : `${module}.`}${entry.type}.${entry.name}`;
}

/** A resource's block, and the values of the variables that it may use. */
export interface ResourceCode {
  readonly block: JsonObject | undefined;
  readonly variables: Json;
}

/** The code of a resource. */
export function codeOf(entry: ResourceEntry, configuration: Configuration): ResourceCode {
  // A plan does not contain the values of a module's variables.
  const variables = entry.moduleAddress === '' ? configuration.variables : null;
  return { block: configuration.blocks.get(configKey(entry)), variables };
}

/** What the code says at a path of a resource; undefined if the plan does not say. */
export function writtenAt(
  { block, variables }: ResourceCode,
  segments: readonly Segment[],
): WrittenValue | undefined {
  const expressions = field(block, 'expressions');
  if (block === undefined) return undefined;
  if (!isObject(expressions)) return { set: false };
  return descend(expressions, segments, variables);
}

function descend(node: JsonObject, segments: readonly Segment[], variables: Json): WrittenValue {
  const [head, ...rest] = segments;
  if (typeof head !== 'string') return { set: true };
  const next = field(node, head);
  if (next === undefined) return { set: false };
  if (isArray(next)) {
    // Nested blocks. An index identifies a block only if there is just one.
    const [block] = next;
    if (rest.length === 0 || rest[0] === null) return { set: true };
    if (rest.length === 1 || next.length !== 1 || !isObject(block)) return { set: true };
    return descend(block, rest.slice(1), variables);
  }
  if (!isObject(next)) return { set: true };
  const constant = field(next, 'constant_value');
  if (constant !== undefined) return { set: true, ...constantAt(constant, rest) };
  if (Object.hasOwn(next, 'references')) {
    const references = referencesIn(next);
    const value = variableOf(references, variables);
    return { set: true, ...(value === undefined ? dataAmong(references) : constantAt(value, rest)) };
  }
  if (Object.keys(next).length === 0) return { set: true, impure: true };
  return rest.length === 0 ? { set: true } : descend(next, rest, variables);
}

/** The value of the variable, if the expression refers to exactly one. The expression may also transform it. */
function variableOf(references: readonly string[], variables: Json): Json | undefined {
  const name = references.length === 1 ? /^var\.([^.[]+)$/.exec(references[0] ?? '')?.[1] : undefined;
  return name === undefined ? undefined : field(field(variables, name), 'value');
}

function dataAmong(references: readonly string[]): { data?: readonly string[] } {
  const data = references.filter((reference) => /^data\.[^.]+\.[^.]+$/.test(reference));
  return data.length === 0 ? {} : { data: [...new Set(data)].sort() };
}

function constantAt(constant: Json, segments: readonly Segment[]): { constant?: Json } {
  let value: Json = constant;
  for (const segment of segments) {
    // An element that is matched by value has no index: the caller compares with the whole list.
    if (segment === null) return { constant: value };
    if (isArray(value) && typeof segment === 'number') value = value[segment] ?? null;
    else if (isObject(value) && typeof segment === 'string') value = field(value, segment) ?? null;
    else return {};
  }
  return { constant: value };
}

function referencesIn(node: Json | undefined): string[] {
  if (isArray(node)) return node.flatMap(referencesIn);
  if (!isObject(node)) return [];
  const own = node.references;
  const direct = isArray(own) ? own.filter((r): r is string => typeof r === 'string') : [];
  return [
    ...direct,
    ...Object.entries(node).flatMap(([key, v]) => (key === 'references' ? [] : referencesIn(v))),
  ];
}
