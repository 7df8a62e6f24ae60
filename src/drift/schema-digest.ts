/** Makes a small digest of a provider's schema, and answers questions about attributes from it. */
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';
import { field, isArray, isObject, type JsonObject } from './json-value.ts';
import type { Schema, SchemaPlace } from './schema.ts';

/** The schema document or a digest can't be read. `message` says what is wrong with it. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}

/** What is kept of one provider's schema. */
export interface SchemaDigest {
  /** As the document spells it: `registry.terraform.io/hashicorp/aws`, `registry.opentofu.org/hashicorp/aws`. */
  readonly provider: string;
  /** Resource type -> its places, as JSON text that is parsed only when somebody asks about the type. */
  readonly resources: Readonly<Record<string, string>>;
}

/**
 * A place: a letter for the collection (`s`et, `l`ist, `m`ap, `o`ne) and then its marks (`b`lock, `n`ested
 * attribute, `c`omputed, `w`ritable, sensitive `x`). With it either the place of an element, where elements are collections, or the places
 * inside (an element), by name.
 */
type Node = string | readonly [string, Node | Children];
interface Children {
  readonly [name: string]: Node;
}

const FORMAT = 2;
const COLLECTIONS = { s: 'set', l: 'list', m: 'map', o: 'one' } as const;
const NESTING: Readonly<Record<string, string>> = { list: 'l', set: 's', map: 'm', single: 'o', group: 'o' };

/**
 * The digests of a document of `terraform providers schema -json` (or OpenTofu's), one for each provider.
 *
 * @throws SchemaError if the document is something else.
 */
export function digestsOf(document: Json): readonly SchemaDigest[] {
  const version = field(document, 'format_version');
  const providers = field(document, 'provider_schemas');
  // Without any provider, Terraform writes the version alone.
  const isSchema = isObject(providers) || (isObject(document) && Object.keys(document).length === 1);
  if (typeof version !== 'string' || !isSchema)
    throw new SchemaError('is no document of `terraform providers schema -json`');
  if (!/^[01]\.\d+$/.test(version))
    throw new SchemaError(
      `has the schema format ${JSON.stringify(version.slice(0, 20))}, which is unknown here (0.x and 1.x are known); update m0`,
    );
  return Object.entries(isObject(providers) ? providers : {}).map(([provider, schema]) => {
    const types = field(schema, 'resource_schemas') ?? {};
    if (!isObject(types)) throw new SchemaError(`has no resources for ${provider}`);
    const resources = Object.entries(types).map(([type, resource]) => {
      const block = field(resource, 'block');
      if (!isObject(block)) throw new SchemaError(`has no block for ${type}`);
      return [type, JSON.stringify(childrenOf(block))] as const;
    });
    return { provider, resources: Object.fromEntries(resources) };
  });
}

/** The text in which a digest is kept. */
export function writeDigest(digest: SchemaDigest): string {
  return JSON.stringify({ format: FORMAT, ...digest });
}

/**
 * Reads a digest from its text.
 *
 * @throws SchemaError if the text is damaged or of another version of m0.
 */
export function readDigest(text: string): SchemaDigest {
  let parsed: Json;
  try {
    parsed = JSON.parse(text) as Json;
  } catch (cause) {
    throw new SchemaError('is not complete', { cause });
  }
  const provider = field(parsed, 'provider');
  const resources = field(parsed, 'resources');
  if (field(parsed, 'format') !== FORMAT) throw new SchemaError('is of another version of m0');
  if (typeof provider !== 'string' || !isObject(resources) || !hasOnlyTexts(resources))
    throw new SchemaError('is damaged');
  return { provider, resources };
}

function hasOnlyTexts(object: JsonObject): object is Record<string, string> {
  return Object.values(object).every((value) => typeof value === 'string');
}

function childrenOf(block: JsonObject): Children {
  return Object.fromEntries([...attributesIn(block), ...blocksIn(block)]);
}

function attributesIn(block: JsonObject): [string, Node][] {
  const attributes = field(block, 'attributes');
  return Object.entries(isObject(attributes) ? attributes : {}).map(([name, attribute]) => [
    name,
    attributeNode(attribute),
  ]);
}

function blocksIn(block: JsonObject): [string, Node][] {
  const types = field(block, 'block_types');
  return Object.entries(isObject(types) ? types : {}).map(([name, nested]) => {
    const inside = field(nested, 'block');
    const head = `${nestingOf(nested)}bw`;
    return [name, [head, isObject(inside) ? childrenOf(inside) : {}]];
  });
}

function attributeNode(attribute: Json): Node {
  const is = (key: string): boolean => field(attribute, key) === true;
  const marks = `${is('computed') ? 'c' : ''}${is('optional') || is('required') ? 'w' : ''}${is('sensitive') ? 'x' : ''}`;
  const nested = field(attribute, 'nested_type');
  if (isObject(nested)) return [`${nestingOf(nested)}n${marks}`, Object.fromEntries(attributesIn(nested))];
  return typeNode(field(attribute, 'type') ?? null, marks);
}

