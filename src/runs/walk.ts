/** Walks a run through its states, as far as m0 can go without a person. */
import type { Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { Change } from '../ports/store.ts';
import { endRunOfRemovedStack, endWorkOfRemovedStacks } from './removed-stacks.ts';
import type { RunWriter } from './run-writer.ts';
import { createSteps } from './steps.ts';
import type { Waiting } from './work-order.ts';
import type { WorkerParts } from './worker-parts.ts';

/** How a process holds the stack that it works on. */
export interface Hold {
  /** What `takeStack` returned; null in the owner of the database, whose lease is proven by every write. */
  readonly fence: number | null;
  /** Aborts when the process takes no more work, or when the stack was given to another one. */
  readonly signal: AbortSignal;
}

export interface Walker {
  /** Walks a run that waits, unless it has moved meanwhile. Ends it if m0.yaml has its stack no more. */
  walk(waiting: Pick<Waiting, 'id' | 'state'>, hold: Hold): Promise<void>;
  /** After an unexpected error the run fails, see Steps. */
  failAfterError(run: Pick<Waiting, 'id' | 'stack'>, error: unknown, hold: Hold): Promise<void>;
  /** Ends what waits of stacks that m0.yaml has no more. */
  endWorkOfRemovedStacks(): Promise<void>;
  /**
   * Continues what is stored as active and nobody works on any more: a plan is simply made again. Nobody knows what an
   * interrupted apply has changed, so people must decide.
   */
  recover(run: Run, hold: Hold): Promise<void>;
}

export function createWalker(parts: WorkerParts, writer: RunWriter): Walker {
  const { store, directory, clock } = parts;
  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);

  function stepOf(stack: string, { fence }: Hold): RunWriter['step'] {
    if (fence === null) return writer.step;
    const proof: Change = { type: 'unless.taken', stack, fence };
    return (run, make, also = []) => writer.step(run, make, [...also, proof]);
  }

  function stepsOf(stack: string, hold: Hold) {
    return createSteps({
      ...{ ...parts, ...writer, step: stepOf(stack, hold), signal: hold.signal },
      beginPlan: (run) => writer.runningPlans.begin(run, hold.signal),
      // A process that shares the work does not know when another one was asked: it looks for the newest code.
      askedAt: (name) => writer.askedAt(name) ?? (hold.fence === null ? undefined : clock()),
    });
  }

  function removedParts(stack: string, hold: Hold) {
    return { store, directory, clock, step: stepOf(stack, hold), fail: stepsOf(stack, hold).fail };
  }

  return {
    async walk({ id, state }, hold) {
      const run = await store.run(id);
      if (run === undefined || run.state !== state) return;
      const stack = stackOf(run.stack);
      if (stack === undefined) return endRunOfRemovedStack(removedParts(run.stack, hold), run);
      const steps = stepsOf(run.stack, hold);
      let current: Run | null = run;
      // A stored `applying` is finished even while m0 stops: otherwise the next start must treat the apply as unknown.
      while (current && (!hold.signal.aborted || current.state === 'applying')) {
        current = await steps.advance(current, stack);
      }
    },

    failAfterError: ({ id, stack }, error, hold) => stepsOf(stack, hold).failAfterError(id, error),

    async endWorkOfRemovedStacks() {
      // The owner ends it. Each step is a compare-and-set, so a worker that is still busy with it can store nothing after.
      const hold: Hold = { fence: null, signal: new AbortController().signal };
      await endWorkOfRemovedStacks(removedParts('', hold));
    },

    async recover(run, hold) {
      await stepOf(run.stack, hold)(run, run.state === 'applying' ? { type: 'lost' } : { type: 'requeue' });
    },
  };
}
