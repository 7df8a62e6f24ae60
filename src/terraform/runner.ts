/** The runner port: plans and applies stacks with Terraform and OpenTofu. */
import { constants } from 'node:fs';
import { chown, open, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import { analyzePlan } from '../drift/analyze.ts';
import { ignoredBy, ignoreFindings } from '../drift/ignore.ts';
import { readPlan } from '../drift/read-plan.ts';
import type { Schema } from '../drift/schema.ts';
import { scrub as scrubByValue } from '../drift/secrets.ts';
import { touchedAddresses } from '../drift/touched.ts';
import { GitError } from '../git/git-error.ts';
import type { Mirrors } from '../git/mirrors.ts';
import type { Clock, Stack } from '../model/directory.ts';
import type { CodeVersion, SavedPlan } from '../model/run.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { ApplyResult, CodePort, PlanResult, Runner } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import { asRunnerError, isDamaged } from './breakage.ts';
import { secretValues } from './child-environment.ts';
import { declaredSecrets } from './declared-secrets.ts';
import { keepIgnored } from './keep-ignored.ts';
import { createLeftTools } from './left-tools.ts';
import { createPlanFiles } from './plan-files.ts';
import { isExcluding, scopeFlags, targetFlags, touchesExactly } from './plan-scope.ts';
import { dropBrokenPackage, sharedPluginCache } from './plugin-cache.ts';
import { createProviderSchemas } from './provider-schemas.ts';
import { createScratch } from './scratch.ts';
import { showConfig } from './show-config.ts';
import { createStackTools, type Scrubber, type StackTool, type ToolPaths } from './stack-tool.ts';
import { allowTraversal, createStackUsers } from './stack-user.ts';
import { openWorkTree, type WorkTree } from './work-tree.ts';

export interface RunnerOptions {
  readonly dataDir: string;
  readonly tools: ToolPaths;
  /** m0's environment. Stacks' tools get only what `strangersEnvironment` allows. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** The user of stacks' tools, as in `M0_STACK_USER`; null or left out: m0's own user. */
  readonly stackUser?: string | null;
  /** Where running tools are recorded; null: nowhere, for commands that store nothing. */
  readonly toolProcesses: ToolProcesses | null;
  readonly mirrors: Mirrors;
  /** True: `discard` keeps plan files. */
  readonly keepPlans?: boolean;
  /** Where saved plan files are stored. */
  readonly artifacts: Artifacts;
  readonly log: Logger;
  readonly clock: Clock;
  /** A clock in ms that never goes back; left out: this process's own. */
  readonly steadyClock?: () => number;
  /** Key of the fingerprints, so that nobody can guess a secret's value from its fingerprint. */
  readonly key: string;
  /** Seconds that an apply waits for a state which is locked; 30 where left out. */
  readonly lockPatienceS?: number;
}

type PlanOptions = Parameters<Runner['plan']>[1];

/** A plan in the scratch directory, read. */
type MadePlan = Pick<PlanResult, 'document' | 'analysis'> & {
  readonly bytes: Buffer;
  /** ms since epoch. */
  readonly madeAt: number;
  readonly touches: readonly string[];
};

const MINUTE = 60_000;
const INIT = { limitMs: 10 * MINUTE, graceMs: 30_000 };
const PLAN = { limitMs: 15 * MINUTE, graceMs: 30_000 };
const SHOW = { limitMs: 5 * MINUTE, graceMs: 5_000 };
/** A stopped apply gets a long time to finish what it has begun and to save the state. */
const APPLY = { limitMs: 60 * MINUTE, graceMs: 5 * MINUTE };
const APPLY_LOCK_PATIENCE_S = 30;
const DOING = { plan: 'planning', apply: 'applying' } as const;
/** A plan is applied right after it was made or compared; an older one is refused. */
const APPLY_WITHIN_MS = 5 * MINUTE;
const NO_WORKSPACE_YET = /selected workspace .* does not exist/i;
const ASKS_TO_MIGRATE = /asking for state migration action/i;
const NEEDS_INIT =
  /initialization required|Required plugins are not installed|Inconsistent dependency lock file|Module not installed|checksums recorded in the dependency lock file/i;

/**
 * Runs the Terraform and OpenTofu command lines, with one work tree per stack under `<dataDir>/work` and one
 * tool at a time in it. All errors of `plan`, `apply` and `head` are RunnerErrors. Throws where `stackUser`
 * is not usable.
 */
export function createRunner(options: RunnerOptions): Runner & CodePort {
  const { mirrors, log } = options;
  const alone = createKeyedLock();
  const planFiles = createPlanFiles(options.artifacts);
  const dataDir = resolve(options.dataDir);
  const { toolProcesses } = options;
  const leftTools = toolProcesses === null ? null : createLeftTools(toolProcesses, log);
  const owner = toolProcesses === null ? `process-${process.pid}` : `owner-${toolProcesses.fence}`;
  const scratch = createScratch(dataDir, owner);
  void sweepScratch();
  const wanted = options.stackUser ?? null;
  const users = wanted === null ? null : createStackUsers(wanted, process.getuid?.());
  const stackTool = createStackTools(options);
  const lockPatience = options.lockPatienceS ?? APPLY_LOCK_PATIENCE_S;
  const steady = options.steadyClock ?? (() => performance.now());
  const schemas = createProviderSchemas({
    ...{ dir: join(dataDir, 'schemas'), cliConfig: options.tools.cliConfig, log, steady },
  });
  /** When plans of this process were made, by the steady clock. In memory only. */
  const madeSteady = new Map<string, number>();
  /** Secrets in a stack's last plan, which a later error text may contain. In memory only. */
  const seenSecrets = new Map<string, readonly string[]>();
  /**
   * Secrets that a stack's code declares, because a first plan may fail before it reports any. In memory
   * only.
   */
  const declared = new Map<string, readonly string[]>();

  function scrubberOf(stack: Stack): Scrubber {
    return (text) =>
      scrubByValue(text, [
        ...secretValues(stack),
        ...(declared.get(stack.name) ?? []),
        ...(seenSecrets.get(stack.name) ?? []),
      ]);
  }

  /** Deletes plan files of earlier processes, once none of their tools reads one any more. */
  async function sweepScratch(): Promise<void> {
    try {
      await leftTools?.allEnded(new AbortController().signal);
      await scratch.sweep();
    } catch (error) {
      log.error({ err: error }, 'directories that an earlier m0 left could not be deleted');
    }
  }

  async function head(stack: Stack): Promise<CodeVersion> {
    try {
      return await inGit(() => mirrors.fetch(stack.source.git, stack.source.ref));
    } catch (error) {
      throw asRunnerError(error, 'git', `looking for the newest code of ${stack.name}`);
    }
  }

  async function openStack(
    stack: Stack,
    commit: string,
    asIs: boolean,
  ): Promise<{ tree: WorkTree; tool: StackTool }> {
    // The code was just fetched, which takes long enough to be frozen in the middle of it.
    await toolProcesses?.prove();
    const dir = join(dataDir, 'work');
    const opened = { dir, stack, commit, mirrors, key: options.key, asIs, users };
    const tree = await inGit(async () => {
      if (users !== null) await allowTraversal(dataDir);
      return openWorkTree(opened);
    });
    declared.set(stack.name, await declaredSecrets(tree.cwd, stack));
    const tool = await stackTool(stack, tree, scrubberOf(stack));
    return { tree, tool };
  }

  async function init(tree: WorkTree, tool: StackTool, signal: AbortSignal, force: boolean): Promise<void> {
    await tree.initialise(
      tool.version,
      // One at a time, because the tools do not lock a shared plugin cache.
      () => alone('init', () => runInit(tool, signal), signal),
      { force },
    );
  }

  /**
   * Runs `work` after `init`. Repeats both once, with a fresh `init`, where the tool says that it needs one
   * or that its files from earlier runs are damaged.
   */
  async function initialised<T>(
    tree: WorkTree,
    tool: StackTool,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      await init(tree, tool, signal, false);
      return await work();
    } catch (error) {
      if (!(error instanceof RunnerError) || error.stopped !== null) throw error;
      const damaged = isDamaged(error.message, tree.dataDir);
      const caches = [tree.pluginCacheDir, await sharedPluginCache(options.tools.cliConfig)];
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
      await init(tree, tool, signal, true);
      return work();
    }
  }

  function analysed(
    json: Uint8Array,
    stack: Stack,
    schema: Schema | undefined,
  ): Pick<PlanResult, 'document' | 'analysis'> {
    try {
      const document = readPlan(json, `the plan of ${stack.name}`);
      const ignores = ignoredBy(stack.ignore);
      const known = { key: options.key, secrets: secretValues(stack), ignores };
      const analysis = analyzePlan(document, schema === undefined ? known : { ...known, schema });
      return { document, analysis: ignoreFindings(analysis, stack.ignore) };
    } catch (cause) {
      const text = errorText(cause);
      throw new RunnerError('show', scrubberOf(stack)(`reading the plan: ${text}`), { cause });
    }
  }

  /** Waits until no other tool works on the stack. */
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
    try {
      return await alone(`stack ${stack.name}`, workAlone, signal);
    } catch (error) {
      if (signal.aborted && !(error instanceof RunnerError)) {
        const text = `running ${stack.tool} ${phase}: stopped before it began`;
        throw new RunnerError(phase, text, { stopped: 'aborted', cause: error });
      }
      throw asRunnerError(error, phase, `${DOING[phase]} ${stack.name}`);
    }
  }

  async function plan(stack: Stack, how: PlanOptions): Promise<PlanResult> {
    const { only, except = [], moved = [], signal } = how;
    // Without any -target the tool would plan the whole stack.
    if (only?.length === 0) throw new RunnerError('plan', 'planning: no address was given to plan for');
    const code = await head(stack);
    const { tree, tool } = await openStack(stack, code.commit, false);
    return scratch.within(tree.user, async (dir) => {
      const flags = scopeFlags(tool.version, only, except, moved);
      let made = await planOnce(stack, tree, tool, join(dir, 'plan'), flags, signal);
      if (only !== null && isExcluding(flags) && !touchesExactly(made.touches, only)) {
        // Excluding an address also excludes what depends on it, and the rest may be more than was requested.
        made = await planOnce(stack, tree, tool, join(dir, 'narrow'), targetFlags(only, moved), signal);
      }
      const { bytes, madeAt, touches, document, analysis } = made;
      const artifact = await planFiles.keep(code.commit, bytes);
      madeSteady.set(artifact, steady());
      return { code, plan: { artifact, madeAt, targets: only, touches }, analysis, document };
    });
  }

  /** Makes one plan into `file`, or a file beside it, and reads it. Leaves ignored attributes as they are if it can. */
  async function planOnce(
    stack: Stack,
    tree: WorkTree,
    tool: StackTool,
    file: string,
    flags: readonly string[],
    signal: AbortSignal,
  ): Promise<MadePlan> {
    const into = async (out: string, plan: (run: () => Promise<Buffer>) => Promise<Buffer>) => {
      const args = ['plan', '-input=false', '-lock=false', '-no-color', '-detailed-exitcode', `-out=${out}`];
      args.push(...flags, ...stack.varFiles.map((name) => `-var-file=${name}`));
      // Taken before the refresh: a change made during the refresh may be missing from the plan.
      let madeAt = options.clock();
      await plan(() => {
        madeAt = options.clock();
        return tool.run('plan', args, { ...PLAN, signal, fine: [0, 2] });
      });
      const bytes = await ownBytes(out);
      const json = await show(tree, tool, out, signal);
      const within = <T>(work: (dir: string) => Promise<T>): Promise<T> => scratch.within(tree.user, work);
      const schema = await schemas.of({ ...tree, within }, tool, signal);
      const { document, analysis } = analysed(json, stack, schema);
      seenSecrets.set(stack.name, analysis.secrets);
      return { bytes, madeAt, document, analysis, touches: touchedAddresses(document) };
    };
    const first = await into(file, (run) => initialised(tree, tool, signal, run));
    let plans = 1;
    return keepIgnored(first, {
      ...{ stack: stack.name, tool: stack.tool, tree, ignores: ignoredBy(stack.ignore), log },
      again: () => {
        plans += 1;
        return into(`${file}-${plans}`, (run) => run());
      },
    });
  }

  /** The plan as JSON, without checking the providers again, which the plan has just done. */
  async function show(tree: WorkTree, tool: StackTool, file: string, signal: AbortSignal): Promise<Buffer> {
    const args = ['show', '-json', '-no-color', file];
    const text = await showConfig({ ...tree, cliConfig: options.tools.cliConfig });
    if (text === null) return tool.run('show', args, { ...SHOW, signal });
    const cliConfig = `${file}.tfrc`;
    await writeFile(cliConfig, text, { mode: 0o600, flag: 'wx' });
    if (tree.user !== null) await chown(cliConfig, tree.user.uid, tree.user.gid);
    return tool.run('show', args, { ...SHOW, signal, change: { TF_CLI_CONFIG_FILE: cliConfig } });
  }

  /** Throws for a plan that counts as fresh only because the clock was set back. */
  function refuseOld(saved: SavedPlan): void {
    const age = steady() - (madeSteady.get(saved.artifact) ?? steady());
    if (saved.madeAt <= options.clock() && age <= APPLY_WITHIN_MS) return;
    throw new RunnerError(
      'apply',
      `opening the saved plan: the clock of this machine was set back, and the plan is ${Math.round(age / MINUTE)} minutes old; nothing was applied: plan again`,
    );
  }

  async function apply(stack: Stack, saved: SavedPlan, signal: AbortSignal): Promise<ApplyResult> {
    refuseOld(saved);
    const bytes = await planFiles.open(saved.artifact);
    const { tree, tool } = await openStack(stack, planFiles.commitOf(saved.artifact), true);
    await initialised(tree, tool, signal, async () => {});
    return scratch.within(tree.user, async (dir) => {
      const file = join(dir, 'plan');
      await writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
      if (tree.user !== null) await chown(file, tree.user.uid, tree.user.gid);
      const args = ['apply', '-input=false', '-no-color', `-lock-timeout=${lockPatience}s`, file];
      const out = await tool.run('apply', args, { ...APPLY, signal });
      return { log: scrubberOf(stack)(out.toString('utf8')) };
    });
  }

  return {
    head,
    plan: (stack, how) => inTurn('plan', stack, how.signal, () => plan(stack, how)),
    apply: (stack, saved, signal) => inTurn('apply', stack, signal, () => apply(stack, saved, signal)),
    async discard(saved) {
      madeSteady.delete(saved.artifact);
      if (options.keepPlans !== true) await planFiles.discard(saved.artifact);
    },
    async discardAllBut(held) {
      if (options.keepPlans !== true) await planFiles.discardAllBut(held);
    },
  };
}

/**
 * Runs `init`, which never moves a state. Uses `-reconfigure`, unless the tool would then ask whether to move
 * the state (it does for local states of workspaces in the folder). Runs without the workspace where that
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
      } else if (args.includes('-reconfigure') && ASKS_TO_MIGRATE.test(error.message)) {
        args.pop();
      } else throw error;
    }
  }
}

/**
 * The bytes that the tool has written. Makes the file readable by its owner only, and follows no symbolic
 * link.
 */
async function ownBytes(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.chmod(0o600);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function inGit<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitError) throw new RunnerError('git', error.message, { cause: error });
    throw error;
  }
}
