/** Changes one value of one change of a plan, for tests of what must notice it. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseExact } from '../../src/base/exact-json.ts';
import type { Json } from '../../src/drift/finding.ts';
import { isBigNumber } from '../../src/drift/json-value.ts';

type Step = string | number;

/** A place in a plan's `resource_changes` that holds one value. */
export interface ValuePlace {
  /** Index in `resource_changes`. */
  readonly change: number;
  readonly side: 'before' | 'after';
  readonly path: readonly Step[];
}

interface Entry {
  readonly address: string;
  readonly mode?: string;
  readonly change: { readonly actions: readonly string[]; readonly before: Json; readonly after: Json };
}

/** The files of all real plans in the repository. One input has two plans in one file, which m0 refuses. */
export function realPlans(): string[] {
  const root = join(import.meta.dirname, '..');
  return globSync(['cases/*/plan.json', 'found/*/*.json'], { cwd: root })
    .filter((file) => !file.endsWith('20-two-plans-in-one-file.json'))
    .sort()
    .map((file) => join(root, file));
}

export function entriesOf(plan: Json): readonly Entry[] {
  return ((plan as { resource_changes?: Entry[] }).resource_changes ?? []) as readonly Entry[];
}

/** All values of all changes of the plan that an apply would make. */
export function valuePlaces(plan: Json): ValuePlace[] {
  return entriesOf(plan).flatMap((entry, change) => {
    const { actions } = entry.change;
    if (entry.mode === 'data' || actions.every((action) => action === 'no-op' || action === 'read'))
      return [];
    return (['before', 'after'] as const).flatMap((side) =>
      leafPaths(entry.change[side]).map((path): ValuePlace => ({ change, side, path })),
    );
  });
}

function leafPaths(value: Json, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null || isBigNumber(value))
    return path.length === 0 ? [] : [path];
  const entries: [Step, Json][] = Array.isArray(value)
    ? value.map((item: Json, i): [Step, Json] => [i, item])
    : Object.entries(value);
  return entries.flatMap(([key, child]) => leafPaths(child, [...path, key]));
}

/** A copy of the plan with another value at this place. */
export function withOther(plan: Json, place: ValuePlace): Json {
  // `structuredClone` would keep objects that several parts of the plan share.
  const copy = parseExact(JSON.stringify(plan)) as {
    resource_changes: { address: string; deposed?: string; change: Record<string, unknown> }[];
    resource_drift?: { address: string; deposed?: string; change: Record<string, unknown> }[];
  };
  const entry = copy.resource_changes[place.change];
  if (entry === undefined) throw new Error('no such change');
  changeValue(entry.change[place.side], place.path);
  // What an apply starts from is what the refresh found: a plan says it twice.
  const drift = copy.resource_drift?.find(
    ({ address, deposed }) => address === entry.address && deposed === entry.deposed,
  );
  if (place.side === 'before' && drift?.change.after) changeValue(drift.change.after, place.path);
  return copy as unknown as Json;
}

function changeValue(value: unknown, path: readonly Step[]): void {
  let at = value as Record<Step, unknown>;
  for (const step of path.slice(0, -1)) at = at[step] as Record<Step, unknown>;
  const last = path.at(-1) ?? '';
  at[last] = otherThan(at[last] as Json);
}

/** A value that differs from the given one in meaning, not in spelling alone. */
function otherThan(value: Json): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  // A number that no JavaScript number holds moves in its last digit.
  if (isBigNumber(value)) return parseExact(`${BigInt(String(value)) + 1n}`) as Json;
  if (typeof value === 'string' && /^\s*[[{]/.test(value)) {
    try {
      const document = JSON.parse(value) as Json;
      return JSON.stringify(
        Array.isArray(document) ? [...document, 'changed'] : { ...(document as object), changed: 'yes' },
      );
    } catch {
      return `${value}changed`;
    }
  }
  return `${String(value ?? '')}changed`;
}

export function readJson(file: string): Json {
  return parseExact(readFileSync(file, 'utf8')) as Json;
}
