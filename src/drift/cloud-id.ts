/** The ids and names by which a cloud's console and its log know a resource. */
import { field, isObject, type JsonObject } from './json-value.ts';
import { isMasked, masksAt } from './masks.ts';
import type { Resource } from './resource.ts';

/** Computed attributes of the big clouds' providers, and how their ids begin. Nothing that people write is read. */
const IDS: readonly { readonly provider: RegExp; readonly attribute: string; readonly form: RegExp }[] = [
  { provider: /^aws_/, attribute: 'arn', form: /^arn:/ },
  { provider: /^azurerm_/, attribute: 'id', form: /^\/subscriptions\// },
  { provider: /^google_/, attribute: 'self_link', form: /^https:\/\/\w+\.googleapis\.com\// },
  { provider: /^google_/, attribute: 'id', form: /^projects\// },
];
const LONGEST = 1_000;

/** The ARN, Azure id or Google self link of a resource that exists; undefined if it has none, or if it is secret. */
export function cloudIdOf({ entry, actual, masks }: Resource): string | undefined {
  if (!isObject(actual)) return undefined;
  const object: JsonObject = actual;
  for (const { provider, attribute, form } of IDS) {
    const value = field(object, attribute);
    if (!provider.test(entry.type) || typeof value !== 'string' || value.length > LONGEST) continue;
    if (form.test(value) && !isMasked(masksAt(masks, [attribute]))) return value;
  }
  return undefined;
}

/** Attributes that name the resource, or the one that it is a part of. */
const NAMES = [
  ...['id', 'name', 'bucket', 'role', 'user', 'group', 'function_name', 'security_group_id', 'identifier'],
  ...['table_name', 'queue_url', 'topic_arn', 'route_table_id', 'network_acl_id', 'log_group_name', 'key_id'],
];
const MOST_NAMES = 4;

/** What the cloud's log may call the resource, besides its ARN. `actual`, or what was recorded where it is gone. */
export function cloudNamesOf({ entry, actual, recorded, masks }: Resource): readonly string[] {
  const object = isObject(actual) ? actual : recorded;
  if (!isObject(object) || !entry.type.startsWith('aws_')) return [];
  const names = NAMES.flatMap((attribute) => {
    const value = field(object, attribute);
    const usable = typeof value === 'string' && value.length > 2 && value.length <= LONGEST;
    return usable && !isMasked(masksAt(masks, [attribute])) ? [value] : [];
  });
  return [...new Set(names)].slice(0, MOST_NAMES);
}

/** The ARN of a resource that is gone, as it was recorded. */
export function recordedId(resource: Resource): string | undefined {
  return cloudIdOf({ ...resource, actual: resource.recorded });
}
