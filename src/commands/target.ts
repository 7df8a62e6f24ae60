/** Finds the stacks that a target means. */
import { nearest } from '../text/nearest.ts';
import type { Target } from './command.ts';

/** A stack that a target can mean. */
interface TargetStack {
  readonly name: string;
  readonly environment: string;
}

/** `stacks`: names, sorted. `choices`: targets that work instead; `problem` lists them. */
type TargetResult =
  | { readonly ok: true; readonly stacks: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly choices: readonly string[] };

const CHOICES = 5;

/** True if the glob covers the whole name: `*` is any characters, `?` is one. Takes time linear in glob and name. */
function globCovers(glob: string, name: string): boolean {
  let [globIndex, nameIndex, star, resume] = [0, 0, -1, 0];
  while (nameIndex < name.length) {
    const character = glob.charAt(globIndex);
    if (globIndex < glob.length && character === '*') {
      star = globIndex;
      resume = nameIndex;
      globIndex += 1;
    } else if (globIndex < glob.length && (character === '?' || character === name.charAt(nameIndex))) {
      globIndex += 1;
      nameIndex += 1;
    } else if (star >= 0) {
      globIndex = star + 1;
      resume += 1;
      nameIndex = resume;
    } else {
      return false;
    }
  }
  while (glob.charAt(globIndex) === '*') globIndex += 1;
  return globIndex === glob.length;
}

function inOrder(stacks: readonly TargetStack[]): readonly string[] {
  return stacks.map((s) => s.name).sort();
}

function refused(problem: string, choices: readonly string[]): TargetResult {
  const offer = choices.length === 0 ? '' : ` Say one of: ${choices.join(', ')}.`;
  return { ok: false, problem: `${problem}${offer}`, choices };
}

/**
 * The stacks that a target means: a stack with that name, else an environment, else a glob over stack names; first
 * as typed, then in any case. `stack:NAME` and `env:NAME` choose one kind. If a name means both, the result lists
 * the choices; if it is unknown, the most similar names. Stacks are sorted by name.
 */
export function resolveTarget(target: Target, stacks: readonly TargetStack[]): TargetResult {
  if (stacks.length === 0) return refused('m0.yaml names no stacks.', []);
  const marked = /^(stack|env|environment):(.+)$/i.exec(target);
  const kind = marked === null ? null : marked[1]?.toLowerCase() === 'stack' ? 'stack' : 'environment';
  const name = marked?.[2] ?? target;

  for (const fold of [(s: string) => s, (s: string) => s.toLowerCase()]) {
    const wanted = fold(name);
    const byName = kind === 'environment' ? [] : stacks.filter((s) => fold(s.name) === wanted);
    const byEnvironment = kind === 'stack' ? [] : stacks.filter((s) => fold(s.environment) === wanted);
    if (byName.length > 1) {
      return refused(
        `${name} is the name of ${byName.length} stacks.`,
        byName.map((s) => s.name),
      );
    }
    const [stack] = byName;
    const same = byEnvironment.length === 1 && byEnvironment[0] === stack;
    if (stack !== undefined && byEnvironment.length > 0 && !same) {
      const environment = byEnvironment[0]?.environment ?? name;
      return refused(`${name} is a stack and an environment.`, [`stack:${stack.name}`, `env:${environment}`]);
    }
    if (stack !== undefined) return { ok: true, stacks: [stack.name] };
    if (byEnvironment.length > 0) return { ok: true, stacks: inOrder(byEnvironment) };
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
