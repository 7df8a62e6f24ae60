/** Writes the block of a resource that the cloud and the state still have and the code has no longer. */
import type { Finding, Json } from '../../drift/finding.ts';
import { field, isArray, isEmpty, isObject } from '../../drift/json-value.ts';
import { childMasks, isMasked, type Masks } from '../../drift/masks.ts';
import type { Resource } from '../../drift/resource.ts';
import type { Schema } from '../../drift/schema.ts';
import { type Address, configName } from './address.ts';
import { blockText, contentOf } from './body-text.ts';
import { declarations, type ModuleCode } from './code.ts';
import { type Draft, type Task, write } from './draft.ts';
import { placeText, Refusal } from './refusals.ts';
import { moduleFrame } from './scope.ts';
import { type Shape, settableInside, shapeOf } from './shape.ts';
import { eolOf, stepOf } from './splice.ts';
import type { Place } from './syntax.ts';
import { assignments, type Layout, valueText } from './value-text.ts';

/**
 * Writes the block with what the cloud has, as far as the provider's schema says that the code may set it. False where
 * the code has a block of this name. The plan is the proof that nothing is missing in it. Refuses where a secret would
 * have to be written.
 */
export function writeAnew(
  draft: Draft,
  address: Address,
  finding: Finding,
  { actual, masks }: Resource,
  schema: Schema | undefined,
): boolean {
  const outer = moduleFrame(draft.world, address);
  const { module } = outer.scope;
  if (declarations(module, 'resource', address.type, address.name).length > 0) return false;
  const refuse = (why: string): Refusal => new Refusal('unsupported', `${finding.address} ${why}`);
  if (address.key !== null || address.modules.some(({ key }) => key !== null)) {
    throw refuse(
      "is one of several instances whose block is no longer in the code, and m0 can't tell how for_each or count made them; bring it back from Git's history",
    );
  }
  const [removed] = declarations(module, 'removed');
  if (removed !== undefined) {
    throw refuse(
      `is no longer in the code, which has a removed block in ${placeText(removed.at)}; take that out and bring the resource back from Git's history`,
    );
  }
  if (schema?.at(address.type, []) === undefined || !isObject(actual)) {
    throw refuse(
      "is no longer in the code, and without the provider's schema m0 can't tell which of its values the code must set; bring it back from Git's history",
    );
  }
  const shape = shapeOf(schema, address.type);
  const all = settableInside(actual, shape) as { readonly [key: string]: Json };
  const entries = entriesOf(all, shape, (key) => schema.at(address.type, [key])?.computed === true);
  const secret = entries.find(([key, value]) =>
    holdsSecret(value, childMasks(masksOf(masks, schema, address), key)),
  );
  if (secret !== undefined) {
    throw new Refusal(
      'secret',
      `${secret[0]} of ${finding.address} is a secret, which m0 never writes into code`,
    );
  }
  const text = (path: string): string => draft.world.code.texts.get(path) ?? '';
  const path = fileFor(module, address.type, text);
  if (path === undefined) throw refuse('is no longer in the code, and its folder has no .tf file for it');
  const before = text(path);
  const layout: Layout = { step: stepOf(before), indent: '', eol: eolOf(before) };
  const lines = before.split('\n').length;
  const end = before.length;
  const at: Place = { file: path, start: end, end, line: lines, notation: 'native' };
  const block = resourceText(address, entries, shape, layout);
  const gap = before.trim() === '' ? '' : before.endsWith('\n') ? layout.eol : layout.eol + layout.eol;
  const bound = { frame: outer, own: new Set<number>() };
  const says = `writes ${configName(address)} anew with the values of the cloud`;
  write(draft, { bound, at, says }, taskOf(address), [
    { file: path, start: end, end, text: `${gap}${block}${layout.eol}` },
  ]);
  return true;
}

function taskOf(address: Address): Task {
  const name = configName(address);
  return {
    ...{ before: undefined, wanted: null, equality: 'keys', shared: new Map(), instances: 1 },
    ...{ subject: name, address: name },
  };
}

/** What providers make of another attribute, so that the code never says both. */
function isCopy(key: string, all: { readonly [key: string]: Json }): boolean {
  if (key === 'id' || key === 'tags_all') return true;
  const named = /^(.+)_prefix$/.exec(key)?.[1];
  return named !== undefined && !isEmpty(all[named] ?? null);
}

