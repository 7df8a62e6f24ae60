/**
 * Which findings can't be applied apart from each other: an apply that is limited to one resource (`-target`) takes
 * along everything that this resource depends on. Pure.
 */
import type { Finding, Json } from './finding.ts';
import { field, isArray, isObject, type JsonObject } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';

/** What each node of the code refers to. A node is a resource, a data source, a variable, an output, or all of a module. */
type Graph = Map<string, Set<string>>;

const INSTANCE_KEY = /\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g;

/**
 * The actionable findings in groups of those that depend on each other, directly or through resources that do not
 * change; a finding that depends on no other one is in no group. Addresses and groups are sorted. Read from the
 * references of the code and from the dependencies that the state recorded. What the code computes in `locals` is not
 * in a plan, so a group may be too small: the plan of the apply then tells.
 */
export function coupledFindings(
  document: PlanDocument,
  findings: readonly Finding[],
): readonly (readonly string[])[] {
  const changed = findings.filter((finding) => finding.actionable);
  const destroys = changed.some(({ action }) => action === 'delete' || action === 'replace');
  if (!destroys || changed.length < 2) return [];
  const byNode = Map.groupBy(changed, ({ address }) => nodeOf(address));
  const graph = graphOf(document);
  const groups = new Groups();
  for (const node of byNode.keys()) {
    for (const other of changedBelow(node, graph, byNode)) groups.join(node, other);
  }
  return groups
    .all()
    .map((nodes) => nodes.flatMap((node) => (byNode.get(node) ?? []).map(({ address }) => address)).sort())
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

/** The node of a resource: its address without the keys of instances. */
function nodeOf(address: string): string {
  return address.replace(INSTANCE_KEY, '');
}

/** The changed nodes that a node depends on, up to the first one on each way. */
function changedBelow(start: string, graph: Graph, changed: ReadonlyMap<string, unknown>): readonly string[] {
  const found: string[] = [];
  const seen = new Set([start]);
  const next = [...(graph.get(start) ?? [])];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (changed.has(node)) found.push(node);
    else next.push(...(graph.get(node) ?? []));
  }
  return found;
}

/** Sets of nodes that grow together. */
class Groups {
  readonly #groupOf = new Map<string, Set<string>>();

