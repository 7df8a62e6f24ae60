/** Determines which parts of the input a policy can read, so that only those are passed to it. */
import type { Json } from '../drift/finding.ts';
import { isBigNumber } from '../drift/json-value.ts';
import { eachTerm, type ParsedFile, type Part } from './parse.ts';

/** Paths below `input` that a policy reads; null: possibly everything. */
export type InputPaths = readonly (readonly string[])[] | null;

/**
 * Longest distinguished path: `plan.resource_changes` is deep enough, because it separates the large parts of
 * a plan.
 */
const MAX_DEPTH = 2;

/**
 * The paths of `input` that a policy's rules can read. Returns too much rather than too little: a computed
 * key reads everything above it, and `input` as a value reads everything.
 */
export function inputPaths(files: readonly ParsedFile[]): InputPaths {
  const paths = new Map<string, readonly string[]>();
  let references = 0;
  let mentions = 0;
  let all = false;
  const visit = (term: Part): void => {
    if (term.type === 'var' && term.value === 'input') mentions++;
    if (term.type !== 'ref' || !Array.isArray(term.value)) return;
    const [head, ...parts] = term.value as readonly Part[];
    if (head?.type !== 'var' || head.value !== 'input') return;
    references++;
    const computed = parts.findIndex((p) => p.type !== 'string');
    const path = parts
      .slice(0, Math.min(computed === -1 ? parts.length : computed, MAX_DEPTH))
      .map((p) => String(p.value));
    if (path.length === 0) all = true;
    paths.set(JSON.stringify(path), path);
  };
  for (const file of files) {
    for (const { path } of file.imports) eachTerm(path, visit);
    for (const rule of file.rules) eachTerm(rule, visit);
  }
  // If `input` is used in any other way than as the start of a reference, everything counts as read.
  return all || mentions !== references ? null : [...paths.values()];
}

interface Wanted {
  whole: boolean;
  readonly below: Map<string, Wanted>;
}

/** The document with only the given paths, at their places. */
export function projectInput(document: Readonly<Record<string, Json>>, paths: InputPaths): Json {
  if (paths === null) return document;
  const root: Wanted = { whole: false, below: new Map() };
  for (const path of paths) {
    let at = root;
    for (const key of path) {
      const next = at.below.get(key) ?? { whole: false, below: new Map() };
      at.below.set(key, next);
      at = next;
    }
    at.whole = true;
  }
  return project(document, root);
}

function project(value: Json, wanted: Wanted): Json {
  if (wanted.whole || value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  if (isBigNumber(value)) return value;
  const out: Record<string, Json> = {};
  for (const [key, below] of wanted.below) {
    const inner = Object.hasOwn(value, key) ? (value as Readonly<Record<string, Json>>)[key] : undefined;
    if (inner !== undefined)
      Object.defineProperty(out, key, {
        value: project(inner, below),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return out;
}

/** True where a policy that reads these paths can read `input.KEY`. */
export function canRead(paths: InputPaths, key: string): boolean {
  return paths === null || paths.some(([first]) => first === undefined || first === key);
}
