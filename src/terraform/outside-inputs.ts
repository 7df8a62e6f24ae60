/** Recognises stacks that need more of their repository than the inputs that their own code tells of. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { readsCallersFiles } from '../git/unbounded-paths.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { isInside } from './ignored-places.ts';
import type { Initialised } from './initialise.ts';
import { moduleCalls } from './keep-ignored.ts';
import type { OpenStack } from './planner.ts';
import type { WorkTree } from './work-tree.ts';

const CODE = /\.(tf|tofu)(\.json)?$/;
/** How the tools, their providers and programs say that a file is not there. */
const MISSING =
  /no such file|no file exists|cannot find the (file|path)|(file|directory|path|module) (does not exist|not found)|unreadable module|doesn't exist/i;

/**
 * Does the work in the stack's tree. If that has only the inputs of the stack and may lack a file, does it in the whole
 * repository: where a module from elsewhere, which only `init` fetches, may read files of the repository, or where the
 * tool misses one.
 */
export async function withEnoughFiles<T>(parts: {
  readonly stack: Stack;
  readonly open: OpenStack;
  /** Opens the stack again, with the whole repository. */
  readonly openWhole: () => Promise<OpenStack>;
  readonly initialised: Initialised;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly work: (open: OpenStack) => Promise<T>;
}): Promise<T> {
  const { stack, open, openWhole, initialised, signal, log, work } = parts;
  if (!open.tree.onlyInputs) return work(open);
  try {
    const mayLack = await initialised(stack, open, signal, () => readsFromElsewhere(open.tree));
    if (!mayLack) return await work(open);
  } catch (error) {
    if (!(error instanceof RunnerError) || !missesFile(error)) throw error;
    log.info(
      { stack: stack.name, why: error.message },
      'a stack misses a file: it gets the whole repository',
    );
  }
  return work(await openWhole());
}

/** True if the tool's error may be about a file that is missing. */
function missesFile({ message, stopped }: RunnerError): boolean {
  return stopped === null && MISSING.test(message);
}

/**
 * True if a module that the last `init` fetched from elsewhere may read files of the repository that calls it; true as
 * well where a module can't be read.
 */
async function readsFromElsewhere(tree: Pick<WorkTree, 'cwd' | 'dataDir' | 'root'>): Promise<boolean> {
  const calls = await moduleCalls(tree);
  if (calls.length === 0) return existsSync(join(tree.dataDir, 'modules', 'modules.json'));
  const dirs = new Set(calls.map(({ dir }) => dir).filter((dir) => !isInside(dir, tree.root)));
  for (const dir of dirs) {
    try {
      for (const name of (await readdir(dir)).filter((one) => CODE.test(one)))
        if (readsCallersFiles(await readFile(join(dir, name), 'utf8'))) return true;
    } catch {
      return true;
    }
  }
  return false;
}
