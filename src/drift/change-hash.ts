/** Change hashes: digests that move with every value of a planned change. */
import { createHmac } from 'node:crypto';
import type { Segment } from './attribute-path.ts';
import type { Json } from './finding.ts';
import { isArray, isObject, UNKNOWN } from './json-value.ts';
import type { Schema } from './schema.ts';

/** The version of the algorithm, in front of every hash. */
const VERSION = 'c1';

/** Everything that the hash of one planned change covers. */
export interface ChangeContent {
  /** Kind, address, deposed key, previous address, import, actions and what forces a replace. */
  readonly head: readonly Json[];
  /** Values with the paths at which they stand. */
  readonly values: readonly { readonly segments: readonly Segment[]; readonly value: Json }[];
}

/** The schema of the resource type that the values belong to. */
export interface TypedSchema {
  readonly schema: Schema;
  readonly type: string;
}

/**
 * The hash of a planned change: `c1:ORDERED`, or `c1:ORDERED:SETS` with a schema. Both are HMAC-SHA256 (hex) under
 * `key`, so that nobody can guess a secret from them. ORDERED covers the elements of lists and sets in the order of the
 * plan. SETS covers the same values, but sorts the elements of each set that the schema names. `null`, `""` and `[]`
 * differ; an absent key equals null; numbers count digit for digit.
 */
export function changeHash(content: ChangeContent, key: string, typed?: TypedSchema): string {
  const textOf = (isSet: IsSet | undefined): string =>
    JSON.stringify([
      content.head,
      content.values.map(({ segments, value }) => [
        JSON.stringify(segments),
        exactText(value, segments, isSet),
      ]),
    ]);
  const hmac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
  const ordered = textOf(undefined);
  const hash = `${VERSION}:${hmac(ordered)}`;
  if (typed === undefined) return hash;
  const { schema, type } = typed;
  return `${hash}:${hmac(textOf((segments) => schema.at(type, segments)?.collection === 'set'))}`;
}

/** One hash for several changes of one address; the only one itself if there is just one. */
export function joinHashes(hashes: readonly string[], key: string): string {
  const [only] = hashes;
  if (hashes.length === 1 && only !== undefined) return only;
  const parts = hashes.map((hash) => hash.split(':'));
  const join = (at: number): string =>
    createHmac('sha256', key)
      .update(JSON.stringify(parts.map((part) => part[at] ?? part[1]).sort()))
      .digest('hex');
  return parts.some((part) => part.length > 2) ? `${VERSION}:${join(1)}:${join(2)}` : `${VERSION}:${join(1)}`;
}

/**
 * True if both hashes stand for the same planned change: equal in the plan's order or, where a schema was known both
 * times, equal but for the order of sets. Hashes of another version are never the same.
 */
export function sameChange(a: string, b: string): boolean {
  const [version, ordered, sets] = a.split(':');
  const [otherVersion, otherOrdered, otherSets] = b.split(':');
  if (version !== VERSION || otherVersion !== VERSION || ordered === undefined) return false;
  return ordered === otherOrdered || (sets !== undefined && sets === otherSets);
}

type IsSet = (segments: readonly Segment[]) => boolean;

function exactText(value: Json, segments: readonly Segment[], isSet: IsSet | undefined): string {
  if (value === UNKNOWN) return '?';
  if (isArray(value)) {
    const inside = isSet === undefined ? segments : [...segments, null];
    const items = value.map((item) => exactText(item, inside, isSet));
    if (isSet?.(segments)) items.sort();
    return `[${items.join(',')}]`;
  }
  if (isObject(value)) {
    const entries = Object.keys(value)
      .filter((key) => value[key] !== null)
      .sort()
      .map((key) => {
        const inside = isSet === undefined ? segments : [...segments, key];
        return `${JSON.stringify(key)}:${exactText(value[key] ?? null, inside, isSet)}`;
      });
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value);
}
