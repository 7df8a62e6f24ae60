/** How the provider's schema wants the members of a resource or block written. */
import type { Json } from '../../drift/finding.ts';
import { isArray, isObject, UNKNOWN } from '../../drift/json-value.ts';
import type { Schema, SchemaPlace } from '../../drift/schema.ts';

/** What is known of the members of one resource, block or nested attribute. */
export interface Shape {
  /** Whether a new member with this value is a nested block or `name = value`. Guessed from the value if not known. */
  written(key: string, value: Json): 'block' | 'attribute';
  /** False if only the provider sets the member. */
  settable(key: string): boolean;
  /** The value as an attribute has it: without members that the code need not set. */
  attribute(key: string, value: Json): Json;
  /** The members of a member. */
  inside(key: string): Shape;
}

/** True for what a plan has for nested blocks: a list of objects. */
export function isBlockList(value: Json | undefined): boolean {
  return isArray(value) && value.length > 0 && value.every(isObject);
}

/** Where nothing is known of the provider. */
export const GUESSED: Shape = {
  written: (_, value) => (isBlockList(value) ? 'block' : 'attribute'),
  settable: () => true,
  attribute: (_, value) => value,
  inside: () => GUESSED,
};

/** What the schema says of a resource type, at the place inside that these names lead to. */
export function shapeOf(schema: Schema | undefined, type: string, path: readonly string[] = []): Shape {
  if (schema === undefined) return GUESSED;
  const at = (key: string): SchemaPlace | undefined => schema.at(type, [...path, key]);
  const shape: Shape = {
    written(key, value) {
      const place = at(key);
      if (place === undefined) return GUESSED.written(key, value);
      if (place.block) return 'block';
      // A list of objects without attributes of their own may be written as blocks, which need not set all of them.
      const isList = place.collection === 'list' || place.collection === 'set';
      const element = schema.at(type, [...path, key, 0])?.collection;
      if (place.nested || !isList || element !== place.collection) return 'attribute';
      return GUESSED.written(key, value);
    },
    settable(key) {
      const place = at(key);
      return place === undefined || place.settable;
    },
    attribute(key, value) {
      return at(key)?.nested === true ? withoutNulls(value) : value;
    },
    inside: (key) => shapeOf(schema, type, [...path, key]),
  };
  return shape;
}

function withoutNulls(value: Json): Json {
  if (isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === null ? [] : [[key, withoutNulls(one)]])),
  );
}

/** The object without what only the provider sets inside its members: no code can say that. */
export function settableInside(value: Json, shape: Shape): Json {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, settableOnly(one, shape.inside(key))]),
  );
}

/** `shape`: of the members of the value, or of its elements. */
function settableOnly(value: Json, shape: Shape): Json {
  if (value === UNKNOWN) return value;
  if (isArray(value)) return value.map((one) => settableOnly(one, shape));
  if (!isObject(value)) return value;
  return settableInside(
    Object.fromEntries(Object.entries(value).filter(([key]) => shape.settable(key))),
    shape,
  );
}
