/** From a reference to the expression that it stands for: a local, a variable, an argument of a module, `each`. */
import { posix } from 'node:path';
import { declarations } from './code.ts';
import { placeText, Refusal } from './refusals.ts';
import { type Bound, bind, type Frame, type World } from './scope.ts';
import { attributeOf, blocksOf, type Expr, type Place, type Step } from './syntax.ts';

/** Where a reference leads: an expression of the code, nowhere (the key is not set), or it can't be followed. */
export type Target =
  | { readonly to: 'expression'; readonly bound: Bound }
  | { readonly to: 'nothing' }
  | { readonly to: 'refused'; readonly why: Refusal };

const refused = (why: Refusal): Target => ({ to: 'refused', why });
const found = (bound: Bound): Target => ({ to: 'expression', bound });

type Reference = Extract<Expr, { kind: 'reference' }>;

/** How long a chain of references may be. Longer ones are loops, which Terraform does not allow. */
const MOST_HOPS = 12;

/** Follows a reference to the end, through other references on its way. */
export function follow(bound: Bound, world: World, depth = 0): Target {
  const { expr } = bound;
  if (expr.kind !== 'reference') return found(bound);
  if (depth > MOST_HOPS) return refused(new Refusal('computed', `${referenceText(expr)} refers to itself`));
  const { start, rest } = firstHop(expr, bound, world);
  if (start.to !== 'expression') return start;
  return descend(start.bound, rest, { world, depth: depth + 1, last: 'follow' });
}

interface Walk {
  readonly world: World;
  readonly depth: number;
  /** What to do with a reference at the end of the path. */
  readonly last: 'follow' | 'keep';
}

/** The expression at a path inside an expression. */
function descend(bound: Bound, steps: readonly Step[], walk: Walk): Target {
  const { expr } = bound;
  const { world, depth } = walk;
  const inner = (one: Expr): Bound => ({ ...bound, expr: one });
  if (steps.length === 0 && walk.last === 'keep') return found(bound);
  if (expr.kind === 'wrapped') return descend(inner(expr.inner), steps, walk);
  if (expr.kind === 'reference') {
    const next = follow(bound, world, depth);
    if (next.to !== 'expression' || steps.length === 0) return next;
    return descend(next.bound, steps, { ...walk, depth: depth + 1 });
  }
  const [step, ...rest] = steps;
  if (step === undefined) return found(bound);
  if (depth > MOST_HOPS || step === null) return refused(computed(expr));
  if (expr.kind === 'object') {
    const element = expr.elements.findLast(({ key }) => key === String(step));
    if (element !== undefined) return descend(inner(element.value), rest, walk);
    return expr.elements.every(({ key }) => key !== null) ? { to: 'nothing' } : refused(computed(expr));
  }
  if (expr.kind === 'tuple') {
    const item = expr.items[Number(step)];
    return item === undefined ? { to: 'nothing' } : descend(inner(item), rest, walk);
  }
  if (expr.kind === 'call' && !expr.spread) {
    const { name, args } = expr;
    if (name === 'merge') {
      for (const arg of args.toReversed()) {
        const inside = descend(inner(arg), steps, { ...walk, depth: depth + 1 });
        if (inside.to !== 'nothing') return inside;
      }
      return { to: 'nothing' };
    }
    const [only] = args;
    if ((name === 'tomap' || name === 'tolist') && only !== undefined)
      return descend(inner(only), steps, walk);
  }
  return refused(computed(expr));
}

interface FirstHop {
  readonly start: Target;
  readonly rest: readonly Step[];
}

function firstHop(expr: Reference, bound: Bound, world: World): FirstHop {
  const { frame } = bound;
  const [name, ...rest] = expr.steps;
  if (expr.root === 'local' && typeof name === 'string') return { start: local(name, expr, frame), rest };
  if (expr.root === 'var' && typeof name === 'string')
    return { start: variable(name, expr, frame, world), rest };
  if (expr.root === 'each' && name === 'value') return { start: eachValue(expr, bound, world), rest };
  const iterated = frame.iterators.get(expr.root);
  if (iterated !== undefined && name === 'value') {
    // What the iterator stands for was bound with its own names; who else uses it stays as it was.
    return { start: found(iterated.value), rest };
  }
  const computedBy = expr.root === 'each' || expr.root === 'count' || iterated !== undefined;
  return {
    start: refused(
      new Refusal(
        computedBy ? 'each-key' : 'computed',
        computedBy
          ? `it is set by ${referenceText(expr)} in ${placeText(expr.at)}, which is the key of the instance, so an edit would make another instance of it`
          : `it comes from ${referenceText(expr)} in ${placeText(expr.at)}, so the code has no value of its own for it`,
      ),
    ),
    rest,
  };
}

