import { equals, lookUp } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import { RegoNumber, RegoObject, type RegoValue } from './value.ts';

/** Segments of a JSON pointer, or of an array of keys. */
type Path = readonly RegoValue[];

function refuse(what: string): never {
  throw new BuiltinFailure(`json.patch: ${what}`);
}

function pathOf(value: RegoValue | undefined): Path {
  if (Array.isArray(value)) return value as Path;
  if (typeof value !== 'string') return refuse('a path that is neither text nor array');
  if (value === '') return [];
  return value
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(length: number, key: RegoValue, most: number): number {
  const text = key instanceof RegoNumber ? key.text : key;
  if (text === '-') return length <= most ? length : refuse('- where an element should be');
  if (typeof text !== 'string' || !/^(?:0|[1-9]\d{0,8})$/.test(text)) return refuse('an index that is none');
  const index = Number(text);
  return index <= most ? index : refuse('an index beyond the array');
}

function childOf(value: RegoValue, key: RegoValue): RegoValue {
  if (value instanceof RegoObject) return lookUp(value, key) ?? refuse('a path that leads nowhere');
  if (!Array.isArray(value)) return refuse('a path into something else than an object or array');
  const items = value as readonly RegoValue[];
  return items[indexOf(items.length, key, items.length - 1)] as RegoValue;
}

function at(value: RegoValue, path: Path): RegoValue {
  return path.reduce(childOf, value);
}

type Change = (parent: RegoValue, key: RegoValue) => RegoValue;

/** The value with the parent of a path changed. */
function change(value: RegoValue, [key, ...rest]: Path, apply: Change): RegoValue {
  if (key === undefined) return refuse('a path to everything');
  if (rest.length === 0) return apply(value, key);
  const child = change(childOf(value, key), rest, apply);
  if (value instanceof RegoObject) return put(value, key, child);
  const items = [...(value as readonly RegoValue[])];
  items[indexOf(items.length, key, items.length - 1)] = child;
  return items;
}

function put(object: RegoObject, key: RegoValue, value: RegoValue): RegoObject {
  return new RegoObject([...without(object, key), [key, value]]);
}

function without(object: RegoObject, key: RegoValue): (readonly [RegoValue, RegoValue])[] {
  return object.entries.filter(([k]) => !equals(k, key));
}

function add(document: RegoValue, path: Path, value: RegoValue): RegoValue {
  if (path.length === 0) return value;
  return change(document, path, (parent, key) => {
    if (parent instanceof RegoObject) return put(parent, key, value);
    if (!Array.isArray(parent)) return refuse('an addition to something else than an object or array');
    return (parent as readonly RegoValue[]).toSpliced(indexOf(parent.length, key, parent.length), 0, value);
  });
}

function remove(document: RegoValue, path: Path): RegoValue {
  return change(document, path, (parent, key) => {
    // What is not there can't be removed.
    childOf(parent, key);
    if (parent instanceof RegoObject) return new RegoObject(without(parent, key));
    const items = parent as readonly RegoValue[];
    return items.toSpliced(indexOf(items.length, key, items.length - 1), 1);
  });
}

function applyOne(document: RegoValue, operation: RegoValue): RegoValue {
  if (!(operation instanceof RegoObject)) return refuse('an operation that is no object');
  const path = pathOf(lookUp(operation, 'path'));
  const given = (): RegoValue => lookUp(operation, 'value') ?? refuse('an operation without its value');
  const op = lookUp(operation, 'op');
  switch (op) {
    case 'add':
      return add(document, path, given());
    case 'remove':
      return remove(document, path);
    case 'replace':
      return add(path.length === 0 ? null : remove(document, path), path, given());
    case 'move':
    case 'copy': {
      const from = pathOf(lookUp(operation, 'from'));
      const moved = at(document, from);
      return add(op === 'move' ? remove(document, from) : document, path, moved);
    }
    case 'test':
      return equals(at(document, path), given()) ? document : refuse('a test that does not hold');
    default:
      return refuse(`an operation ${JSON.stringify(op ?? null)}`);
  }
}

/** `json.patch`, on objects and arrays; whatever does not fit fails as a whole. */
export function jsonPatch([document, operations]: readonly RegoValue[]): RegoValue | undefined {
  if (document === undefined || !Array.isArray(operations)) return undefined;
  return (operations as readonly RegoValue[]).reduce(applyOne, document);
}
