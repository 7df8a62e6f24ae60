/** One tool at a time for each stack, and none while the folders of removed stacks are deleted. */
import type { KeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { Stack } from '../model/directory.ts';
import type { StackFolders } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import { asRunnerError } from './breakage.ts';
import type { LeftTools } from './left-tools.ts';
import { removeFolders } from './removed-folders.ts';

export interface StackTurnsParts {
  /** The directory of all stacks' folders. */
  readonly work: string;
  readonly alone: KeyedLock;
  readonly toolProcesses: ToolProcesses | null;
  /** Tools that an earlier m0 started; null: they are not recorded. */
  readonly leftTools: LeftTools | null;
  readonly log: Logger;
}

export interface StackTurns extends StackFolders {
  /** Does `work` once no other tool works on the stack. Rejects with a RunnerError. */
  inTurn<T>(phase: 'plan' | 'apply', stack: Stack, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

const DOING = { plan: 'planning', apply: 'applying' } as const;

/** Creates the turns of the stacks of one runner. */
export function createStackTurns({
  work: dir,
  alone,
  toolProcesses,
  leftTools,
  log,
}: StackTurnsParts): StackTurns {
  /** How many calls each stack has that wait or run. */
  const working = new Map<string, number>();
  let removing: Promise<void> = Promise.resolve();

  async function inTurn<T>(
    phase: 'plan' | 'apply',
    stack: Stack,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const workAlone = async (): Promise<T> => {
      await leftTools?.ended(stack.name, signal);
      return work();
    };
    working.set(stack.name, (working.get(stack.name) ?? 0) + 1);
    try {
      // Not while the folders of removed stacks are deleted: this stack may have come back.
      await removing;
      return await alone(`stack ${stack.name}`, workAlone, signal);
    } catch (error) {
      if (signal.aborted && !(error instanceof RunnerError)) {
        const text = `running ${stack.tool} ${phase}: stopped before it began`;
        throw new RunnerError(phase, text, { stopped: 'aborted', cause: error });
      }
      throw asRunnerError(error, phase, `${DOING[phase]} ${stack.name}`);
    } finally {
      const left = (working.get(stack.name) ?? 1) - 1;
      if (left > 0) working.set(stack.name, left);
      else working.delete(stack.name);
    }
  }

  async function removeUnwatched(watched: readonly string[]): Promise<void> {
    await toolProcesses?.prove();
    const busy = async (): Promise<readonly string[]> => [
      ...working.keys(),
      ...((await toolProcesses?.left()) ?? []).map(({ stack }) => stack),
    ];
    await removeFolders({ work: dir, watched, busy, log });
  }

  return {
    inTurn,
    removeUnwatched(watched) {
      const ended = removing.then(() => removeUnwatched(watched));
      removing = ended.catch(() => {});
      return ended;
    },
  };
}
