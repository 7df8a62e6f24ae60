/** Finds the stacks that a target means. */
import { globCovers } from '../text/glob.ts';
import { nearest } from '../text/nearest.ts';
import { asked, bareWord } from './clean.ts';
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
  const exact = resolveExact(target, stacks);
  if (exact.ok) return exact;
  // A question mark is also a glob's, and a comma may separate several targets, so a person chooses.
  const names = target.split(/[,;&+/]/).map((part) => asked(bareWord(part)).word);
  const choices = [...new Set(names)].filter((name) => name !== target && resolveExact(name, stacks).ok);
  return choices.length === 0 ? exact : refused(`There is no stack or environment ${target}.`, choices);
}

/** The target without quotes around it and punctuation behind it, unless a stack or an environment has them. */
export function plainTarget(target: Target, stacks: readonly TargetStack[]): Target {
  const plain = bareWord(target);
  return !resolveExact(target, stacks).ok && resolveExact(plain, stacks).ok ? plain : target;
}

function resolveExact(target: Target, stacks: readonly TargetStack[]): TargetResult {
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
