/** Brings everything that has a list of the stacks to the newest one, when the directory changes while m0 runs. */
import type { Logger } from './base/log.ts';
import type { FoundChange } from './discovery/discoveries.ts';
import type { Stack } from './model/directory.ts';
import type { LiveDirectory } from './model/live-directory.ts';
import type { StackFolders } from './ports/runner.ts';
import type { Worker } from './runs/worker-parts.ts';
import { jitterOf } from './schedule/jitter.ts';
import type { PushWatch } from './schedule/push.ts';
import type { Schedule } from './schedule/schedule.ts';

export interface FollowParts {
  readonly live: LiveDirectory;
  readonly worker: Pick<Worker, 'followDirectory'>;
  readonly pushes: Pick<PushWatch, 'follow'>;
  readonly schedule: Pick<Schedule, 'follow'>;
  /** Queues the first check of a new stack. */
  readonly check: (stack: Stack) => Promise<unknown>;
  /** Called when what people see may have changed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

export interface FollowStacks {
  /** Call after the directory was replaced. Never rejects: what fails is tried again by `retry`. */
  changed(change: FoundChange): Promise<void>;
  /** Does what is left of an earlier change. Never rejects. */
  retry(): Promise<void>;
}

/**
 * Whoever reads `live.directory` at each use needs nothing of this. Here are the others: those that keep timers for
 * stacks, and the work of stacks that are gone. Also for a directory that changes for another reason, as a new m0.yaml.
 */
export function followStacks(parts: FollowParts): FollowStacks {
  const { live, log } = parts;
  const unchecked = new Map<string, Stack>();
  let left = false;

  async function follow(): Promise<void> {
    try {
      left = true;
      const { stacks } = live.directory;
      parts.pushes.follow(stacks);
      await parts.schedule.follow(stacks);
      await parts.worker.followDirectory();
      for (const [name, stack] of unchecked) {
        if (stacks.includes(stack)) await parts.check(stack);
        unchecked.delete(name);
      }
      left = false;
      parts.onChange();
    } catch (error) {
      log.error({ err: error }, 'a change of the stacks could not be followed; it is tried again');
    }
  }

  return {
    async changed({ found }) {
      for (const stack of found) unchecked.set(stack.name, stack);
      await follow();
    },
    async retry() {
      if (left) await follow();
    },
  };
}

/** Like `jitterOf`, for the stacks that there are now. */
export function liveJitterOf(live: LiveDirectory): (stack: string) => number {
  let jitter = jitterOf(live.directory.stacks);
  live.subscribe(({ stacks }) => {
    jitter = jitterOf(stacks);
  });
  return (stack) => jitter(stack);
}

/**
 * Deletes the folders of stacks that are not watched any more, now and after each change of the directory. Returns a
 * function that ends this. Never rejects: an error is logged.
 */
export function removeUnwatchedFolders(live: LiveDirectory, runner: StackFolders, log: Logger): () => void {
  const remove = (): void => {
    runner
      .removeUnwatched(live.current().stacks.map(({ name }) => name))
      .catch((error: unknown) => log.error({ err: error }, 'folders of removed stacks could not be deleted'));
  };
  const unsubscribe = live.subscribe(remove);
  remove();
  return unsubscribe;
}
