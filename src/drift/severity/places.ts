/** Rebuilds the values of a resource, as far as a finding lists them. */
import type { Segment } from '../attribute-path.ts';
import type { Finding, Json, ShownValue } from '../finding.ts';
import { isArray, isObject, type JsonObject } from '../json-value.ts';

/** What a finding lists of the three places, as objects. Values that did not change are missing. */
export interface Places {
  readonly recorded: JsonObject;
  readonly actual: JsonObject;
  readonly desired: JsonObject;
}

const STEP = /\[\*\]|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\.?([^.[\]]+)/y;

/** Reads a path as `formatPath` writes it. What is no path becomes one key. */
export function parsePath(path: string): readonly Segment[] {
  const segments: Segment[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const step = STEP.exec(path);
    if (step === null) return [path];
    const [text, index, quoted, key] = step;
    if (text === '[*]') segments.push(null);
    else if (index !== undefined) segments.push(Number(index));
    else segments.push(quoted === undefined ? (key ?? text) : keyIn(quoted));
  }
  return segments;
}

function keyIn(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

type Branch = Map<string, Branch | Json>;

/** Collects values by path. Elements without an index keep their order. */
class Tree {
  readonly #root: Branch = new Map();
  #elements = 0;

  put(segments: readonly Segment[], value: ShownValue): void {
    // A value that is missing in one place is no key there.
    if (value === null) return;
    let branch = this.#root;
    segments.forEach((segment, i) => {
      const key =
        segment === null ? `[${this.#next()}` : typeof segment === 'number' ? `[${segment}` : segment;
      if (i === segments.length - 1) {
        branch.set(key, value as Json);
        return;
      }
      const next = branch.get(key);
      const inner: Branch = next instanceof Map ? next : new Map();
      branch.set(key, inner);
      branch = inner;
    });
  }

  #next(): string {
    this.#elements += 1;
    return `*${this.#elements}`;
  }

  values(): JsonObject {
    const values = toJson(this.#root);
    return isObject(values) ? values : {};
  }
}

function toJson(node: Branch | Json): Json {
  if (!(node instanceof Map)) return node;
  const entries = [...node].map(([key, value]) => [key, toJson(value)] as const);
  if (entries.length > 0 && entries.every(([key]) => key.startsWith('[')))
    return entries.map(([, value]) => value);
  return Object.fromEntries(entries);
}

/** The values that the finding's attributes list. */
export function placesOf(finding: Finding): Places {
  const trees = { recorded: new Tree(), actual: new Tree(), desired: new Tree() };
  for (const attribute of finding.attributes) {
    const segments = parsePath(attribute.path);
    for (const place of ['recorded', 'actual', 'desired'] as const)
      trees[place].put(segments, attribute[place]);
  }
  return {
    recorded: trees.recorded.values(),
    actual: trees.actual.values(),
    desired: trees.desired.values(),
  };
}

/** The finding's `contents` as an object. */
export function contentsOf(finding: Finding): JsonObject {
  const tree = new Tree();
  for (const { path, value } of finding.contents ?? []) tree.put(parsePath(path), value);
  return tree.values();
}

/** The text of a key; undefined if it is no text or empty. */
export function textIn(values: Json | undefined, key: string): string | undefined {
  const value = isObject(values) && Object.hasOwn(values, key) ? values[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** All texts of a key whose value is a text or a list of texts. */
export function textsIn(values: Json | undefined, key: string): readonly string[] {
  const value = isObject(values) && Object.hasOwn(values, key) ? values[key] : undefined;
  const items = isArray(value) ? value : [value];
  return items.flatMap((item) => (typeof item === 'string' && item !== '' ? [item] : []));
}
