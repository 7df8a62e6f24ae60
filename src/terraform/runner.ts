/** The runner port: plans and applies stacks with Terraform, OpenTofu and Terragrunt. */

import { chown, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import { scrub as scrubByValue } from '../drift/secrets.ts';
import { GitError } from '../git/git-error.ts';
import type { Mirrors } from '../git/mirrors.ts';
import type { ModuleAccess } from '../git/module-access.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Clock, Stack } from '../model/directory.ts';
import { limitsOf } from '../model/limits.ts';
import type { SavedPlan } from '../model/run.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { CloudAccess } from '../ports/cloud-access.ts';
import type {
  ApplyResult,
  CodePort,
  PlanResult,
  Runner,
  StackFolders,
  ToolWatch,
  WorkspacePort,
} from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import { branchHints } from './branch-hints.ts';
import { asRunnerError } from './breakage.ts';
import { secretValues } from './child-environment.ts';
import { declaredSecrets } from './declared-secrets.ts';
import { createIdentities } from './identities.ts';
import { createInitialised } from './initialise.ts';
import type { ToolPaths } from './installed-tools.ts';
import { createLastPlans } from './last-plans.ts';
import { createLeftTools } from './left-tools.ts';
import { withEnoughFiles } from './outside-inputs.ts';
import { keepsStateHere } from './own-state.ts';
import { resourcePlaces } from './places.ts';
import { createPlanFiles } from './plan-files.ts';
import { isExcluding, scopeFlags, targetFlags, touchesExactly } from './plan-scope.ts';
import { createPlanner, type OpenStack } from './planner.ts';
import { createProviderSchemas } from './provider-schemas.ts';
import { createScratch } from './scratch.ts';
import { createStackTools, type Scrubber, type StackTool, type ToolPlace } from './stack-tool.ts';
import { createStackTurns } from './stack-turns.ts';
import { allowTraversal, createStackUsers } from './stack-user.ts';
import { stateLinks } from './state-links.ts';
import { openUnit, type Unit } from './terragrunt-place.ts';
import { unitBase } from './terragrunt-unit.ts';
import { openWorkTree } from './work-tree.ts';
import { existingWorkspaces } from './workspaces.ts';

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
  /** Opens the identities of stacks that have roles; left out: such a stack is refused. */
  readonly access?: CloudAccess;
  /** Opens private repositories for the modules that `init` fetches; left out: none. */
  readonly modules?: ModuleAccess | undefined;
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
  /** ms that a stopped plan or apply has before it is killed; 30 s and 5 min where left out. */
  readonly graceMs?: number;
}

type PlanOptions = Parameters<Runner['plan']>[1];

interface Opening {
  readonly signal: AbortSignal;
  /** The run that works on the stack; left out: none. */
  readonly run?: number | undefined;
  readonly watch?: ToolWatch | undefined;
}

const MINUTE = 60_000;
/** A stopped apply gets a long time to finish what it has begun and to save the state. */
const APPLY_GRACE_MS = 5 * MINUTE;
const APPLY_LOCK_PATIENCE_S = 30;
/** A plan is applied right after it was made or compared; an older one is refused. */
const APPLY_WITHIN_MS = 5 * MINUTE;
/**
 * Runs the Terraform and OpenTofu command lines, with one work tree per stack under `<dataDir>/work` and one
 * tool at a time in it. All errors of `plan`, `apply` and `head` are RunnerErrors. Throws where `stackUser`
 * is not usable.
 */
