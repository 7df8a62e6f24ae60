import { nearest } from '../text/nearest.ts';
import type { Target } from './command.ts';

/** What a target is looked up in. */
interface NamedStack {
  readonly name: string;
  readonly environment: string;
}

/** `stacks` are names, in their order. `choices` are targets that would work in its place; `problem` tells them. */
type TargetResult =
  | { readonly ok: true; readonly stacks: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly choices: readonly string[] };

const CHOICES = 5;

/** True where `*` (any characters) and `?` (one) of the glob cover the whole name. Linear in both. */
function globCovers(glob: string, name: string): boolean {
  let [g, n, star, resume] = [0, 0, -1, 0];
  while (n < name.length) {
    const c = glob.charAt(g);
    if (g < glob.length && c === '*') {
      star = g;
      resume = n;
      g += 1;
    } else if (g < glob.length && (c === '?' || c === name.charAt(n))) {
      g += 1;
      n += 1;
    } else if (star >= 0) {
      g = star + 1;
      resume += 1;
      n = resume;
    } else {
      return false;
    }
  }
  while (glob.charAt(g) === '*') g += 1;
  return g === glob.length;
}

function inOrder(stacks: readonly NamedStack[]): readonly string[] {
  return stacks.map((s) => s.name).sort();
}

function refused(problem: string, choices: readonly string[]): TargetResult {
  const offer = choices.length === 0 ? '' : ` Say one of: ${choices.join(', ')}.`;
  return { ok: false, problem: `${problem}${offer}`, choices };
}

/**
 * The stacks a target means: a stack by its name, else an environment, else a glob over stack names; as typed,
 * or else in any case. `stack:NAME` and `env:NAME` say which. A name that means both is answered with the
 * choices, an unknown one with the nearest names. Stacks come in the order of their names.
 */
export function resolveTarget(target: Target, stacks: readonly NamedStack[]): TargetResult {
  if (stacks.length === 0) return refused('m0.yaml names no stacks.', []);
  const marked = /^(stack|env|environment):(.+)$/i.exec(target);
  const kind = marked === null ? null : marked[1]?.toLowerCase() === 'stack' ? 'stack' : 'environment';
  const name = marked?.[2] ?? target;

  for (const fold of [(s: string) => s, (s: string) => s.toLowerCase()]) {
    const wanted = fold(name);
    const byName = kind === 'environment' ? [] : stacks.filter((s) => fold(s.name) === wanted);
    const byPlace = kind === 'stack' ? [] : stacks.filter((s) => fold(s.environment) === wanted);
    if (byName.length > 1) {
      return refused(
        `${name} is the name of ${byName.length} stacks.`,
        byName.map((s) => s.name),
      );
    }
    const [stack] = byName;
    const same = byPlace.length === 1 && byPlace[0] === stack;
    if (stack !== undefined && byPlace.length > 0 && !same) {
      const environment = byPlace[0]?.environment ?? name;
      return refused(`${name} is a stack and an environment.`, [`stack:${stack.name}`, `env:${environment}`]);
    }
    if (stack !== undefined) return { ok: true, stacks: [stack.name] };
    if (byPlace.length > 0) return { ok: true, stacks: inOrder(byPlace) };
  }

  if (/[*?]/.test(name) && kind !== 'environment') {
    const covered = stacks.filter((s) => globCovers(name.toLowerCase(), s.name.toLowerCase()));
    if (covered.length > 0) return { ok: true, stacks: inOrder(covered) };
    return refused(`No stack is named like ${name}.`, []);
  }
  const names = [...stacks.map((s) => s.name), ...stacks.map((s) => s.environment)];
  const choices = nearest(name, names, CHOICES);
  const known = choices.length > 0 || names.length > CHOICES ? choices : [...new Set(names)].sort();
  return refused(`There is no stack or environment ${name}.`, known);
}
