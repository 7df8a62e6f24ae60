/** The value of an expression, as far as the code and the plan tell it. */

import { equal } from '../../drift/canonical.ts';
import type { Json } from '../../drift/finding.ts';
import { field, hasUnknown, isArray, isObject } from '../../drift/json-value.ts';
import { follow, referenceText } from './hop.ts';
import type { Bound, World } from './scope.ts';
import type { Expr, Step } from './syntax.ts';

/** The value; undefined if it is not known. */
export function evaluate(bound: Bound, world: World, depth = 0): Json | undefined {
  const { expr } = bound;
  const inner = (one: Expr): Json | undefined => evaluate({ ...bound, expr: one }, world, depth + 1);
  if (depth > 60) return undefined;
  switch (expr.kind) {
    case 'literal':
      return expr.value;
    case 'wrapped':
      return inner(expr.inner);
    case 'object': {
      const entries = expr.elements.map(({ key, keyExpr, value }) => {
        const computed = key === null && keyExpr !== null ? inner(keyExpr) : undefined;
        return [key ?? (computed === undefined ? undefined : String(computed)), inner(value)] as const;
      });
      const known = entries.filter(
        (one): one is [string, Json] => one[0] !== undefined && one[1] !== undefined,
      );
      return known.length === entries.length ? Object.fromEntries(known) : undefined;
    }
    case 'tuple':
      return allKnown(expr.items.map(inner));
    case 'call':
      return expr.spread ? undefined : called(expr.name, expr.args.map(inner));
    case 'reference':
      return referenced(bound, world, depth);
    case 'template':
      return joined(expr.parts.map((part) => (typeof part === 'string' ? part : inner(part))));
    case 'heredoc': {
      const text = joined(expr.parts.map((part) => (typeof part === 'string' ? part : inner(part))));
      // The indent is that of the code, not of what templates give.
      if (text === undefined || !expr.indented) return text;
      return expr.templates.length === 0 ? withoutIndent(text) : undefined;
    }
    case 'other':
      return undefined;
  }
}

function allKnown(values: readonly (Json | undefined)[]): readonly Json[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
}

function joined(parts: readonly (Json | undefined)[]): string | undefined {
  const known = allKnown(parts);
  const scalar = known?.every(
    (part) => typeof part !== 'object' || (part !== null && !isObject(part) && !isArray(part)),
  );
  return known !== undefined && scalar ? known.map(String).join('') : undefined;
}

/** The content of `<<-`: without the indent that all lines share. */
export function withoutIndent(text: string): string {
  const lines = text.split('\n');
  const indents = lines
    .filter((line, i) => i < lines.length - 1 && line.trim() !== '')
    .map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const shared = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line) => line.slice(Math.min(shared, /^[ \t]*/.exec(line)?.[0].length ?? 0))).join('\n');
}

function called(name: string, given: readonly (Json | undefined)[]): Json | undefined {
  const args = allKnown(given);
  const [first] = args ?? [];
  if (args === undefined || first === undefined) return undefined;
  switch (name) {
    case 'merge':
      return args.every((one) => isObject(one) || one === null)
        ? Object.assign({}, ...args.filter((one) => isObject(one)))
        : undefined;
    case 'concat':
      return args.every(isArray) ? args.flat() : undefined;
    case 'tolist':
    case 'tomap':
    case 'toset':
    case 'tonumber':
      return first;
    case 'tostring':
      return first === null || typeof first === 'string' ? first : String(first);
    case 'jsonencode':
      return JSON.stringify(first);
    case 'trimspace':
      return typeof first === 'string' ? first.trim() : undefined;
    case 'chomp':
      return typeof first === 'string' ? first.replace(/[\r\n]+$/, '') : undefined;
    default:
      return undefined;
  }
}

function referenced(bound: Bound, world: World, depth: number): Json | undefined {
  const { expr, frame } = bound;
  if (expr.kind !== 'reference') return undefined;
  const { root, steps } = expr;
  if (root === 'each' && steps.length === 1 && steps[0] === 'key') return frame.each?.key;
  if (root === 'count' && steps[0] === 'index') return frame.each?.key;
  const iterated = frame.iterators.get(root);
  if (iterated !== undefined && steps[0] === 'key') return iterated.key;
  const target = follow(bound, world);
  if (target.to === 'nothing') return undefined;
  if (target.to === 'expression') return evaluate(target.bound, world, depth + 1);
  if (root === 'each' && steps[0] === 'value' && steps.length === 1) return setMember(bound, world, depth);
  if (root === 'var' && frame.scope.call === null && typeof steps[0] === 'string')
    return valueAt(world.plan.variable(steps[0]), steps.slice(1));
  return ofObject(root, steps, frame.scope.address, world);
}

/** In a set of texts, the value of an instance is its key. */
function setMember({ frame }: Bound, world: World, depth: number): Json | undefined {
  const { each } = frame;
  if (each?.forEach === null || each === null) return undefined;
  const all = evaluate(each.forEach, world, depth + 1);
  return isArray(all) && all.includes(each.key) ? each.key : undefined;
}

/** What a resource or a data source of the same module has. */
function ofObject(root: string, steps: readonly Step[], module: string, world: World): Json | undefined {
  const length = root === 'data' ? 2 : 1;
  let path = steps.slice(length);
  let address = referenceText({ root, steps: steps.slice(0, length) });
  const [key] = path;
  if (module !== '') address = `${module}.${address}`;
  const indexed =
    typeof key === 'number' || typeof key === 'string' ? `${address}[${JSON.stringify(key)}]` : undefined;
  const keyed = indexed === undefined ? undefined : world.plan.object(indexed);
  if (keyed !== undefined) path = path.slice(1);
  const value = valueAt(keyed ?? world.plan.object(address), path);
  return value === undefined || hasUnknown(value) ? undefined : value;
}

/** The value at a path; undefined if there is none. */
export function valueAt(value: Json | undefined, steps: readonly Step[]): Json | undefined {
  return steps.reduce<Json | undefined>((one, step) => {
    if (isArray(one)) return one[Number(step)];
    return step === null ? undefined : field(one, String(step));
  }, value);
}

/** True if a provider takes both for the same: `80` is `"80"`, and the order of elements does not count. */
export function alike(a: Json | undefined, b: Json | undefined): boolean {
  return equal(asTexts(a ?? null), asTexts(b ?? null), 'keys');
}

function asTexts(value: Json): Json {
  if (isArray(value)) return value.map(asTexts);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, asTexts(child)]));
  return value === null || typeof value === 'string' ? value : String(value);
}
