import type { Json } from '../drift/finding.ts';
import { eachTerm, type ParsedFile, type Part } from './parse.ts';

/** Constant beginnings of what is read of `input`; null: maybe all of it. */
export type InputPaths = readonly (readonly string[])[] | null;

/** How deep paths are told apart: `plan.resource_changes` is where the weight of a plan parts. */
const DEEPEST = 2;

/**
 * What of `input` the rules of a policy can read. Sound rather than tight: a name that is computed reads all
 * that is above it, `input` itself as a value reads everything.
 */
export function inputPaths(files: readonly ParsedFile[]): InputPaths {
  const paths = new Map<string, readonly string[]>();
  let heads = 0;
  let named = 0;
  let all = false;
  const visit = (term: Part): void => {
    if (term.type === 'var' && term.value === 'input') named++;
    if (term.type !== 'ref' || !Array.isArray(term.value)) return;
    const [head, ...parts] = term.value as readonly Part[];
    if (head?.type !== 'var' || head.value !== 'input') return;
    heads++;
    const computed = parts.findIndex((p) => p.type !== 'string');
    const path = parts
      .slice(0, Math.min(computed === -1 ? parts.length : computed, DEEPEST))
      .map((p) => String(p.value));
    if (path.length === 0) all = true;
    paths.set(JSON.stringify(path), path);
  };
  for (const file of files) {
    for (const { path } of file.imports) eachTerm(path, visit);
    for (const rule of file.rules) eachTerm(rule, visit);
  }
  // Every mention must be the head of a reference that was understood.
  return all || named !== heads ? null : [...paths.values()];
}

interface Wanted {
  whole: boolean;
  readonly below: Map<string, Wanted>;
}

/** The document without what no rule can read: what is left stands where it stood. */
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
