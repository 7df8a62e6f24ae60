/** Runs `init` where a stack needs one, before its plans and applies. */
import type { KeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { isDamaged } from './breakage.ts';
import { workspaceInCode } from './hcp-workspace.ts';
import { dropBrokenPackage, sharedPluginCache } from './plugin-cache.ts';
import { refuseNewWorkspace } from './remote-plan.ts';
import type { StackTool } from './stack-tool.ts';
import type { Workplace } from './terragrunt-place.ts';

const MINUTE = 60_000;
const INIT = { limitMs: 10 * MINUTE, graceMs: 30_000 };
const NO_WORKSPACE_YET = /selected workspace .* does not exist/i;
const REFUSES_RECONFIGURE = /-reconfigure option is for in-place reconfiguration of state/i;
const ASKS_TO_MIGRATE = /asking for state migration action/i;
const NEEDS_INIT =
  /initialization required|Required plugins are not installed|Inconsistent dependency lock file|Module not installed|checksums recorded in the dependency lock file/i;

/** Runs `work` after the stack's `init`. */
export type Initialised = <T>(
  stack: Stack,
  place: Workplace,
  signal: AbortSignal,
  work: () => Promise<T>,
) => Promise<T>;

export function createInitialised(options: {
  readonly cliConfig: string;
  /** m0's environment. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly alone: KeyedLock;
}): Initialised {
  const { alone, base, cliConfig, log } = options;

  async function init(
    stack: Stack,
    { tree, tool }: Workplace,
    signal: AbortSignal,
    force: boolean,
  ): Promise<void> {
    const firstLook = async (): Promise<void> => {
      const workspace = await workspaceInCode({ cwd: tree.cwd, stack, cliConfig });
      if (workspace !== null) await refuseNewWorkspace(workspace, { base }, signal);
    };
    await tree.initialise(
      tool.version,
      // One at a time, because the tools do not lock a shared plugin cache.
      async () => {
        await firstLook();
        if (tree.pluginCacheDir === null) await alone('init', () => runInit(tool, signal), signal);
        else await runInit(tool, signal);
      },
      { force },
    );
  }

  /**
   * Runs `work` after `init`. Repeats both once, with a fresh `init`, where the tool says that it needs one
   * or that its files from earlier runs are damaged.
   */
  async function initialised<T>(
    stack: Stack,
    place: Workplace,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    const { tree } = place;
    try {
      await init(stack, place, signal, false);
      return await work();
    } catch (error) {
      if (!(error instanceof RunnerError) || error.stopped !== null) throw error;
      const damaged = isDamaged(error.message, tree.dataDir);
      const caches = [tree.pluginCacheDir, await sharedPluginCache(cliConfig)];
      // Not while another stack's `init` writes there.
      const dropped = await alone('init', () => dropBrokenPackage(error.message, caches), signal);
      if (!damaged && !dropped && !NEEDS_INIT.test(error.message)) throw error;
      if (dropped)
        log.warn({ why: error.message }, 'a provider in the plugin cache is broken and is downloaded again');
      if (damaged) {
        log.warn(
          { dir: tree.dataDir, why: error.message },
          'the tool files of a stack are damaged and are made again',
        );
        await tree.reset();
      }
      await init(stack, place, signal, true);
      return work();
    }
  }

  return initialised;
}

/**
 * Runs `init`, which never moves a state. Uses `-reconfigure`, unless the tool would then ask whether to move
 * the state (it does for local states of workspaces in the folder), or has a `cloud` block, which refuses the flag. Runs
 * without the workspace where that
 * does not exist yet.
 */
async function runInit(tool: StackTool, signal: AbortSignal): Promise<void> {
  const args = ['init', '-input=false', '-no-color', '-reconfigure'];
  let change: Readonly<Record<string, string>> = {};
  for (;;) {
    try {
      await tool.run('init', args, { ...INIT, signal, change });
      return;
    } catch (error) {
      if (!(error instanceof RunnerError) || error.stopped !== null) throw error;
      if (change.TF_WORKSPACE === undefined && NO_WORKSPACE_YET.test(error.message)) {
        change = { TF_WORKSPACE: '' };
      } else if (args.includes('-reconfigure') && refusesReconfigure(error.message)) {
        args.pop();
      } else throw error;
    }
  }
}

function refusesReconfigure(error: string): boolean {
  return ASKS_TO_MIGRATE.test(error) || REFUSES_RECONFIGURE.test(error.replaceAll(/\s+/g, ' '));
}
