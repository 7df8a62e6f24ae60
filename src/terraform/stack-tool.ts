/** Runs one stack's terraform or tofu with its own environment. */
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { scrubSecrets } from '../git/address.ts';
import { type ModuleAccess, moduleAdvice, type OpenModules } from '../git/module-access.ts';
import { withoutIdentities } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import { applyMark, planMark, toolMarkVariable } from '../model/tool-mark.ts';
import type { OpenAccess } from '../ports/cloud-access.ts';
import { LeaseLost } from '../ports/owner.ts';
import type { ToolWatch } from '../ports/runner.ts';
import { RunnerError, type RunnerPhase } from '../ports/runner-error.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import { clip } from '../text/words.ts';
import { awsFiles, childEnvironment } from './child-environment.ts';
import { type Identity, lend } from './identities.ts';
import { binaryFor, fits, notInstalled, type ToolPaths, terragruntOf } from './installed-tools.ts';
import { copyReadable, type StackUser } from './stack-user.ts';
import { type TerragruntUse, terragruntArgs, toolErrors } from './terragrunt.ts';
import { condenseErrors } from './tool-errors.ts';
import { failureOf } from './tool-failure.ts';
import { runTool, type ToolCall, type ToolOutcome } from './tool-process.ts';
import type { WorkTree } from './work-tree.ts';

/** Removes secrets from a text that leaves the runner. */
export type Scrubber = (text: string) => string;

/** One stack's terraform or tofu, in its directory and with its environment; run by Terragrunt where the stack says so. */
export interface StackTool {
  /** `terraform 1.11.4`, as the tool reports it. Also where Terragrunt runs it. */
  readonly version: string;
  /**
   * Runs a subcommand and resolves to its stdout (for a log its end). Any exit code that is not in `fine`
   * rejects with a RunnerError `running terraform plan: <the tool's error>`, without secrets.
   */
  run(
    phase: RunnerPhase,
    args: readonly string[],
    options: Pick<ToolCall, 'signal' | 'limitMs' | 'graceMs'> & {
      readonly fine?: readonly number[];
      /** Variables that replace those of the stack's other calls. */
      readonly change?: Readonly<Record<string, string>>;
      /** Set: stdout is read completely, and the tool is stopped where it is larger. */
      readonly answerBytes?: number;
      /** True: `args` are a command of Terragrunt itself, not one of the tool that it runs. */
      readonly ofTerragrunt?: boolean;
      /** Gets stderr, or its end, once the tool has ended and before an error's text is made of it. */
      readonly ended?: (stderr: string) => Promise<void>;
    },
  ): Promise<Buffer>;
}

/** Where the tool runs and as which user; see WorkTree. */
export type ToolPlace = Pick<
  WorkTree,
  'cwd' | 'dataDir' | 'outputDir' | 'homeDir' | 'pluginCacheDir' | 'user'
>;

export interface StackToolOptions {
  readonly tools: ToolPaths;
  /** m0's environment. Tools get only what `strangersEnvironment` allows. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /**
   * Where tools are recorded before they begin, so that a later owner of the database finds them; null:
   * nowhere.
   */
  readonly toolProcesses: ToolProcesses | null;
  /** Key of the marks of applies; left out where nothing is applied for a run. */
  readonly key?: string;
  /** Opens private repositories for the modules that `init` fetches; left out: none. */
  readonly modules?: ModuleAccess | undefined;
}

/** The largest documents that are read, in bytes: as `show -json` and as `providers schema -json` write them. */
const ANSWERS: Partial<Record<RunnerPhase, number>> = { show: 400 * 1024 * 1024, schema: 64 * 1024 * 1024 };

const AWS_VARIABLES = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'] as const;

/** Longest error text. */
const MOST_CHARACTERS = 2_000;

