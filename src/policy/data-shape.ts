/** What a policy's own rules and data files define below `data`. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { ObjectShape, Shape } from './input-shape.ts';
import { type ParsedFile, ruleName } from './parse.ts';
import { replacedData } from './reads.ts';

/** The content of a data file, and its path below `data`. */
export interface DataDocument {
  readonly path: readonly string[];
  /** Undefined: it could not be read here, so it may define anything. */
  readonly value: unknown;
}

/** Larger data counts as unknown, because reading YAML takes long and holds up everything else. */
const MAX_BYTES = 1024 * 1024;

/** Reads data files, as paths below `dir`. opa reports a file that is not valid when it builds the policy. */
export async function readData(dir: string, files: readonly string[]): Promise<readonly DataDocument[]> {
  return Promise.all(
    files.map(async (file) => {
      const path = dirname(file)
        .split(sep)
        .filter((part) => part !== '.');
      if ((await stat(join(dir, file))).size > MAX_BYTES) return { path, value: undefined };
      const text = await readFile(join(dir, file), 'utf8');
      try {
        return { path, value: file.endsWith('.json') ? (JSON.parse(text) as unknown) : parseYaml(text) };
      } catch {
        return { path, value: undefined };
      }
    }),
  );
}

/** Deeper data counts as unknown. */
const MAX_DEPTH = 8;

/** A part of `data`. `isOpen`: it may have any key. */
interface Part {
  isOpen: boolean;
  readonly keys: Map<string, Part>;
}

function at(root: Part, path: readonly string[]): Part {
  let part = root;
  for (const key of path) {
    const next = part.keys.get(key) ?? { isOpen: false, keys: new Map() };
    part.keys.set(key, next);
    part = next;
  }
  return part;
}

function add(part: Part, value: unknown, depth: number): void {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || depth >= MAX_DEPTH) {
    part.isOpen = true;
    return;
  }
  for (const [key, item] of Object.entries(value)) add(at(part, [key]), item, depth + 1);
}

/**
 * The shape of `data`: packages, data files, and what `with data.… as` replaces. The value of a rule is unknown, so
 * it may have any key.
 */
export function dataShape(files: readonly ParsedFile[], documents: readonly DataDocument[]): Shape {
  const root: Part = { isOpen: false, keys: new Map() };
  for (const file of files) {
    at(root, file.package);
    for (const rule of file.rules) at(root, [...file.package, ruleName(rule)]).isOpen = true;
  }
  for (const path of replacedData(files)) at(root, path).isOpen = true;
  for (const { path, value } of documents) add(at(root, path), value, 0);
  return shapeOf(root, 'data');
}

function shapeOf({ isOpen, keys }: Part, name: string): ObjectShape | null {
  if (isOpen) return null;
  const shapes = [...keys].map(([key, part]) => [key, shapeOf(part, `${name}.${key}`)] as const);
  return { type: 'object', name, isData: true, keys: Object.fromEntries(shapes) };
}
