/** A pause: nothing is applied to the stacks of its target, by policies or by people, until somebody resumes them. */
import { globCovers } from '../text/glob.ts';
import type { Actor } from './run.ts';

/** A stack as far as a pause needs it. */
export interface PausableStack {
  readonly name: string;
  readonly environment: string;
}

export interface Pause {
  readonly id: number;
  /** As it was typed: a stack, an environment or a glob. It is compared with each stack whenever it is used. */
  readonly target: string;
  readonly by: Actor;
  /** ms since epoch. */
  readonly at: number;
  readonly reason: string;
  /** Who resumed it, and when; null while it holds. */
  readonly endedBy: Actor | null;
  readonly endedAt: number | null;
}

/** A pause that has no id and no end yet. */
export type NewPause = Omit<Pause, 'id' | 'endedBy' | 'endedAt'>;

const KIND = /^(stack|env|environment):(.+)$/i;

function kindAndName(target: string): { readonly kind: 'stack' | 'env' | null; readonly name: string } {
  const marked = KIND.exec(target);
  if (marked === null) return { kind: null, name: target.toLowerCase() };
  const kind = marked[1]?.toLowerCase() === 'stack' ? 'stack' : 'env';
  return { kind, name: (marked[2] ?? '').toLowerCase() };
}

/**
 * True if the target means this stack. It asks only about this one stack, so that no other stack of m0.yaml can end
 * a pause: a name that becomes a stack and an environment later pauses both.
 */
export function pauseCovers(target: string, stack: PausableStack): boolean {
  const { kind, name } = kindAndName(target);
  const [stackName, environment] = [stack.name.toLowerCase(), stack.environment.toLowerCase()];
  if (kind !== 'stack' && environment === name) return true;
  if (kind === 'env') return false;
  return stackName === name || (/[*?]/.test(name) && globCovers(name, stackName));
}

/** The pauses that hold and cover the stack, oldest first. */
export function pausesOf(pauses: readonly Pause[], stack: PausableStack): readonly Pause[] {
  return pauses.filter((pause) => pause.endedAt === null && pauseCovers(pause.target, stack));
}

/** True if both targets are written the same, but for case and for how a kind is spelled (`env:` or `environment:`). */
export function isSamePauseTarget(a: string, b: string): boolean {
  const [x, y] = [kindAndName(a), kindAndName(b)];
  return x.kind === y.kind && x.name === y.name;
}