function local(name: string, expr: Reference, frame: Frame): Target {
  const all = declarations(frame.scope.module, 'locals').flatMap(({ body }) => attributeOf(body, name) ?? []);
  const last = all.at(-1);
  if (last === undefined)
    return refused(
      new Refusal('not-found', `local.${name}, used in ${placeText(expr.at)}, is not in the code`),
    );
  return found(bind(last, { scope: frame.scope, each: null, iterators: new Map() }));
}

function variable(name: string, expr: Reference, frame: Frame, world: World): Target {
  const { scope } = frame;
  const declared = declarations(scope.module, 'variable', name).at(-1);
  const preset = declared && attributeOf(declared.body, 'default');
  const own: Frame = { scope, each: null, iterators: new Map() };
  if (scope.call !== null) {
    const argument = attributeOf(scope.call.block.body, name);
    if (argument !== undefined) return found(bind(argument, scope.call.frame));
  } else {
    const file = fromVarFiles(name, expr.at, own, world);
    if (file !== undefined) return file;
  }
  if (preset !== undefined) return found(bind(preset, own));
  return refused(outside(name, expr.at, 'no file of the repository sets it'));
}

function outside(name: string, at: Place, why: string): Refusal {
  return new Refusal(
    'set-outside',
    `it comes from var.${name} in ${placeText(at)}, which is set outside Git: ${why}`,
  );
}

/** What the stack's files of variables, or its environment, say; undefined if they don't set it. */
function fromVarFiles(name: string, at: Place, frame: Frame, world: World): Target | undefined {
  const inRoot = (path: string): boolean =>
    (posix.dirname(path) === '.' ? '' : posix.dirname(path)) === world.root;
  const automatic = [...world.code.texts.keys()]
    .filter((path) => inRoot(path) && /\.auto\.tfvars(?:\.json)?$/.test(path))
    .sort();
  const usual = ['terraform.tfvars', 'terraform.tfvars.json'].map((one) => posix.join(world.root, one));
  const files = [...usual.filter((path) => world.code.texts.has(path)), ...automatic, ...world.varFiles];
  for (const path of files.toReversed()) {
    if (!world.code.texts.has(path))
      return refused(outside(name, at, `the var file ${path} is not in the repository`));
    const value = attributeOf(world.code.variables(path), name);
    if (value !== undefined) return found(bind(value, frame));
  }
  if (world.setOutside.has(name))
    return refused(outside(name, at, `the stack's environment has TF_VAR_${name}`));
  return undefined;
}

function eachValue(expr: Reference, { frame, own }: Bound, world: World): Target {
  const { each } = frame;
  const forEach = each?.forEach;
  if (each === null || forEach === null || forEach === undefined)
    return refused(
      new Refusal(
        'computed',
        `it comes from ${referenceText(expr)} in ${placeText(expr.at)}, so the code has no value of its own for it`,
      ),
    );
  const entry = descend(forEach, [each.key], { world, depth: 0, last: 'keep' });
  if (entry.to !== 'expression') {
    const what = entry.to === 'refused' ? entry.why.message : 'the key is not there';
    return refused(
      new Refusal(
        'each-key',
        `it is set by ${referenceText(expr)} in ${placeText(expr.at)}, and its entry can't be edited: ${what}`,
      ),
    );
  }
  return found({ ...entry.bound, own: new Set([...own, ...entry.bound.own, each.level]) });
}

/** Why an expression can't be edited: a function or a condition computes it. */
export function computed(expr: Expr): Refusal {
  const what = expr.kind === 'call' ? `${expr.name}(…)` : expr.kind === 'other' ? expr.what : kindText(expr);
  return new Refusal('computed', `it is computed by ${what} in ${placeText(expr.at)}`);
}

function kindText(expr: Expr): string {
  if (expr.kind === 'reference') return referenceText(expr);
  return expr.kind === 'template' || expr.kind === 'heredoc' ? 'a template' : 'an expression';
}

/** `var.sizes["a"].cpu`. */
export function referenceText({ root, steps }: Pick<Reference, 'root' | 'steps'>): string {
  const parts = steps.map((step) => {
    if (step === null) return '[…]';
    if (typeof step === 'number') return `[${step}]`;
    return /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `${root}${parts.join('')}`;
}

/** The place of the block that a reference names: a resource, data source or module. */
export function declarationOf(
  { root, steps }: Pick<Reference, 'root' | 'steps'>,
  frame: Frame,
): Place | undefined {
  const [first, second] = steps;
  const at = (type: string, ...labels: readonly (Step | undefined)[]): Place | undefined =>
    frame.scope.module.files
      .flatMap(({ body }) => blocksOf(body, type, ...labels.map((one) => String(one))))
      .at(0)?.at;
  if (root === 'data') return at('data', first, second);
  return root === 'module' ? at('module', first) : at('resource', root, first);
}