/** A type as Terraform writes it: `"string"`, `["set", "string"]`, `["object", {…}]`, `["tuple", […]]`, `"dynamic"`. */
function typeNode(type: Json, marks: string): Node {
  if (!isArray(type)) return `o${marks}`;
  const [kind, inner] = type;
  if (kind === 'object' && isObject(inner)) return [`o${marks}`, objectChildren(inner, marks)];
  // The elements of a tuple have a type each, and nothing needs them.
  const letter = kind === 'set' ? 's' : kind === 'map' ? 'm' : 'l';
  const element = kind === 'tuple' ? null : (inner ?? null);
  if (!isArray(element)) return `${letter}${marks}`;
  const [innerKind, members] = element;
  if (innerKind === 'object' && isObject(members))
    return [`${letter}${marks}`, objectChildren(members, marks)];
  return [`${letter}${marks}`, typeNode(element, marks)];
}

function objectChildren(members: JsonObject, marks: string): Children {
  return Object.fromEntries(Object.entries(members).map(([name, type]) => [name, typeNode(type, marks)]));
}

function nestingOf(nested: Json): string {
  const mode = field(nested, 'nesting_mode');
  const letter = typeof mode === 'string' ? NESTING[mode] : undefined;
  if (letter === undefined) throw new SchemaError(`has an unknown nesting, ${JSON.stringify(mode ?? null)}`);
  return letter;
}

/**
 * The schema of several providers. If two of them have a type of the same name and differ at a place, the schema says
 * nothing about that place, except that a secret in one of them is a secret.
 */
export function schemaOf(digests: readonly SchemaDigest[]): Schema {
  const parsed = new Map<string, readonly Children[]>();
  const masks = new Map<string, Json>();

  function definitionsOf(type: string): readonly Children[] {
    const known = parsed.get(type);
    if (known !== undefined) return known;
    const texts = digests.flatMap(({ resources }) =>
      Object.hasOwn(resources, type) ? [resources[type] ?? '{}'] : [],
    );
    const definitions = [...new Set(texts)].map((text) => JSON.parse(text) as Children);
    parsed.set(type, definitions);
    return definitions;
  }

  return {
    at(type, segments) {
      const [first, ...others] = definitionsOf(type).map((root) => placeAt(['ob', root], segments));
      if (others.length === 0) return first;
      const places = [first, ...others];
      if (places.every((place) => JSON.stringify(place) === JSON.stringify(first))) return first;
      return places.find((place) => place?.sensitive === true);
    },
    masks(type) {
      const known = masks.get(type);
      if (known !== undefined) return known;
      const mask = definitionsOf(type).map(maskOf).reduce<Json>(mergeMasks, null);
      masks.set(type, mask);
      return mask;
    },
  };
}

function placeAt(root: Node, segments: readonly Segment[]): SchemaPlace | undefined {
  let node: Node | undefined = root;
  for (const segment of segments) {
    node = typeof segment === 'string' ? named(node, segment) : elementOf(node);
    if (node === undefined) return undefined;
  }
  const head = headOf(node);
  return {
    collection: COLLECTIONS[letterOf(head)],
    block: head.includes('b'),
    nested: head.includes('n'),
    computed: head.includes('c'),
    settable: head.includes('w'),
    sensitive: head.includes('x'),
  };
}

function headOf(node: Node): string {
  return typeof node === 'string' ? node : node[0];
}

function letterOf(head: string): keyof typeof COLLECTIONS {
  const [letter] = head;
  return letter === 's' || letter === 'l' || letter === 'm' ? letter : 'o';
}

function isChildren(inner: Node | Children): inner is Children {
  return typeof inner === 'object' && !Array.isArray(inner);
}

/** The element of a collection of collections; else the same place. */
function elementOf(node: Node): Node {
  if (typeof node === 'string') return node;
  const [head, inner] = node;
  return head.startsWith('m') || isChildren(inner) ? node : inner;
}

function named(from: Node, name: string): Node | undefined {
  let node = from;
  for (let outer = elementOf(node); outer !== node; outer = elementOf(node)) node = outer;
  const head = headOf(node);
  const inner = typeof node === 'string' ? undefined : node[1];
  if (head.startsWith('m')) {
    // The name is a key, and each key has an element.
    if (inner === undefined) return `o${head.slice(1)}`;
    return isChildren(inner) ? [`o${head.slice(1)}`, inner] : inner;
  }
  return inner !== undefined && isChildren(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined;
}

function maskOf(children: Children): Json {
  const masks = Object.entries(children).flatMap(([name, node]) => {
    const mask = nodeMask(node);
    return mask === null ? [] : [[name, mask] as const];
  });
  return masks.length === 0 ? null : Object.fromEntries(masks);
}

function nodeMask(node: Node): Json {
  const head = headOf(node);
  if (head.includes('x')) return true;
  const inner = typeof node === 'string' ? undefined : node[1];
  if (inner === undefined) return null;
  const mask = isChildren(inner) ? maskOf(inner) : nodeMask(inner);
  if (mask === null) return null;
  // The keys of a map are not known here, so all of it is masked.
  if (head.startsWith('m')) return true;
  return head.startsWith('o') ? mask : [mask];
}

function mergeMasks(a: Json, b: Json): Json {
  if (a === null || b === null) return a ?? b;
  if (a === true || b === true) return true;
  if (isArray(a) && isArray(b)) return [mergeMasks(a[0] ?? null, b[0] ?? null)];
  if (!isObject(a) || !isObject(b)) return true;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, mergeMasks(field(a, key) ?? null, field(b, key) ?? null)]),
  );
}
