/** A runner that knows what its tools are doing now. In memory only: a tool ends with the process that started it. */
import type { Clock } from '../model/directory.ts';
import type { Working, WorkingNow } from '../model/working.ts';
import type { CodePort, Runner, ToolWatch } from '../ports/runner.ts';
import type { RunnerPhase } from '../ports/runner-error.ts';

const DOING: Readonly<Record<RunnerPhase, string>> = {
  git: 'fetching the code',
  init: 'preparing',
  plan: 'planning',
  schema: 'reading the plan',
  show: 'reading the plan',
  apply: 'applying',
};

/**
 * The same runner, and what it is doing for a stack. A stack has one tool at a time. Calls `onChange` when that changes.
 */
export function watchedRunner(
  runner: Runner & CodePort,
  clock: Clock,
  onChange: (stack: string, working: Working | null) => void = () => {},
): { readonly runner: Runner & CodePort; readonly working: WorkingNow } {
  const now = new Map<string, Working>();

  /** Runs `work` with a watch. While `work` waits for its turn, another work of the same stack may still be told. */
  async function watched<T>(stack: string, work: (watch: ToolWatch) => Promise<T>): Promise<T> {
    let told: Working | undefined;
    try {
      return await work(({ phase, limitMs }) => {
        const doing = DOING[phase];
        // Several calls of the same kind one after the other, as `show` and `schema`, each have their own limit.
        told = { doing, since: clock(), limitMs };
        now.set(stack, told);
        onChange(stack, told);
      });
    } finally {
      if (told !== undefined && now.get(stack) === told) {
        now.delete(stack);
        onChange(stack, null);
      }
    }
  }

  return {
    runner: {
      head: (stack) => runner.head(stack),
      plan: (stack, options) => watched(stack.name, (watch) => runner.plan(stack, { ...options, watch })),
      apply: (stack, plan, signal, _watch, run) =>
        watched(stack.name, (watch) => runner.apply(stack, plan, signal, watch, run)),
      discard: (plan) => runner.discard(plan),
      discardAllBut: (artifacts, stack) => runner.discardAllBut(artifacts, stack),
      discardOfIdle: (busyStacks) => runner.discardOfIdle(busyStacks),
    },
    working: (stack) => now.get(stack) ?? null,
  };
}