/** Asks each tool for its version once per process, and checks it against the stack's `version`. */
export function createStackTools(options: StackToolOptions) {
  const versions = new Map<string, Promise<string>>();

  return async function stackTool(
    stack: Stack,
    place: ToolPlace,
    scrub: Scrubber,
    identity: Identity = null,
    watch?: ToolWatch,
    /** The run that the tool works for; null: none. */
    run: number | null = null,
  ): Promise<StackTool> {
    const tool = binaryFor(stack, options.tools);
    const isTerragrunt = stack.terragrunt === true;
    const binary = isTerragrunt ? terragruntOf(options.tools) : tool;
    const { user } = place;
    const { cliConfig } = options.tools;
    const readable = user === null ? cliConfig : await copyReadable(cliConfig, dirname(place.homeDir), user);
    const own = { ...stack, env: withoutIdentities(stack, stack.env) };
    // Not for `init`: registries need not learn the names of stacks.
    const marked = (phase: RunnerPhase): Readonly<Record<string, string>> => {
      if (run === null || (phase !== 'plan' && phase !== 'apply')) return {};
      const isApply = phase === 'apply' && options.key !== undefined;
      const mark = isApply ? applyMark(stack.name, run, options.key) : planMark(stack.name, run);
      return toolMarkVariable(own.env, mark);
    };
    const use = isTerragrunt ? { tool, downloadDir: place.dataDir } : null;
    const env = environmentOf(own, place, readable, await awsFilesFor(own, place), use);
    const startOf =
      (file: string): Start =>
      (call, change = {}, access, around = async () => null) =>
        withTemporary(user, async (dir) => {
          const lent = await lend(access, dir, user, options.log);
          let modules: OpenModules | null = null;
          try {
            modules = await around(dir);
            const all = { TMPDIR: dir, ...env, ...lent.env, ...modules?.env, ...change };
            return await runTool({ binary: file, cwd: place.cwd, user, ...call, env: all });
          } finally {
            lent.end();
            await modules?.end();
          }
        });
    const start = startOf(binary);
    const version = await versionOf(tool, startOf(tool));
    if (!fits(version, stack.toolVersion)) throw notInstalled(stack, [version]);

    return {
      version: `${stack.tool} ${version}`,
      async run(phase, args, call) {
        const ofTerragrunt = isTerragrunt && call.ofTerragrunt === true;
        const command = ofTerragrunt ? args.slice(0, 2).join(' ') : phase;
        const doing = `running ${isTerragrunt ? 'terragrunt' : stack.tool} ${command}`;
        const line = isTerragrunt && !ofTerragrunt ? terragruntArgs(args) : args;
        const began = performance.now();
        const bytes = call.answerBytes ?? ANSWERS[phase];
        const output: ToolCall['output'] =
          bytes === undefined ? { as: 'log', dir: place.outputDir, name: phase } : { as: 'answer', bytes };
        const record = recordIn(options, stack, phase, call);
        let outcome: ToolOutcome;
        let limitMs = call.limitMs;
        let modules: OpenModules | null = null;
        const openModules = async (dir: string): Promise<OpenModules | null> => {
          if (fetchesModules(args, ofTerragrunt)) modules = (await options.modules?.(dir, user, env)) ?? null;
          return modules;
        };
        try {
          const access = identity === null ? null : await identity(phase, call);
          limitMs = access?.limitMs ?? limitMs;
          watch?.({ phase, limitMs });
          const limited = { ...call, args: line, output, limitMs, admit: record.begin };
          const change = { ...marked(phase), ...call.change };
          outcome = await start(limited, change, access?.access, openModules);
        } catch (cause) {
          if (cause instanceof LeaseLost)
            throw new RunnerError(phase, `${doing}: ${cause.message}`, { cause });
          if (call.signal.aborted)
            throw new RunnerError(phase, `${doing}: stopped before it began`, { stopped: 'aborted' });
          const text = errorText(cause);
          // The cause says whether the store refused the tool, so that it never began.
          throw new RunnerError(phase, scrub(`${doing}: ${text}${asWhom(text, user)}`), { cause });
        } finally {
          await record.end();
        }
        const ms = Math.round(performance.now() - began);
        options.log.debug({ stack: stack.name, phase, exitCode: outcome.exitCode, ms }, 'tool ended');
        await call.ended?.(outcome.stderr);
        const stderr = isTerragrunt ? toolErrors(outcome.stderr) : outcome.stderr;
        const limited = { ...call, limitMs, isShortened: limitMs < call.limitMs };
        const error = failureOf(phase, { ...outcome, stderr }, limited);
        if (error === null) return outcome.stdout;
        const mayFetch = phase === 'init' || (isTerragrunt && phase === 'plan');
        throw new RunnerError(
          phase,
          clip(
            scrub(`${doing}: ${withAdvice(error.text, mayFetch, modules)}${asWhom(error.text, user)}`),
            MOST_CHARACTERS,
          ),
          error,
        );
      },
    };
  };

  function versionOf(binary: string, start: Start): Promise<string> {
    const known = versions.get(binary);
    if (known !== undefined) return known;
    const asked = askVersion(binary, start);
    versions.set(binary, asked);
    asked.catch(() => versions.delete(binary));
    return asked;
  }

  /** A stack with a user of its own gets copies of these files while it names a profile. */
  async function awsFilesFor(stack: Stack, { user, homeDir }: ToolPlace): Promise<Record<string, string>> {
    const files = awsFiles(options.base, stack.env);
    if (user === null) return files;
    const folder = dirname(homeDir);
    for (const name of AWS_VARIABLES) {
      const copy = name.toLowerCase();
      const file = files[name];
      if (file !== undefined && existsSync(file)) files[name] = await copyReadable(file, folder, user, copy);
      else await rm(join(folder, copy), { force: true });
    }
    return files;
  }

  function environmentOf(
    stack: Stack,
    place: ToolPlace,
    cliConfig: string,
    aws: Readonly<Record<string, string>>,
    terragrunt: TerragruntUse | null,
  ): Record<string, string> {
    try {
      return childEnvironment({
        base: options.base,
        stackEnv: stack.env,
        cliConfig,
        dataDir: place.dataDir,
        homeDir: place.homeDir,
        awsFiles: aws,
        pluginCacheDir: place.pluginCacheDir,
        workspace: stack.workspace,
        terragrunt,
      });
    } catch (cause) {
      throw new RunnerError('init', `preparing the environment: ${errorText(cause)}`);
    }
  }
}