/** What the code sets: no value that the provider would compute to be empty. Names first, tags last. */
function entriesOf(
  all: { readonly [key: string]: Json },
  shape: Shape,
  computed: (key: string) => boolean,
): readonly (readonly [string, Json])[] {
  const rank = (key: string): number => (/^(name|bucket)$/.test(key) ? 0 : key === 'tags' ? 2 : 1);
  return Object.entries(all)
    .filter(([key, value]) => shape.settable(key) && !isCopy(key, all) && !isEmpty(value))
    .filter(([key, value]) => !(computed(key) && (value === false || value === 0)))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function masksOf(masks: Masks, schema: Schema, { type }: Address): Masks {
  return [...masks, schema.masks?.(type) ?? null].filter((mask) => mask !== null);
}

function holdsSecret(value: Json, masks: Masks): boolean {
  if (masks.length === 0 || isEmpty(value)) return false;
  if (isMasked(masks)) return true;
  if (isArray(value)) return value.some((one, i) => holdsSecret(one, childMasks(masks, i)));
  return (
    isObject(value) && Object.entries(value).some(([key, one]) => holdsSecret(one, childMasks(masks, key)))
  );
}

/** The file for a new block: the one with most resources of its type, or of its service, else main.tf. */
function fileFor(module: ModuleCode, type: string, text: (path: string) => string): string | undefined {
  const native = module.files.filter(({ body }) => body.syntax === 'native');
  const service = type.split('_').slice(0, 2).join('_');
  const score = ({ path, body }: (typeof native)[number]): number => {
    const resources =
      body.syntax === 'native' ? body.blocks.filter((block) => block.type === 'resource') : [];
    const labels = resources.map(({ labels: [label = ''] }) => label);
    const same = labels.filter((label) => label === type).length;
    const near = labels.filter((label) => label.startsWith(service)).length;
    const plain = /(?:^|\/)main\.(?:tf|tofu)$/.test(path) ? 2 : resources.length > 0 ? 1 : 0;
    return same * 1e6 + near * 1e3 + plain;
  };
  const [best] = native.toSorted((a, b) => score(b) - score(a) || text(b.path).length - text(a.path).length);
  return best?.path;
}

function resourceText(
  { type, name }: Address,
  entries: readonly (readonly [string, Json])[],
  shape: Shape,
  layout: Layout,
): string {
  const { step, eol } = layout;
  const inner = { ...layout, indent: step };
  const isBlock = ([key, value]: readonly [string, Json]): boolean => shape.written(key, value) === 'block';
  const texts = entries
    .filter((entry) => !isBlock(entry))
    .map(([key, value]) => [key, attributeText(shape.attribute(key, value), inner)] as const);
  const style = { keys: [], aligned: true, oneLine: false };
  const blocks = entries.filter(isBlock).flatMap(([key, value]) =>
    (isArray(value) ? value : [value]).map((one) => {
      const content = contentOf(isObject(one) ? one : {}, [], () => false);
      return `${step}${blockText(key, content, style, inner, shape.inside(key))}`;
    }),
  );
  const attributes = assignments(texts, true).map((line) => step + line);
  const parts = [...(attributes.length === 0 ? [] : [attributes.join(eol)]), ...blocks];
  const head = `resource "${type}" "${name}" {`;
  return parts.length === 0 ? `${head}}` : `${head}${eol}${parts.join(eol + eol)}${eol}}`;
}

/** A document of JSON is written with `jsonencode` where that gives the same text. */
function attributeText(value: Json, layout: Layout): string {
  const document = typeof value === 'string' ? documentIn(value) : undefined;
  if (document === undefined) return valueText(value, 'native', layout);
  return `jsonencode(${valueText(document, 'native', layout)})`;
}

function documentIn(text: string): Json | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    const document = JSON.parse(text) as Json;
    return encoded(document) === text && !isEmpty(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** As Terraform's `jsonencode` writes it. */
function encoded(value: Json): string {
  if (isArray(value)) return `[${value.map(encoded).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${encoded(key)}:${encoded(field(value, key) ?? null)}`).join(',')}}`;
  }
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