export function createRunner(options: RunnerOptions): Runner & CodePort & WorkspacePort & StackFolders {
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
  const work = join(dataDir, 'work');
  const { inTurn, removeUnwatched } = createStackTurns({ work, alone, toolProcesses, leftTools, log });
  const { base, clock, graceMs, key } = options;
  const { cliConfig } = options.tools;
  const initialised = createInitialised({ cliConfig, base, log, alone });
  const lastPlans = createLastPlans(key);
  const { shown } = lastPlans;
  const planOnce = createPlanner({
    ...{ cliConfig, base, log, clock, key, graceMs, scratch, schemas, shown, initialised, scrubberOf },
    lentSecretsOf: (stack) => identities.secretsOf(stack),
    onSecrets: (stack, from, secrets) => (from === 'code' ? declared : seenSecrets).set(stack.name, secrets),
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
  const identities = createIdentities(options.access);

  function scrubberOf(stack: Stack): Scrubber {
    return (text) =>
      scrubByValue(text, [
        ...secretValues(stack),
        ...identities.secretsOf(stack),
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

  /** `within`: as in Mirrors.fetch. */
  async function head(stack: Stack, within = 0): Promise<CodeVersion> {
    try {
      return await inGit(() => mirrors.fetch(stack.source.git, stack.source.ref, within));
    } catch (error) {
      throw asRunnerError(error, 'git', `looking for the newest code of ${stack.name}`);
    }
  }

  async function withInputs(stack: Stack, code: CodeVersion, since: string | null): Promise<CodeVersion> {
    const { source, varFiles, env } = stack;
    const where = { git: source.git, path: source.path, varFiles, environment: env };
    return { ...code, inputs: await inGit(() => mirrors.inputs(code.commit, since, where)) };
  }

  async function openStack(
    stack: Stack,
    commit: string,
    asIs: boolean,
    { signal, run, watch }: Opening,
  ): Promise<OpenStack> {
    // The code was just fetched, which takes long enough to be frozen in the middle of it.
    await toolProcesses?.prove();
    const opened = { dir: work, stack, commit, mirrors, key: options.key, asIs, users };
    const openAt = (checkout: string): Promise<string> => unitBase(checkout, stack.source.path, asIs);
    const tree = await inGit(async () => {
      if (users !== null) await allowTraversal(dataDir);
      return openWorkTree(stack.terragrunt === true ? { ...opened, openAt } : opened);
    });
    declared.set(stack.name, await declaredSecrets(tree.cwd, stack));
    const identity = identities.of(stack, run ?? null);
    const toolAt = (of: Stack, place: ToolPlace): Promise<StackTool> =>
      stackTool(of, place, scrubberOf(stack), identity, watch, run ?? null);
    const tool = await toolAt(stack, tree);
    if (stack.terragrunt !== true) return { tree, tool, unit: null };
    const fetchFirst = options.modules !== undefined;
    const unit = await openUnit({ stack, commit, tree, tool, asIs, fetchFirst, toolAt, signal });
    return { tree: unit.tree, tool: unit.tool, unit };
  }

  function ageOf(askedAt: number | undefined): number {
    return askedAt === undefined ? 0 : clock() - askedAt;
  }

  async function plan(stack: Stack, how: PlanOptions): Promise<PlanResult> {
    const { only, since = null, signal } = how;
    // Without any -target the tool would plan the whole stack.
    if (only?.length === 0) throw new RunnerError('plan', 'planning: no address was given to plan for');
    const code =
      how.code === undefined
        ? await withInputs(stack, await head(stack, ageOf(how.askedAt)), since)
        : await withInputs(stack, how.code, how.code.commit);
    const open = await openStack(stack, code.commit, false, how);
    const openWhole = async (): Promise<OpenStack> => {
      await open.tree.needWhole();
      return openStack(stack, code.commit, false, how);
    };
    return withEnoughFiles({
      ...{ stack, open, openWhole, initialised, signal, log },
      work: (opened) => planIn(stack, code, how, opened),
    });
  }

  async function planIn(
    stack: Stack,
    code: CodeVersion,
    { only, except = [], moved = [], code: given, signal }: PlanOptions,
    open: OpenStack,
  ): Promise<PlanResult> {
    return scratch.within(open.tree.user, async (dir) => {
      const flags = scopeFlags(open.tool.version, only, except, moved);
      let made = await planOnce(stack, open, join(dir, 'plan'), flags, signal);
      if (only !== null && isExcluding(flags) && !touchesExactly(made.touches, only)) {
        // Excluding an address also excludes what depends on it, and the rest may be more than was requested.
        made = await planOnce(stack, open, join(dir, 'narrow'), targetFlags(only, moved), signal);
      }
      const { bytes, madeAt, touches, document, analysis, madeUp } = made;
      const tellOnly = made.tellOnly === null ? {} : { tellOnly: made.tellOnly };
      const artifact = await planFiles.keep(stack.name, code.commit, bytes);
      madeSteady.set(artifact, steady());
      const plan = { artifact, madeAt, targets: only, touches, ...tellOnly };
      const links = await stateLinks(made.tree, stack.workspace, document);
      // A unit's state may be beside its copy, in the checkout.
      const folder = await realpath(dirname(made.tree.homeDir));
      const place = open.unit === null ? made.tree : { ...made.tree, root: folder };
      const stateOnlyHere = (await keepsStateHere(place)) ? { stateOnlyHere: true } : {};
      const schema = made.schema === undefined ? {} : { schema: made.schema };
      const result = { code, plan, analysis, document, ...schema, ...stateOnlyHere };
      if (only === null && given === undefined && open.unit === null && !made.tellOnly) {
        lastPlans.remember(stack, made.shownAs, result);
      }
      if (open.unit === null) {
        const places = await resourcePlaces(analysis.findings, made.tree, stack.tool);
        const about = { stack, commit: code.commit, findings: analysis.findings, places };
        const branches = await branchHints(about, mirrors, log);
        return { ...result, places, links, ...branches };
      }
      // Terragrunt plans a copy of the code, so a link to a line would lead nowhere.
      const folders = await upstreamFolders(stack, open.unit);
      return { ...result, unsure: madeUp, ...(folders === null ? {} : { links: { ...links, folders } }) };
    });
  }

  async function workspaces(stack: Stack, signal: AbortSignal): Promise<readonly string[]> {
    const inDefault = { ...stack, workspace: 'default' };
    return inTurn('plan', inDefault, signal, async () => {
      const { commit } = await head(inDefault);
      const { tree, tool } = await openStack(inDefault, commit, false, { signal });
      return initialised(inDefault, { tree, tool }, signal, () => existingWorkspaces(tool, signal));
    });
  }

  /** Null where they can't be read: then what an earlier plan showed still counts. */
  async function upstreamFolders(stack: Stack, unit: Unit): Promise<readonly string[] | null> {
    try {
      return await unit.upstream();
    } catch (error) {
      // The order of stacks is no reason for a check to fail.
      log.warn({ err: error, stack: stack.name }, 'the dependencies of a unit could not be read');
      return null;
    }
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

  function refuseTellOnly({ tellOnly = null }: SavedPlan): void {
    if (tellOnly === null) return;
    throw new RunnerError('apply', `opening the saved plan: ${tellOnly}; nothing was applied`);
  }

  async function apply(
    stack: Stack,
    saved: SavedPlan,
    signal: AbortSignal,
    watch?: ToolWatch,
    run?: number,
  ): Promise<ApplyResult> {
    refuseOld(saved);
    refuseTellOnly(saved);
    const bytes = await planFiles.open(saved.artifact);
    const commit = planFiles.commitOf(saved.artifact);
    const { tree, tool } = await openStack(stack, commit, true, { signal, run, watch });
    await initialised(stack, { tree, tool }, signal, async () => {});
    return scratch.within(tree.user, async (dir) => {
      const file = join(dir, 'plan');
      await writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
      if (tree.user !== null) await chown(file, tree.user.uid, tree.user.gid);
      const args = ['apply', '-input=false', '-no-color', `-lock-timeout=${lockPatience}s`, file];
      const graceMs = options.graceMs ?? APPLY_GRACE_MS;
      const out = await tool.run('apply', args, { limitMs: limitsOf(stack).applyMs, graceMs, signal });
      return { log: scrubberOf(stack)(out.toString('utf8')) };
    });
  }

  return {
    head: (stack) => head(stack),
    workspaces,
    removeUnwatched,
    plan(stack, how) {
      const place = how.code === undefined ? stack : beside(stack);
      return inTurn('plan', place, how.signal, () => plan(place, how));
    },
    lastPlan: (stack) => lastPlans.last(stack),
    apply: (stack, saved, signal, watch, run) =>
      inTurn('apply', stack, signal, () => apply(stack, saved, signal, watch, run)),
    async discard(saved) {
      madeSteady.delete(saved.artifact);
      if (options.keepPlans !== true) await planFiles.discard(saved.artifact);
    },
    async discardAllBut(held, stack) {
      if (options.keepPlans !== true) await planFiles.discardAllBut(held, stack);
    },
    async discardOfIdle(busyStacks) {
      if (options.keepPlans !== true) await planFiles.discardOfIdle(busyStacks);
    },
  };
}

/** The stack with a work tree of its own for plans of code that is not merged. */
function beside(stack: Stack): Stack {
  return { ...stack, name: `${stack.name} (edited)` };
}

async function inGit<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitError) throw new RunnerError('git', error.message, { cause: error });
    throw error;
  }
}
