/** Tags that a provider's `default_tags` sets on every resource. */
import type { Json } from '../../drift/finding.ts';
import { field, isArray, isObject } from '../../drift/json-value.ts';
import type { Address } from './address.ts';
import { declarations } from './code.ts';
import type { Draft } from './draft.ts';
import { alike } from './evaluate.ts';
import { placeText, Refusal } from './refusals.ts';
import { rootFrame } from './scope.ts';
import { setKeys, setValue } from './set-value.ts';
import { attributeOf, blocksOf, type Content } from './syntax.ts';

interface Values {
  readonly desired: Json;
  readonly actual: Json;
}

/** The values without what the provider's defaults set, and why a person should be asked; null: no default changes. */
export interface Split extends Values {
  readonly ask: string | null;
}

/**
 * Edits the provider's `default_tags` for tags that come from there, and takes them out of the resource's own tags.
 */
export function defaultTags(
  draft: Draft,
  address: Address,
  values: Values,
  keys: readonly string[],
  mode: 'edit' | 'check',
): Split {
  const [all, own] = [field(values.desired, 'tags_all'), field(values.desired, 'tags')];
  const actual = field(values.actual, 'tags_all');
  if (!keys.includes('tags') || !isObject(all) || !isObject(actual)) return { ...values, ask: null };
  const changes = Object.keys(all)
    .filter((key) => field(own, key) === undefined && !alike(field(all, key), field(actual, key)))
    .map((key) => ({ key, before: field(all, key), value: field(actual, key) }));
  if (changes.length === 0) return { ...values, ask: null };
  const block = providerBlock(draft, address);
  const [defaults] = blocksOf(block.body, 'default_tags');
  const tags = defaults && attributeOf(defaults.body, 'tags');
  if (tags === undefined)
    throw new Refusal(
      'computed',
      `tags of ${address.type}.${address.name} come from the provider's default tags, which m0 does not find in ${placeText(block.at)}`,
    );
  const bound = { expr: tags, frame: rootFrame(draft.world), own: new Set<number>() };
  const task = {
    before: undefined,
    wanted: null,
    equality: 'keys' as const,
    shared: new Map<number, number>(),
    instances: 1,
    subject: "the provider's default tags",
    address: "the provider's default tags",
  };
  if (mode === 'edit') setKeys(draft, bound, task, changes);
  else for (const { key, value } of changes) checkKey(draft, bound, task, key, value);
  const rest = new Set(changes.map(({ key }) => key));
  return {
    desired: withoutKeys(values.desired, rest),
    actual: withoutKeys(values.actual, rest),
    ask: `the provider's default tags in ${placeText(tags.at)} are on every resource of the provider`,
  };
}

/** After the edit, the defaults must say what the cloud has. */
function checkKey(
  draft: Draft,
  bound: Parameters<typeof setKeys>[1],
  task: Parameters<typeof setKeys>[2],
  key: string,
  value: Json | undefined,
): void {
  const { expr } = bound;
  const element = expr.kind === 'object' ? expr.elements.find((one) => one.key === key) : undefined;
  if (element !== undefined && value !== undefined)
    setValue(draft, { ...bound, expr: element.value }, { ...task, wanted: value });
}

function withoutKeys(value: Json, gone: ReadonlySet<string>): Json {
  const tags = field(value, 'tags');
  if (!isObject(value) || !isObject(tags)) return value;
  return { ...value, tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))) };
}

function providerBlock(draft: Draft, address: Address): Content {
  const key = draft.world.plan.provider(address);
  const [name = '', alias] = (key ?? '').split('.');
  const root = rootFrame(draft.world).scope.module;
  const found = declarations(root, 'provider', name).filter(({ body }) => {
    const written = attributeOf(body, 'alias');
    return alias === undefined
      ? written === undefined
      : written?.kind === 'literal' && written.value === alias;
  });
  const [block, ...others] = found;
  if (block === undefined || others.length > 0 || isArray(key))
    throw new Refusal(
      'not-found',
      `tags of ${address.type}.${address.name} come from a provider's default tags, and its block is not in the code`,
    );
  return block;
}
