/** What a resource is created with, or would lose with a delete. */
import { compareTexts } from '../text/words.ts';
import type { Segment } from './attribute-path.ts';
import type { ContentEntry, Json } from './finding.ts';
import { isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { childMasks, isMasked, type Masks } from './masks.ts';
import { hidesAnything, type Scrubber, shown, shownPath } from './redact.ts';
import type { Resource } from './resource.ts';
import { isUnsteady } from './unsteady.ts';

/**
 * Creates and replaces: what the code sets; deletes: what the cloud has and would lose. Sorted by path, without
 * empty values and without what is known only after an apply. Maps are listed by key, a single block is entered,
 * other blocks are listed one by one as `path[*]`, and firewall rules stay whole. `planTime`: the plan's `timestamp`.
 */
export function contentsOf(resource: Resource, scrub: Scrubber, planTime: string | null): ContentEntry[] {
  const { action, masks } = resource;
  if (action !== 'create' && action !== 'replace' && action !== 'delete') return [];
  const value = action === 'delete' ? resource.actual : resource.desired;
  const shape = { scrub, planTime: action === 'delete' ? null : planTime };
  return [...entriesOf(value, masks, [], shape)].sort((a, b) => compareTexts(a.path, b.path));
}

/** How values are shown, and the plan's time; null where it can't be in them. */
interface Shape {
  readonly scrub: Scrubber;
  readonly planTime: string | null;
}

function entriesOf(
  value: Json,
  masks: Masks,
  segments: readonly Segment[],
  shape: Shape,
): readonly ContentEntry[] {
  if (value === UNKNOWN || (isEmpty(value) && !isNamedBlank(value, segments))) return [];
  const masked = isMasked(masks);
  if (isObject(value) && !masked) {
    return Object.keys(value).flatMap((key) =>
      entriesOf(value[key] ?? null, childMasks(masks, key), [...segments, key], shape),
    );
  }
  const blocks = isArray(value) && value.every(isObject);
  if (isArray(value) && blocks && !masked && !value.some(isFirewallRule)) {
    const only = value.length === 1;
    return value.flatMap((block) =>
      only
        ? entriesOf(block, childMasks(masks, 0), [...segments, 0], shape)
        : [entry(block, childMasks(masks, null), [...segments, null], shape)],
    );
  }
  if (isArray(value) && blocks && !masked) {
    return value.map((rule) => entry(rule, childMasks(masks, null), [...segments, null], shape));
  }
  return [entry(value, masks, segments, shape)];
}

/** True for an entry of a map whose value is `""`: a tag without a value. */
function isNamedBlank(value: Json, segments: readonly Segment[]): boolean {
  return value === '' && segments.length > 1 && typeof segments.at(-2) === 'string';
}

function isFirewallRule(value: Json): boolean {
  return isObject(value) && ['from_port', 'to_port', 'protocol'].every((key) => Object.hasOwn(value, key));
}

function entry(
  value: Json,
  masks: Masks,
  segments: readonly Segment[],
  { scrub, planTime }: Shape,
): ContentEntry {
  const path = shownPath(segments, scrub);
  return {
    ...{ path, value: shown(value, masks, scrub), sensitive: hidesAnything(value, masks, scrub) },
    ...(isUnsteady(value, undefined, planTime) ? { unsteady: true as const } : {}),
  };
}
