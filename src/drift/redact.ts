/** Turns values of a plan into values that people may see: secrets and unknown values are replaced. */
import { compareTexts } from '../text/words.ts';
import { formatPath, type Segment } from './attribute-path.ts';
import { base64Text, visibleBase64Text } from './base64-text.ts';
import { equal, equalityOf, parseDocument } from './canonical.ts';
import type { ChangeKind, DecodedTexts, Json, JsonDifference, ShownValue } from './finding.ts';
import { isArray, isEmpty, isObject, UNKNOWN } from './json-value.ts';
import { childMasks, isMasked, type Masks, NO_MASKS } from './masks.ts';
import { HIDDEN } from './secrets.ts';
import { type RawRow, type ValueTriple, walk } from './walk.ts';

/** Replaces every known secret in a text. */
export type Scrubber = (text: string) => string;

/** The value as people may see it: masked places and known secrets are replaced, unknown places are marked. */
export function shown(value: Json, masks: Masks, scrub: Scrubber): ShownValue {
  if (value === UNKNOWN) return { unknown: true };
  if (isEmpty(value) && typeof value !== 'object') return value;
  if (isMasked(masks)) return isEmpty(value) ? null : { sensitive: true };
  if (isArray(value)) return value.map((item) => shown(item, childMasks(masks, null), scrub) as Json);
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        scrub(key),
        shown(child, childMasks(masks, key), scrub) as Json,
      ]),
    );
  }
  if (typeof value === 'boolean' || value === null) return value;
  const clean = scrub(String(value));
  if (clean === String(value)) return value;
  return clean === HIDDEN ? { sensitive: true } : clean;
}

/** True if `shown` would hide any part of the value. */
export function hidesAnything(value: Json, masks: Masks, scrub: Scrubber): boolean {
  if (value === UNKNOWN || isEmpty(value) || typeof value === 'boolean') return false;
  if (isMasked(masks)) return true;
  if (isArray(value)) return value.some((item) => hidesAnything(item, childMasks(masks, null), scrub));
  if (isObject(value)) {
    return Object.entries(value).some(
      ([key, child]) => scrub(key) !== key || hidesAnything(child, childMasks(masks, key), scrub),
    );
  }
  return scrub(String(value)) !== String(value);
}

/** From recorded to actual if the cloud changed, else from recorded to desired. */
export function kindOf(points: ValueTriple, cloudMoved: boolean): ChangeKind {
  const next = cloudMoved ? points.actual : points.desired;
  if ((points.recorded === null) !== (next === null)) return next === null ? 'removed' : 'added';
  if (isEmpty(points.recorded)) return 'added';
  return isEmpty(next) ? 'removed' : 'changed';
}

/** The differences inside an attribute whose values are all JSON documents; undefined if they are not. */
export function documentDifferences(row: RawRow, scrub: Scrubber): readonly JsonDifference[] | undefined {
  if (isMasked(row.masks)) return undefined;
  const texts = [row.recorded, row.actual, row.desired].filter((v) => !isEmpty(v) && v !== UNKNOWN);
  const documents = texts.map(parseDocument);
  const first = documents.find((document) => document !== undefined);
  if (first === undefined || documents.includes(undefined)) return undefined;
  const equality = equalityOf(first);
  const parse = (value: Json): Json => (value === UNKNOWN ? UNKNOWN : (parseDocument(value) ?? null));
  const points = { recorded: parse(row.recorded), actual: parse(row.actual), desired: parse(row.desired) };
  const inside = walk(points, NO_MASKS, equality);
  // The documents differ as a whole, which the attribute itself already shows.
  if (inside.some((inner) => inner.segments.length === 0)) return undefined;
  return inside
    .map((inner) => {
      const decoded = decodedTexts(inner, scrub);
      return {
        path: pathOf(inner, scrub),
        kind: kindOf(inner, !equal(inner.recorded, inner.actual, equality)),
        recorded: shown(inner.recorded, NO_MASKS, scrub),
        actual: shown(inner.actual, NO_MASKS, scrub),
        desired: shown(inner.desired, NO_MASKS, scrub),
        ...(decoded === undefined ? {} : { decoded }),
      };
    })
    .sort((a, b) => compareTexts(a.path, b.path));
}

/**
 * The texts behind values that are base64, without secrets; undefined if a value is something else. What is hidden in
 * the encoded form stays hidden, and the decoded text passes the same scrubber.
 */
export function decodedTexts(row: RawRow, scrub: Scrubber): DecodedTexts | undefined {
  if (isMasked(row.masks)) return undefined;
  const decode = (value: Json): string | null | undefined => {
    if (isEmpty(value) || value === UNKNOWN) return null;
    const decoded = base64Text(value);
    if (typeof value !== 'string' || decoded === undefined) return undefined;
    const [text, encoded] = [scrub(decoded), scrub(value)];
    if (text !== decoded || encoded === value) return text;
    // Only the encoded form is a secret: nobody knows what is secret in the decoded one.
    const visible = visibleBase64Text(value, encoded);
    return visible && scrub(visible);
  };
  const [recorded, actual, desired] = [decode(row.recorded), decode(row.actual), decode(row.desired)];
  if (recorded === undefined || actual === undefined || desired === undefined) return undefined;
  return recorded === null && actual === null && desired === null ? undefined : { recorded, actual, desired };
}

/** A path as text. Keys below the attribute's own name come from people, so secrets are removed from them. */
export function shownPath(segments: readonly Segment[], scrub: Scrubber): string {
  return formatPath(segments.map((s, i) => (i > 0 && typeof s === 'string' ? scrub(s) : s)));
}

/** The path of a row as text, without secrets. */
export function pathOf(row: RawRow, scrub: Scrubber): string {
  return shownPath(row.segments, scrub);
}