  join(a: string, b: string): void {
    const [one, other] = [this.#groupOf.get(a) ?? new Set([a]), this.#groupOf.get(b) ?? new Set([b])];
    for (const node of other) one.add(node);
    for (const node of one) this.#groupOf.set(node, one);
  }

  all(): readonly (readonly string[])[] {
    return [...new Set(this.#groupOf.values())].map((group) => [...group]);
  }
}

function graphOf(document: PlanDocument): Graph {
  const graph: Graph = new Map();
  visitCode(field(document.configuration, 'root_module'), '', graph);
  visitState(field(field(document.prior_state, 'values'), 'root_module'), graph);
  return graph;
}

function add(graph: Graph, from: string, to: readonly string[]): void {
  const known = graph.get(from) ?? new Set();
  for (const node of to) known.add(node);
  graph.set(from, known);
}

function visitCode(module: Json | undefined, prefix: string, graph: Graph): readonly string[] {
  const nodes: string[] = [];
  for (const block of listOf(field(module, 'resources'))) {
    const node = `${prefix}${block.mode === 'data' ? 'data.' : ''}${String(block.type)}.${String(block.name)}`;
    const expressions = [block.expressions, block.for_each_expression, block.count_expression];
    add(graph, node, [
      ...expressions.flatMap((one) => referencesIn(one)).flatMap((one) => nodeAt(one, prefix)),
      ...dependsOn(block, prefix),
    ]);
    nodes.push(node);
  }
  for (const [name, output] of entriesOf(field(module, 'outputs'))) {
    const references = referencesIn(field(output, 'expression')).flatMap((one) => nodeAt(one, prefix));
    add(graph, `${prefix}output.${name}`, [
      ...references,
      ...(isObject(output) ? dependsOn(output, prefix) : []),
    ]);
  }
  for (const [name, call] of entriesOf(field(module, 'module_calls'))) {
    if (isObject(call)) nodes.push(...visitCall(name, call, prefix, graph));
  }
  return nodes;
}

/** The nodes of a module. All of them depend on what the call itself depends on. */
function visitCall(name: string, call: JsonObject, prefix: string, graph: Graph): readonly string[] {
  const inside = `${prefix}module.${name}.`;
  for (const [variable, expression] of entriesOf(call.expressions)) {
    add(
      graph,
      `${inside}var.${variable}`,
      referencesIn(expression).flatMap((one) => nodeAt(one, prefix)),
    );
  }
  const nodes = visitCode(call.module, inside, graph);
  const needs = [
    ...[call.for_each_expression, call.count_expression]
      .flatMap((one) => referencesIn(one))
      .flatMap((one) => nodeAt(one, prefix)),
    ...dependsOn(call, prefix),
  ];
  if (needs.length > 0) for (const node of nodes) add(graph, node, needs);
  add(graph, `${inside}*`, nodes);
  return nodes;
}

/** `depends_on` may name a whole module. */
function dependsOn(block: JsonObject, prefix: string): readonly string[] {
  const listed = isArray(block.depends_on) ? block.depends_on : [];
  return listed.flatMap((one) => {
    if (typeof one !== 'string') return [];
    const reference = one.replace(INSTANCE_KEY, '');
    return /^module\.[^.]+$/.test(reference) ? [`${prefix}${reference}.*`] : nodeAt(reference, prefix);
  });
}

/** The node that a reference of a module means; none for what is no node (`local`, `path`, `each`, a whole module). */
function nodeAt(reference: string, prefix: string): readonly string[] {
  const [first = '', second, third] = reference.replace(INSTANCE_KEY, '').split('.');
  if (second === undefined) return [];
  switch (first) {
    case 'module':
      if (third === undefined) return [];
      return [`${prefix}module.${second}.${third === '*' ? '*' : `output.${third}`}`];
    case 'data':
      return third === undefined ? [] : [`${prefix}data.${second}.${third}`];
    case 'local':
    case 'path':
    case 'each':
    case 'count':
    case 'self':
    case 'terraform':
      return [];
    default:
      return [`${prefix}${first}.${second}`];
  }
}

/** The state has the dependencies of each resource as addresses in the code, with modules and locals resolved. */
function visitState(module: Json | undefined, graph: Graph): void {
  for (const resource of listOf(field(module, 'resources'))) {
    const needs = isArray(resource.depends_on) ? resource.depends_on : [];
    const nodes = needs.flatMap((one) => (typeof one === 'string' ? [nodeOf(one)] : []));
    if (nodes.length > 0) add(graph, nodeOf(String(resource.address)), nodes);
  }
  for (const child of listOf(field(module, 'child_modules'))) visitState(child, graph);
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return (isArray(value) ? value : []).filter(isObject);
}

function entriesOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(value) ? Object.entries(value) : [];
}

function referencesIn(node: Json | undefined): readonly string[] {
  if (isArray(node)) return node.flatMap(referencesIn);
  if (!isObject(node)) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'references' && isArray(value)
      ? withWholeModules(value.filter((one): one is string => typeof one === 'string'))
      : referencesIn(value),
  );
}

/**
 * Terraform lists `module.a` after each `module.a.id` as well. Alone it means all of the module, which is
 * `module.a.*` here.
 */
function withWholeModules(references: readonly string[]): readonly string[] {
  const plain = references.map((one) => one.replace(INSTANCE_KEY, ''));
  const isWhole = (one: string): boolean =>
    /^module\.[^.]+$/.test(one) && !plain.some((other) => other.startsWith(`${one}.`));
  return plain.map((one) => (isWhole(one) ? `${one}.*` : one));
}