/** Records the tool in the store before it begins, and records its end. */
function recordIn(
  { toolProcesses, log }: StackToolOptions,
  stack: Stack,
  phase: RunnerPhase,
  { limitMs, graceMs }: Pick<ToolCall, 'limitMs' | 'graceMs'>,
): { begin(pid: number): Promise<void>; end(): Promise<void> } {
  let id: number | undefined;
  return {
    async begin(pid) {
      const endsBy = Date.now() + limitMs + graceMs;
      id = await toolProcesses?.begin({ stack: stack.name, phase, pid, endsBy });
    },
    async end() {
      if (id === undefined) return;
      await toolProcesses?.end(id).catch((error: unknown) => {
        // A later owner notices by itself that the process has ended.
        log.warn({ err: error, stack: stack.name, phase }, 'the end of a tool could not be recorded');
      });
    },
  };
}

/**
 * Only `init` fetches modules, and it runs no code of theirs. Terragrunt fetches units when it generates them; it runs the
 * hooks of the stack's own repository in both.
 */
function fetchesModules([first]: readonly string[], ofTerragrunt: boolean): boolean {
  return ofTerragrunt ? first === 'stack' : first === 'init';
}

/** Starts the stack's tool with its settings. */
type Start = (
  call: Omit<ToolCall, 'binary' | 'cwd' | 'env' | 'user'>,
  change?: Readonly<Record<string, string>>,
  access?: OpenAccess,
  around?: (dir: string) => Promise<OpenModules | null>,
) => Promise<ToolOutcome>;

/**
 * Creates a directory for temporary files that no one else can read, for the duration of `work`. Not in the
 * data directory, because providers create sockets there, whose paths must be short.
 */
async function withTemporary<T>(user: StackUser | null, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'm0-'));
  try {
    if (user !== null) await chown(dir, user.uid, user.gid);
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function askVersion(binary: string, start: Start): Promise<string> {
  const outcome = await start({
    args: ['version', '-json'],
    // Not the caller's signal, because all stacks share the answer.
    signal: new AbortController().signal,
    limitMs: 60_000,
    graceMs: 5_000,
    output: { as: 'answer', bytes: 1024 * 1024 },
  });
  const answer = /"terraform_version":\s*"([^"]+)"/.exec(outcome.stdout.toString('utf8'))?.[1];
  if (answer === undefined)
    throw new RunnerError('init', `asking ${binary} for its version: ${condenseErrors(outcome.stderr)}`);
  return answer;
}

/** The error of what may fetch modules, without their secrets, and with why one of them could not be fetched. */
function withAdvice(text: string, mayFetch: boolean, modules: OpenModules | null): string {
  if (!mayFetch) return text;
  const clean = scrubSecrets(text, modules?.secrets ?? []);
  const advice = modules?.failure() ?? moduleAdvice(clean);
  return advice === null ? clean : `${advice}\n${clean}`;
}

/** A hint for a permission error of a stack with another user than m0's. */
function asWhom(text: string, user: StackUser | null): string {
  if (user === null || !/permission denied|EACCES/i.test(text)) return '';
  return `\nThe stack runs as user ${user.uid}: see M0_STACK_USER`;
}
