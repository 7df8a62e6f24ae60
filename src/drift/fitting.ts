/** Pairs planned elements that are known in part with the elements of a collection that they stand for. */
import { canonical, equal } from './canonical.ts';
import type { Json } from './finding.ts';
import { field, hasUnknown, isArray, isObject, UNKNOWN } from './json-value.ts';

/** An element with the values by which it may be recognised. */
interface Candidate {
  readonly values: readonly Json[];
  taken: boolean;
}

/**
 * Elements that may be found once each. They are sorted by the parts that a pattern knows, so that thousands of
 * patterns are not compared with thousands of elements.
 */
export class FreeElements {
  readonly #candidates: readonly Candidate[];
  /** Known keys -> text of their values -> the candidates with these values, by index. */
  readonly #byKeys = new Map<string, ReadonlyMap<string, number[]>>();

  /** One entry for each element: the values of it that count. */
  constructor(elements: readonly (readonly Json[])[]) {
    this.#candidates = elements.map((values) => ({ values, taken: false }));
  }

  /** The index of the first free element that fits the pattern, which is then taken; undefined if none does. */
  take(pattern: Json): number | undefined {
    const keys = knownKeys(pattern);
    const found = this.#index(keys).get(textOf(pattern, keys)) ?? [];
    for (let i = 0; i < found.length; ) {
      const at = found[i] ?? 0;
      const candidate = this.#candidates[at];
      if (candidate === undefined || candidate.taken) {
        found.splice(i, 1);
      } else if (candidate.values.some((value) => fits(value, pattern))) {
        candidate.taken = true;
        found.splice(i, 1);
        return at;
      } else {
        i += 1;
      }
    }
    return undefined;
  }

  #index(keys: readonly string[]): ReadonlyMap<string, number[]> {
    const id = JSON.stringify(keys);
    const known = this.#byKeys.get(id);
    if (known !== undefined) return known;
    const index = new Map<string, number[]>();
    for (const [at, { values }] of this.#candidates.entries()) {
      for (const text of new Set(values.map((value) => textOf(value, keys)))) {
        const list = index.get(text);
        if (list === undefined) index.set(text, [at]);
        else list.push(at);
      }
    }
    this.#byKeys.set(id, index);
    return index;
  }
}

/** The keys whose value in the pattern has no unknown part. */
function knownKeys(pattern: Json): readonly string[] {
  if (!isObject(pattern)) return [];
  return Object.keys(pattern)
    .filter((key) => !hasUnknown(pattern[key] ?? null))
    .sort();
}

function textOf(value: Json, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => canonical(field(value, key) ?? null, 'plan')));
}

/** True if `value` equals `pattern` in every part of the pattern that is known. */
function fits(value: Json, pattern: Json): boolean {
  if (pattern === UNKNOWN) return true;
  if (isObject(pattern)) {
    return (
      isObject(value) && Object.keys(pattern).every((k) => fits(field(value, k) ?? null, pattern[k] ?? null))
    );
  }
  if (isArray(pattern) && hasUnknown(pattern)) {
    return isArray(value) && value.length === pattern.length;
  }
  return equal(value, pattern, 'plan');
}
